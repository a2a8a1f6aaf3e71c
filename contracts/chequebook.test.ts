import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { signCheque } from '../src/chain/cheque-signing.ts';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  BOOK_ABI,
  beneficiaries,
  bookCall,
  CHAIN_ID,
  cashing,
  DAY_S,
  forger,
  issuer,
  openBench,
  owner,
  stranger,
  ZERO,
} from './testing/bench.ts';

const [ann = ZERO, ben = ZERO] = beneficiaries;
const HOUR_S = 3600;
const WEEK_S = 7 * DAY_S;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

let bench: Bench;
before(async () => {
  bench = await openBench();
});

const cash = (book: NodeId, beneficiary: NodeId, cumulative: bigint, signature?: Uint8Array) =>
  bench.send({ from: stranger, to: book, data: cashing(book, beneficiary, cumulative, signature) });

const asOwner = (book: NodeId, call: string, args: readonly unknown[] = []) =>
  bench.send({ from: owner, to: book, data: bookCall(call, args) });

describe('deployment', () => {
  const cases: [string, readonly unknown[], string | undefined][] = [
    ['an owner of 0', [ZERO, issuer.id, BigInt(DAY_S)], 'AddressZero'],
    ['an issuer of 0', [owner, ZERO, BigInt(DAY_S)], 'AddressZero'],
    ['a freeze under an hour', [owner, issuer.id, 3599n], 'FreezeOutOfRange'],
    ['a freeze over 90 days', [owner, issuer.id, BigInt(90 * DAY_S + 1)], 'FreezeOutOfRange'],
    ['the shortest freeze', [owner, issuer.id, 3600n], undefined],
    ['the longest freeze', [owner, issuer.id, BigInt(90 * DAY_S)], undefined],
  ];
  for (const [name, args, error] of cases) {
    test(name, async () => assert.equal((await bench.deploy('Chequebook', args)).error, error));
  }

  test('keeps its terms and its first deposit', async () => {
    const { created: book = ZERO, events } = await bench.deploy('Chequebook', [owner, issuer.id, 7200n], 5n);
    assert.deepEqual(events, [{ name: 'Deposited', args: { from: stranger, amount: 5n } }]);
    assert.equal((await bench.read<string>(book, BOOK_ABI, 'owner')).toLowerCase(), owner);
    assert.equal((await bench.read<string>(book, BOOK_ABI, 'issuer')).toLowerCase(), issuer.id);
    assert.equal(await bench.read(book, BOOK_ABI, 'freezeSeconds'), 7200n);
    assert.equal(await bench.read(book, BOOK_ABI, 'balance'), 5n);
  });
});

test('anyone can deposit', async () => {
  const book = await bench.book();
  const { events } = await bench.send({ from: stranger, to: book, wei: 7n });
  assert.deepEqual(events, [{ name: 'Deposited', args: { from: stranger, amount: 7n } }]);
  assert.equal(await bench.balance(book), 7n);
});

