import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { codeOnChain } from '../src/chain/artifacts.ts';
import { signCheque } from '../src/chain/cheque-signing.ts';
import { createSigner } from '../src/chain/signer.ts';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  beneficiaries,
  bookCall,
  CHAIN_ID,
  FACTORY_ABI,
  factoryCall,
  forger,
  hexOf,
  issuer,
  openBench,
  owner,
  stranger,
  ZERO,
} from './testing/bench.ts';
import { cashing, compact, openBook } from './testing/books.ts';

const [ann = ZERO, ben = ZERO] = beneficiaries;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.chain.close());

const sign = (chequebook: NodeId, cumulativeWei: bigint, by = issuer, chainId = CHAIN_ID) =>
  signCheque(by, chainId, { chequebook, beneficiary: ann, cumulativeWei }).signature;
const change = (signature: Uint8Array, edit: (bytes: Uint8Array) => void) => {
  const copy = Uint8Array.from(signature);
  edit(copy);
  return copy;
};
const word = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const sOf = (signature: Uint8Array) => BigInt(hexOf(signature.subarray(32, 64)));
const flip = (bytes: Uint8Array) => bytes.set([bytes[64] === 27 ? 28 : 27], 64);

describe('a cheque is refused when its signature is', () => {
  const cases: [string, (book: NodeId) => Uint8Array, string][] = [
    ['someone else’s', (book) => sign(book, 5n, forger), 'SignerNotIssuer'],
    ['over another amount', (book) => sign(book, 6n), 'SignerNotIssuer'],
    ['for another chain', (book) => sign(book, 5n, issuer, CHAIN_ID + 1), 'SignerNotIssuer'],
    ['on another chequebook', () => sign(stranger, 5n), 'SignerNotIssuer'],
    ['with v flipped', (book) => change(sign(book, 5n), flip), 'SignerNotIssuer'],
    [
      'the twin with s in the upper half',
      (book) =>
        change(sign(book, 5n), (bytes) => {
          bytes.set(word(ORDER - sOf(bytes)), 32);
          flip(bytes);
        }),
      'SignatureMalformed',
    ],
    [
      'with v of 0 or 1',
      (book) => change(sign(book, 5n), (b) => b.set([(b[64] ?? 27) - 27], 64)),
      'SignatureMalformed',
    ],
    ['with v of 29', (book) => change(sign(book, 5n), (b) => b.set([29], 64)), 'SignatureMalformed'],
    ['64 bytes', (book) => sign(book, 5n).subarray(0, 64), 'SignatureMalformed'],
    ['66 bytes', (book) => Uint8Array.from([...sign(book, 5n), 0]), 'SignatureMalformed'],
    ['no bytes', () => new Uint8Array(), 'SignatureMalformed'],
    ['r and s of 0', () => change(new Uint8Array(65), (b) => b.set([27], 64)), 'SignatureMalformed'],
    ['r of the order', (book) => change(sign(book, 5n), (b) => b.set(word(ORDER))), 'SignatureMalformed'],
    ['s of 0', (book) => change(sign(book, 5n), (b) => b.fill(0, 32, 64)), 'SignatureMalformed'],
  ];
  for (const [name, make, error] of cases) {
    test(name, async () => {
      const book = await openBook(bench, 10n);
      const data = cashing(book, ann, 5n, make(book));
      assert.equal((await bench.send({ from: stranger, to: book, data })).error, error);
      assert.equal(await bench.balance(book), 10n);
    });
  }

  test('good, but for another beneficiary', async () => {
    const book = await openBook(bench, 10n);
    const data = cashing(book, ben, 5n, sign(book, 5n));
    assert.equal((await bench.send({ from: stranger, to: book, data })).error, 'SignerNotIssuer');
  });
});

