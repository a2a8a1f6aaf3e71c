import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import {
  closeDigest,
  orderParties,
  recoverAgreementSigner,
  signClose,
  signWithdrawal,
  withdrawalDigest,
} from './channel-signing.ts';
import { compactSignature } from './compact-signature.ts';
import { createSigner } from './signer.ts';

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const;
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(hex);
const amount = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const chain = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const time = fc.nat(Number.MAX_SAFE_INTEGER);
const CHANNEL = `0x${'ab'.repeat(20)}`;

const uint256 = (name: string) => ({ name, type: 'uint256' });

test('both digests agree with viem for anything', async () => {
  const { hashTypedData } = await import('viem');
  fc.assert(
    fc.property(fc.record({ channel: address, a: amount, b: amount, validUntilS: time, chainId: chain }), (given) => {
      const { channel, a, b, validUntilS, chainId } = given;
      const domain = { name: 'Wayleave channel', version: '1', chainId, verifyingContract: channel };
      const close = hashTypedData({
        domain,
        types: { Close: ['paidByA', 'paidByB', 'validUntil'].map(uint256) },
        primaryType: 'Close',
        message: { paidByA: a, paidByB: b, validUntil: BigInt(validUntilS) },
      });
      assert.equal(hex(closeDigest(chainId, channel, { paidByAWei: a, paidByBWei: b, validUntilS })), close);
      const withdrawal = hashTypedData({
        domain,
        types: { Withdrawal: ['withdrawnByA', 'withdrawnByB', 'validUntil'].map(uint256) },
        primaryType: 'Withdrawal',
        message: { withdrawnByA: a, withdrawnByB: b, validUntil: BigInt(validUntilS) },
      });
      const ours = withdrawalDigest(chainId, channel, { withdrawnByAWei: a, withdrawnByBWei: b, validUntilS });
      assert.equal(hex(ours), withdrawal);
    }),
    { numRuns: 100 },
  );
});

test('what is signed is its signer’s, and only that', () => {
  const signer = createSigner(new Uint8Array(32).fill(3));
  const close = { paidByAWei: 5n, paidByBWei: 3n, validUntilS: 99 };
  const signature = signClose(signer, 1, CHANNEL, close);
  assert.equal(recoverAgreementSigner(closeDigest(1, CHANNEL, close), signature), signer.id);
  for (const other of [
    closeDigest(1, CHANNEL, { ...close, paidByAWei: 6n }),
    closeDigest(2, CHANNEL, close),
    withdrawalDigest(1, CHANNEL, { withdrawnByAWei: 5n, withdrawnByBWei: 3n, validUntilS: 99 }),
  ]) {
    assert.notEqual(recoverAgreementSigner(other, signature), signer.id);
  }
  const withdrawal = { withdrawnByAWei: 5n, withdrawnByBWei: 3n, validUntilS: 99 };
  const signed = signWithdrawal(signer, 1, CHANNEL, withdrawal);
  assert.equal(recoverAgreementSigner(withdrawalDigest(1, CHANNEL, withdrawal), signed), signer.id);
});

test('fields out of range are refused', () => {
  const close = { paidByAWei: 5n, paidByBWei: 3n, validUntilS: 99 };
  const cases: [() => unknown, string][] = [
    [() => closeDigest(0, CHANNEL, close), 'AMOUNT_INVALID'],
    [() => closeDigest(1, '0x12', close), 'NODE_ID_INVALID'],
    [() => closeDigest(1, CHANNEL, { ...close, paidByAWei: -1n }), 'AMOUNT_INVALID'],
    [() => closeDigest(1, CHANNEL, { ...close, validUntilS: -1 }), 'AMOUNT_INVALID'],
    [() => closeDigest(1, CHANNEL, { ...close, validUntilS: 1.5 }), 'AMOUNT_INVALID'],
    [
      () => withdrawalDigest(1, CHANNEL, { withdrawnByAWei: 2n ** 256n, withdrawnByBWei: 0n, validUntilS: 1 }),
      'AMOUNT_INVALID',
    ],
  ];
  for (const [digest, code] of cases) {
    assert.throws(digest, (error) => codeOf(error) === code);
  }
});

test('both ends put the parties in one order', () => {
  const low = { signer: '0x01', payee: '0xff' };
  const high = { signer: '0x02', payee: '0x00' };
  assert.deepEqual(orderParties(low, high), { a: low, b: high });
  assert.deepEqual(orderParties(high, low), { a: low, b: high });
});

test('a signature in two words is the same signature', async () => {
  const { parseCompactSignature, compactSignatureToSignature } = await import('viem');
  const signer = createSigner(new Uint8Array(32).fill(3));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest) => {
      const signature = signer.signDigest(digest);
      const words = compactSignature(signature);
      assert.ok(words);
      const back = compactSignatureToSignature(parseCompactSignature(`0x${words.r.slice(2)}${words.vs.slice(2)}`));
      assert.equal(back.r, hex(signature.subarray(0, 32)));
      assert.equal(back.s, hex(signature.subarray(32, 64)));
      assert.equal((back.yParity ?? Number.NaN) + 27, signature[64]);
    }),
    { numRuns: 50 },
  );
});

test('what is no signature has no two words', () => {
  const good = createSigner(new Uint8Array(32).fill(3)).signDigest(new Uint8Array(32));
  const edited = (at: number, byte: number) => Uint8Array.from(good.with(at, byte));
  for (const bad of [
    good.subarray(0, 64),
    Uint8Array.from([...good, 0]),
    edited(64, 0),
    edited(64, 29),
    edited(32, 0x80),
  ]) {
    assert.equal(compactSignature(bad), undefined);
  }
});