describe('cash', () => {
  test('pays the beneficiary whoever submits, and only what is new', async () => {
    const book = await bench.book(100n);
    const before = await bench.balance(ann);
    const { events } = await cash(book, ann, 30n);
    assert.deepEqual(events, [
      { name: 'ChequeCashed', args: { beneficiary: ann, caller: stranger, cumulativePayout: 30n, paid: 30n } },
    ]);
    assert.deepEqual((await cash(book, ann, 45n)).events[0]?.args['paid'], 15n);
    assert.equal(await bench.balance(ann), before + 45n);
    assert.equal(await bench.read(book, BOOK_ABI, 'paidOut', [ann]), 45n);
    assert.equal(await bench.read(book, BOOK_ABI, 'totalPaidOut'), 45n);
    assert.equal(await bench.read(book, BOOK_ABI, 'bounced'), false);
  });

  test('a cheque cashes once, and an older one no more', async () => {
    const book = await bench.book(100n);
    await cash(book, ann, 30n);
    for (const stale of [30n, 29n, 0n]) assert.equal((await cash(book, ann, stale)).error, 'NothingOwed');
    assert.equal(await bench.balance(book), 70n);
  });

  test('beneficiaries do not touch each other', async () => {
    const book = await bench.book(100n);
    await cash(book, ann, 60n);
    await cash(book, ben, 40n);
    assert.equal(await bench.read(book, BOOK_ABI, 'paidOut', [ben]), 40n);
    assert.equal(await bench.read(book, BOOK_ABI, 'totalPaidOut'), 100n);
  });

  test('too little coin: pays what there is, says what is missing, and the rest stays owed', async () => {
    const book = await bench.book(10n);
    const { events } = await cash(book, ann, 25n);
    assert.equal(events[0]?.args['paid'], 10n);
    assert.deepEqual(events[1], { name: 'ChequeBounced', args: { beneficiary: ann, missing: 15n } });
    assert.equal(await bench.read(book, BOOK_ABI, 'bounced'), true);

    const empty = await cash(book, ann, 25n);
    assert.equal(empty.events[0]?.args['paid'], 0n);
    assert.equal(empty.events[1]?.args['missing'], 15n);

    await bench.send({ from: stranger, to: book, wei: 100n });
    assert.equal((await cash(book, ann, 25n)).events[0]?.args['paid'], 15n);
    assert.equal((await cash(book, ann, 25n)).error, 'NothingOwed');
    assert.equal(await bench.read(book, BOOK_ABI, 'bounced'), true, 'history stays');
  });

  test('a beneficiary that refuses coin harms only itself', async () => {
    const book = await bench.book(10n);
    // A factory has no receive, so it cannot be paid.
    const { created: refuser = ZERO } = await bench.deploy('ChequebookFactory', []);
    assert.equal((await cash(book, refuser, 5n)).error, 'TransferFailed');
    assert.equal(await bench.read(book, BOOK_ABI, 'paidOut', [refuser]), 0n);
    assert.equal((await cash(book, ann, 5n)).error, undefined);
  });
});