describe('in two words, among many', () => {
  type Words = { readonly r: `0x${string}`; readonly vs: `0x${string}` };
  const cases: [string, (words: Words) => Words, string | undefined][] = [
    ['as signed', (words) => words, undefined],
    ['the other v', ({ r, vs }) => ({ r, vs: hex(BigInt(vs) ^ (1n << 255n)) }), 'SignerNotIssuer'],
    ['s in the upper half', ({ r, vs }) => ({ r, vs: hex(upper(BigInt(vs))) }), 'SignatureMalformed'],
    ['nothing', () => ({ r: hex(0n), vs: hex(0n) }), 'SignatureMalformed'],
  ];
  const hex = (value: bigint): `0x${string}` => hexOf(word(value));
  const HIGH = 1n << 255n;
  /** The twin has s over half the order; its lowest such values still fit beside v's bit. */
  const upper = (vs: bigint) => (vs & HIGH) | (ORDER / 2n + 1n);
  for (const [name, make, error] of cases) {
    test(name, async () => {
      const book = await openBook(bench, 10n);
      const one = { beneficiary: ann, cumulativePayout: 5n, ...make(compact(sign(book, 5n))) };
      const data = bookCall('cashMany', [[one]]);
      assert.equal((await bench.send({ from: stranger, to: book, data })).error, error);
    });
  }
});

test('no signature but the one that was made cashes, whatever bits are changed', async () => {
  const book = await openBook(bench, 10n);
  const good = sign(book, 5n);
  const worth = async (signature: Uint8Array) => {
    const call = { from: stranger, to: book, data: cashing(book, ann, 5n, signature) };
    const outcome = await bench.chain.request('eth_call', [call, 'latest']);
    return 'error' in outcome ? 0n : BigInt(outcome.result as string);
  };
  assert.equal(await worth(good), 5n);
  const flips = fc.uniqueArray(fc.nat(65 * 8 - 1), { minLength: 1, maxLength: 4 });
  const flipped = flips.map((bits) =>
    change(good, (bytes) => {
      for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    }),
  );
  const invented = fc.uint8Array({ minLength: 65, maxLength: 65 });
  await fc.assert(
    fc.asyncProperty(fc.oneof(flipped, invented), async (signature) => assert.equal(await worth(signature), 0n)),
    { numRuns: 200 },
  );
});

/**
 * Bee's published vector (key, chequebook, beneficiary, chain 1): the signature its issuer made for a Swarm chequebook is
 * good here, at that very address.
 */
test('Swarm’s own signed cheque cashes on this chequebook', async () => {
  const mainnet = await openBench(1);
  const key = Buffer.from('634fb5a872396d9693e5c9f9d7233cfa93f395c093371017ff44aa9ae6564cdd', 'hex');
  const swarmIssuer = createSigner(Uint8Array.from(key)).id;
  assert.equal(swarmIssuer, '0x8d3766440f0d7b949a5e32995d09619a7f86e632');
  const book: NodeId = '0xfa02d396842e6e1d319e8e3d4d870338f791aa25';
  const payee: NodeId = '0x98e6c644afeb94bbfb9ff60eb26fc9d83bbeca79';
  const signature =
    '171b63fc598ae2c7987f4a756959dadddd84ccd2071e7b5c3aa3437357be47286125edc370c344a163ba7f4183dfd3611996274a13e4b3496610fc00c0e2fc421c';

  // A proxy of the factory's code, with the vector's issuer, put where the vector's chequebook stands.
  const factory = mainnet.chain.factory;
  const terms = { owner, issuer: swarmIssuer, token: ZERO, freezeSeconds: 3600, nonce: 0n };
  await mainnet.must({ from: owner, to: factory, data: factoryCall('deployChequebook', [terms]) });
  const twin = await mainnet.read<string>(factory, FACTORY_ABI, 'chequebookAddress', [terms]);
  await mainnet.rpc('hardhat_setCode', [book, await mainnet.rpc('eth_getCode', [twin, 'latest'])]);
  await mainnet.give(book, 1000n);
  const data = cashing(book, payee, 500n, Uint8Array.from(Buffer.from(signature, 'hex')));
  await mainnet.must({ from: stranger, to: book, data });
  assert.equal(await mainnet.balance(payee), 500n);
  mainnet.chain.close();
});

test('code on chain needs every immutable', () => {
  assert.throws(() => codeOnChain('WayleaveFactory', { channelCode: ZERO }), /chequebookCode/);
});
