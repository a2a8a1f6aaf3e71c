import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import type { Cheque } from '../core/settlement/cheque.ts';
import { recoverChequeIssuer, signCheque, verifyCheque } from './cheque-signing.ts';
import { CHEQUE_TYPE_HASH, chequeDigest, chequeDomain } from './eip712.ts';
import { createSigner } from './signer.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const KEY = Uint8Array.from(Buffer.from('634fb5a872396d9693e5c9f9d7233cfa93f395c093371017ff44aa9ae6564cdd', 'hex'));
/** Published with Bee's tests. */
const SWARM: Cheque = {
  chequebook: '0xfa02d396842e6e1d319e8e3d4d870338f791aa25',
  beneficiary: '0x98e6c644afeb94bbfb9ff60eb26fc9d83bbeca79',
  cumulativeWei: 500n,
};

const TYPES = {
  Cheque: [
    { name: 'chequebook', type: 'address' },
    { name: 'beneficiary', type: 'address' },
    { name: 'cumulativePayout', type: 'uint256' },
  ],
} as const;

test('domains and type hash are Swarm’s', () => {
  assert.equal(hex(CHEQUE_TYPE_HASH), '48ebe6deff4a5ee645c01506a026031e2a945d6f41f1f4e5098ad65347492c12');
  const domains = {
    1: '6e9de3ff7db6cde9c21658f483281ba4eefb92aa1995df47741061001c21f224',
    100: '96c88d906ec4db44d18a417ad0c738e5d1176fa13c70907f494fdb4d42ec4203',
    11155111: '608078badb2c312912c91cd1c79ae01863d1971552068c35383b644cd02b19e4',
  };
  for (const [chainId, domain] of Object.entries(domains)) assert.equal(hex(chequeDomain(Number(chainId))), domain);
});

test('digest and signature are those of Swarm’s published vector', () => {
  assert.equal(hex(chequeDigest(1, SWARM)), '69e9ee0a6b81c55324f9ba67f2307cd7ccc86a924ea857eca1818a2392bddf55');
  assert.equal(
    hex(signCheque(createSigner(KEY), 1, SWARM).signature),
    '171b63fc598ae2c7987f4a756959dadddd84ccd2071e7b5c3aa3437357be47286125edc370c344a163ba7f4183dfd3611996274a13e4b3496610fc00c0e2fc421c',
  );
});

const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => `0x${hex(bytes)}` as const);

test('the packing agrees with viem for any cheque', async () => {
  const { hashTypedData } = await import('viem');
  fc.assert(
    fc.property(
      address,
      address,
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (chequebook, beneficiary, cumulativeWei, chainId) => {
        const expected = hashTypedData({
          domain: { name: 'Chequebook', version: '1.0', chainId },
          types: TYPES,
          primaryType: 'Cheque',
          message: { chequebook, beneficiary, cumulativePayout: cumulativeWei },
        });
        assert.equal(`0x${hex(chequeDigest(chainId, { chequebook, beneficiary, cumulativeWei }))}`, expected);
      },
    ),
    { numRuns: 100 },
  );
});

test('a signed cheque is its issuer’s, by id and by key, and nobody else’s', () => {
  const issuer = createSigner(KEY);
  const other = createSigner(new Uint8Array(32).fill(9));
  const cheque = signCheque(issuer, 1, SWARM);
  assert.equal(recoverChequeIssuer(1, cheque), issuer.id);
  assert.ok(verifyCheque(1, cheque, issuer.id));
  assert.ok(verifyCheque(1, cheque, issuer.publicKey));
  assert.ok(!verifyCheque(1, cheque, other.id));
  assert.ok(!verifyCheque(1, cheque, other.publicKey));
  for (const forged of [
    { ...cheque, cumulativeWei: 501n },
    { ...cheque, beneficiary: cheque.chequebook },
    { ...cheque, chequebook: cheque.beneficiary },
  ]) {
    assert.ok(!verifyCheque(1, forged, issuer.id));
    assert.ok(!verifyCheque(1, forged, issuer.publicKey));
  }
  assert.ok(!verifyCheque(2, cheque, issuer.id), 'another chain');
  const flipped = Uint8Array.from(cheque.signature);
  flipped[64] = flipped[64] === 27 ? 28 : 27;
  assert.ok(!verifyCheque(1, { ...cheque, signature: flipped }, issuer.publicKey), 'a wrong v would not cash');
});

test('fields out of range are refused', () => {
  const cases: [Partial<Cheque>, number, string][] = [
    [{ chequebook: '0x12' }, 1, 'NODE_ID_INVALID'],
    [{ beneficiary: SWARM.beneficiary.toUpperCase() }, 1, 'NODE_ID_INVALID'],
    [{ cumulativeWei: -1n }, 1, 'AMOUNT_INVALID'],
    [{ cumulativeWei: 2n ** 256n }, 1, 'AMOUNT_INVALID'],
    [{}, 0, 'AMOUNT_INVALID'],
    [{}, 1.5, 'AMOUNT_INVALID'],
  ];
  for (const [change, chainId, code] of cases) {
    assert.throws(
      () => chequeDigest(chainId, { ...SWARM, ...change }),
      (error) => codeOf(error) === code,
    );
  }
});