describe('signatures', () => {
  const sign = (book: NodeId, cumulativeWei: bigint, by = issuer, chainId = CHAIN_ID) =>
    signCheque(by, chainId, { chequebook: book, beneficiary: ann, cumulativeWei }).signature;
  const change = (signature: Uint8Array, edit: (bytes: Uint8Array) => void) => {
    const copy = Uint8Array.from(signature);
    edit(copy);
    return copy;
  };
  const word = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  const sOf = (signature: Uint8Array) => BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString('hex')}`);

  const cases: [string, (book: NodeId) => Uint8Array, string][] = [
    ['someone else’s', (book) => sign(book, 5n, forger), 'SignerNotIssuer'],
    ['over another amount', (book) => sign(book, 6n), 'SignerNotIssuer'],
    ['another chain', (book) => sign(book, 5n, issuer, CHAIN_ID + 1), 'SignerNotIssuer'],
    ['another chequebook', () => sign(stranger, 5n), 'SignerNotIssuer'],
    [
      'v flipped',
      (book) => change(sign(book, 5n), (b) => b.set([(b[64] ?? 0) === 27 ? 28 : 27], 64)),
      'SignerNotIssuer',
    ],
    [
      'the twin with s in the upper half',
      (book) =>
        change(sign(book, 5n), (b) => {
          b.set(word(ORDER - sOf(b)), 32);
          b.set([b[64] === 27 ? 28 : 27], 64);
        }),
      'SignatureMalformed',
    ],
    ['v of 0 or 1', (book) => change(sign(book, 5n), (b) => b.set([(b[64] ?? 27) - 27], 64)), 'SignatureMalformed'],
    ['v of 29', (book) => change(sign(book, 5n), (b) => b.set([29], 64)), 'SignatureMalformed'],
    ['64 bytes', (book) => sign(book, 5n).subarray(0, 64), 'SignatureMalformed'],
    ['66 bytes', (book) => Uint8Array.from([...sign(book, 5n), 0]), 'SignatureMalformed'],
    ['no bytes', () => new Uint8Array(), 'SignatureMalformed'],
    ['r and s of 0', () => change(new Uint8Array(65), (b) => b.set([27], 64)), 'SignatureMalformed'],
    ['r of the order', (book) => change(sign(book, 5n), (b) => b.set(word(ORDER))), 'SignatureMalformed'],
    ['s of 0', (book) => change(sign(book, 5n), (b) => b.fill(0, 32, 64)), 'SignatureMalformed'],
  ];
  for (const [name, make, error] of cases) {
    test(`refused: ${name}`, async () => {
      const book = await bench.book(10n);
      const outcome = await cash(book, ann, 5n, make(book));
      // A random r of a forged signature may also be no point at all; either way nothing is paid.
      assert.equal(outcome.error, error);
      assert.equal(await bench.balance(book), 10n);
    });
  }

  test('a cheque is not good for another beneficiary', async () => {
    const book = await bench.book(10n);
    assert.equal((await cash(book, ben, 5n, sign(book, 5n))).error, 'SignerNotIssuer');
  });
});

describe('withdrawal', () => {
  const nobodyElse: [string, readonly unknown[]][] = [
    ['announceWithdrawal', [1n]],
    ['withdraw', []],
  ];
  for (const [call, args] of nobodyElse) {
    test(`${call} is the owner’s alone`, async () => {
      const book = await bench.book(10n);
      for (const from of [stranger, issuer.id, ann]) {
        assert.equal((await bench.send({ from, to: book, data: bookCall(call, args) })).error, 'CallerNotOwner');
      }
    });
  }

  test('waits for the freeze period to the second', async () => {
    const book = await bench.book(10n);
    assert.equal((await asOwner(book, 'withdraw')).error, 'NothingAnnounced');
    const { events } = await asOwner(book, 'announceWithdrawal', [4n]);
    const from = (await bench.nowS()) + DAY_S;
    assert.deepEqual(events, [
      { name: 'WithdrawalAnnounced', args: { amount: 4n, from: BigInt(from), until: BigInt(from + WEEK_S) } },
    ]);
    assert.equal(await bench.read(book, BOOK_ABI, 'withdrawableAt'), BigInt(from));
    const call = { from: owner, to: book, data: bookCall('withdraw') };
    assert.equal((await bench.send(call, from - 1)).error, 'StillFrozen');
    const before = await bench.balance(owner);
    const taken = await bench.send(call, from);
    assert.deepEqual(taken.events, [{ name: 'Withdrawn', args: { amount: 4n } }]);
    assert.equal(await bench.balance(book), 6n);
    assert.ok((await bench.balance(owner)) < before + 4n, 'gas is paid by the owner');
    assert.equal((await asOwner(book, 'withdraw')).error, 'NothingAnnounced', 'used up');
    assert.equal(await bench.read(book, BOOK_ABI, 'withdrawableAt'), 0n);
  });

  test('cheques cash during the freeze, and the owner takes what they leave', async () => {
    const book = await bench.book(10n);
    await asOwner(book, 'announceWithdrawal', [10n]);
    assert.equal((await cash(book, ann, 7n)).events[0]?.args['paid'], 7n);
    await bench.chain.passTime(DAY_S);
    const { events } = await asOwner(book, 'withdraw');
    assert.deepEqual(events, [{ name: 'Withdrawn', args: { amount: 3n } }]);
  });

  test('a new announcement starts the freeze anew', async () => {
    const book = await bench.book(10n);
    await asOwner(book, 'announceWithdrawal', [1n]);
    await bench.chain.passTime(DAY_S - HOUR_S);
    await asOwner(book, 'announceWithdrawal', [10n]);
    await bench.chain.passTime(2 * HOUR_S);
    assert.equal((await asOwner(book, 'withdraw')).error, 'StillFrozen');
  });

  test('an announcement lapses, so none can be kept ready', async () => {
    const book = await bench.book(10n);
    await asOwner(book, 'announceWithdrawal', [10n]);
    const from = (await bench.nowS()) + DAY_S;
    const call = { from: owner, to: book, data: bookCall('withdraw') };
    assert.equal((await bench.send(call, from + WEEK_S + 1)).error, 'AnnouncementLapsed');
    assert.equal(await bench.read(book, BOOK_ABI, 'withdrawableAt'), 0n);
    await asOwner(book, 'announceWithdrawal', [10n]);
    assert.equal((await asOwner(book, 'withdraw')).error, 'StillFrozen');
  });

  test('an amount of 0 cancels', async () => {
    const book = await bench.book(10n);
    await asOwner(book, 'announceWithdrawal', [10n]);
    assert.equal((await asOwner(book, 'announceWithdrawal', [0n])).events[0]?.name, 'WithdrawalCancelled');
    await bench.chain.passTime(2 * DAY_S);
    assert.equal((await asOwner(book, 'withdraw')).error, 'NothingAnnounced');
  });
});
