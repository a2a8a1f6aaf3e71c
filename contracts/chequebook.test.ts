import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  BOOK_ABI,
  beneficiaries,
  bookCall,
  DAY_S,
  issuer,
  openBench,
  owner,
  stranger,
  tokenCall,
  WEEK_S,
  ZERO,
} from './testing/bench.ts';
import { cashing, openBook } from './testing/books.ts';

const [ann = ZERO, ben = ZERO] = beneficiaries;
const HOUR_S = 3600;

let bench: Bench;
let plain: NodeId;
before(async () => {
  bench = await openBench();
  plain = await bench.deploy('PlainToken');
});
after(() => bench.chain.close());

const cash = (book: NodeId, beneficiary: NodeId, cumulative: bigint) =>
  bench.send({ from: stranger, to: book, data: cashing(book, beneficiary, cumulative) });
const as = (from: NodeId, book: NodeId, call: string, args: readonly unknown[] = []) =>
  bench.send({ from, to: book, data: bookCall(call, args) });
const asOwner = (book: NodeId, call: string, args: readonly unknown[] = []) => as(owner, book, call, args);
const read = <T>(book: NodeId, name: string, args: readonly unknown[] = []) =>
  bench.read<T>(book, BOOK_ABI, name, args);

test('keeps its terms', async () => {
  const book = await openBook(bench, 5n, { token: plain, freezeSeconds: 7200, nonce: 2n ** 64n - 1n });
  const terms = await Promise.all(
    ['owner', 'issuer', 'token', 'freezeSeconds', 'nonce', 'balance'].map((n) => read(book, n)),
  );
  assert.deepEqual(
    terms.map((term) => String(term).toLowerCase()),
    [owner, issuer.id, plain, '7200', String(2n ** 64n - 1n), '5'],
  );
});

describe('deposit', () => {
  test('coin: anyone, by sending it', async () => {
    const book = await openBook(bench);
    const { events } = await bench.send({ from: stranger, to: book, wei: 7n });
    assert.deepEqual(events, [{ name: 'Deposited', args: { from: stranger, amount: 7n } }]);
    assert.equal(await read(book, 'balance'), 7n);
  });

  test('tokens: anyone, by transferring them; also before it stands', async () => {
    const book = await openBook(bench, 3n, { token: plain });
    await bench.give(stranger, 4n, plain);
    await bench.must({ from: stranger, to: plain, data: tokenCall('transfer', [book, 4n]) });
    assert.equal(await read(book, 'balance'), 7n);
  });

  test('coin for a chequebook in tokens comes back', async () => {
    const book = await openBook(bench, 0n, { token: plain });
    assert.equal((await bench.send({ from: stranger, to: book, wei: 1n })).error, 'NotCoin');
  });

  test('a call it does not know is refused', async () => {
    const book = await openBook(bench);
    assert.equal((await bench.send({ from: stranger, to: book, data: '0x12345678', wei: 1n })).error, 'without reason');
  });
});

for (const kind of ['coin', 'token'] as const) {
  const money = () => (kind === 'coin' ? ZERO : plain);
  const withMoney = (amount: bigint) => openBook(bench, amount, { token: money() });

  describe(`${kind}: cash`, () => {
    test('pays the beneficiary whoever submits, and only what is new', async () => {
      const book = await withMoney(100n);
      const had = await bench.balance(ann, money());
      const { events } = await cash(book, ann, 30n);
      assert.deepEqual(events, [
        { name: 'ChequeCashed', args: { beneficiary: ann, cumulativePayout: 30n, paid: 30n } },
      ]);
      assert.deepEqual((await cash(book, ann, 45n)).events[0]?.args['paid'], 15n);
      assert.equal(await bench.balance(ann, money()), had + 45n);
      assert.deepEqual([await read(book, 'paidOut', [ann]), await read(book, 'totalPaidOut')], [45n, 45n]);
      assert.equal(await read(book, 'bounced'), false);
    });

    test('a cheque cashes once, and an older one no more', async () => {
      const book = await withMoney(100n);
      await cash(book, ann, 30n);
      for (const stale of [30n, 29n, 0n]) assert.equal((await cash(book, ann, stale)).error, 'NothingOwed');
      assert.equal(await read(book, 'balance'), 70n);
    });

    test('beneficiaries do not touch each other', async () => {
      const book = await withMoney(100n);
      await cash(book, ann, 60n);
      await cash(book, ben, 40n);
      assert.deepEqual([await read(book, 'paidOut', [ben]), await read(book, 'totalPaidOut')], [40n, 100n]);
    });

    test('too little: pays what there is, says what is missing, and the rest stays owed', async () => {
      const book = await withMoney(10n);
      const { events } = await cash(book, ann, 25n);
      assert.equal(events[0]?.args['paid'], 10n);
      assert.deepEqual(events[1], { name: 'ChequeBounced', args: { beneficiary: ann, missing: 15n } });
      assert.equal(await read(book, 'bounced'), true);

      const empty = await cash(book, ann, 25n);
      assert.deepEqual([empty.events[0]?.args['paid'], empty.events[1]?.args['missing']], [0n, 15n]);

      await bench.give(book, 100n, money());
      assert.equal((await cash(book, ann, 25n)).events[0]?.args['paid'], 15n);
      assert.equal((await cash(book, ann, 25n)).error, 'NothingOwed');
      assert.equal(await read(book, 'bounced'), true, 'history stays');
    });

    test('the largest promise there is pays what there is', async () => {
      const book = await withMoney(10n);
      assert.equal((await cash(book, ann, 2n ** 256n - 1n)).events[0]?.args['paid'], 10n);
    });
  });

  describe(`${kind}: withdrawal`, () => {
    test('waits for the freeze period to the second', async () => {
      const book = await withMoney(10n);
      assert.equal((await asOwner(book, 'withdraw')).error, 'NothingAnnounced');
      const { events } = await asOwner(book, 'announceWithdrawal', [4n]);
      const from = (await bench.nowS()) + DAY_S;
      const args = { amount: 4n, from: BigInt(from), until: BigInt(from + WEEK_S) };
      assert.deepEqual(events, [{ name: 'WithdrawalAnnounced', args }]);
      assert.deepEqual(await read(book, 'announcedWithdrawal'), [4n, BigInt(from)]);
      const call = { from: owner, to: book, data: bookCall('withdraw') };
      assert.equal((await bench.send(call, from - 1)).error, 'StillFrozen');
      const had = await bench.balance(owner, money());
      const taken = await bench.send(call, from);
      assert.deepEqual(taken.events, [{ name: 'Withdrawn', args: { amount: 4n } }]);
      assert.equal(await read(book, 'balance'), 6n);
      const got = (await bench.balance(owner, money())) - had;
      assert.ok(kind === 'coin' ? got < 4n : got === 4n, 'the owner pays its own gas');
      assert.equal((await asOwner(book, 'withdraw')).error, 'NothingAnnounced', 'used up');
      assert.deepEqual(await read(book, 'announcedWithdrawal'), [0n, 0n]);
    });

    test('cheques cash during the freeze, and the owner takes what they leave', async () => {
      const book = await withMoney(10n);
      await asOwner(book, 'announceWithdrawal', [10n]);
      assert.equal((await cash(book, ann, 7n)).events[0]?.args['paid'], 7n);
      await bench.chain.passTime(DAY_S);
      const { events } = await asOwner(book, 'withdraw');
      assert.deepEqual(events, [{ name: 'Withdrawn', args: { amount: 3n } }]);
    });
  });

  test(`${kind}: what is set aside for one, no other cheque and no withdrawal touches`, async () => {
    const book = await withMoney(10n);
    const { events } = await as(issuer.id, book, 'reserve', [ann, 6n]);
    assert.deepEqual(events, [{ name: 'Reserved', args: { beneficiary: ann, reserved: 6n } }]);
    assert.deepEqual([await read(book, 'available', [ann]), await read(book, 'available', [ben])], [10n, 4n]);
    assert.equal((await cash(book, ben, 9n)).events[0]?.args['paid'], 4n);
    await asOwner(book, 'announceWithdrawal', [10n]);
    await bench.chain.passTime(DAY_S);
    assert.equal((await asOwner(book, 'withdraw')).events[0]?.args['amount'], 0n);
    assert.equal((await cash(book, ann, 5n)).events[0]?.args['paid'], 5n);
    assert.deepEqual([await read(book, 'reserved', [ann]), await read(book, 'totalReserved')], [1n, 1n]);
  });
}

describe('announcements', () => {
  test('a new one starts the freeze anew', async () => {
    const book = await openBook(bench, 10n);
    await asOwner(book, 'announceWithdrawal', [1n]);
    await bench.chain.passTime(DAY_S - HOUR_S);
    await asOwner(book, 'announceWithdrawal', [10n]);
    await bench.chain.passTime(2 * HOUR_S);
    assert.equal((await asOwner(book, 'withdraw')).error, 'StillFrozen');
  });

  test('one lapses, so none can be kept ready', async () => {
    const book = await openBook(bench, 10n);
    await asOwner(book, 'announceWithdrawal', [10n]);
    const from = (await bench.nowS()) + DAY_S;
    const call = { from: owner, to: book, data: bookCall('withdraw') };
    assert.equal((await bench.send(call, from + WEEK_S + 1)).error, 'AnnouncementLapsed');
    assert.deepEqual(await read(book, 'announcedWithdrawal'), [0n, 0n]);
    await asOwner(book, 'announceWithdrawal', [10n]);
    assert.equal((await asOwner(book, 'withdraw')).error, 'StillFrozen');
  });

  test('an amount of 0 cancels, one beyond all measure means everything', async () => {
    const book = await openBook(bench, 10n);
    await asOwner(book, 'announceWithdrawal', [10n]);
    assert.equal((await asOwner(book, 'announceWithdrawal', [0n])).events[0]?.name, 'WithdrawalCancelled');
    await bench.chain.passTime(2 * DAY_S);
    assert.equal((await asOwner(book, 'withdraw')).error, 'NothingAnnounced');
    await asOwner(book, 'announceWithdrawal', [2n ** 256n - 1n]);
    await bench.chain.passTime(DAY_S);
    assert.equal((await asOwner(book, 'withdraw')).events[0]?.args['amount'], 10n);
  });
});

describe('reserve', () => {
  test('never more than there is', async () => {
    const book = await openBook(bench, 10n);
    await asOwner(book, 'reserve', [ann, 6n]);
    assert.equal((await asOwner(book, 'reserve', [ben, 5n])).error, 'ReserveNotCovered');
    assert.equal((await asOwner(book, 'reserve', [ben, 2n ** 256n - 1n])).error, 'ReserveNotCovered');
    assert.equal((await asOwner(book, 'reserve', [ben, 4n])).error, undefined);
    assert.equal(await read(book, 'totalReserved'), 10n);
  });

  test('is released only after the freeze period, and less what was cashed meanwhile', async () => {
    const book = await openBook(bench, 10n);
    await asOwner(book, 'reserve', [ann, 6n]);
    assert.equal((await asOwner(book, 'release', [ann])).error, 'NothingAnnounced');
    await as(issuer.id, book, 'announceRelease', [ann, 5n]);
    const from = (await bench.nowS()) + DAY_S;
    assert.deepEqual(await read(book, 'announcedRelease', [ann]), [5n, BigInt(from)]);
    await cash(book, ann, 4n);
    const call = { from: issuer.id, to: book, data: bookCall('release', [ann]) };
    assert.equal((await bench.send(call, from - 1)).error, 'StillFrozen');
    const { events } = await bench.send(call, from);
    assert.deepEqual(events, [{ name: 'Reserved', args: { beneficiary: ann, reserved: 0n } }]);
    assert.equal(await read(book, 'totalReserved'), 0n);
    await asOwner(book, 'reserve', [ben, 3n]);
    assert.equal((await asOwner(book, 'release', [ann])).error, 'NothingAnnounced', 'used up');
  });

  test('raising it ends an announced release; 0 cancels one; one lapses', async () => {
    const book = await openBook(bench, 10n);
    await asOwner(book, 'reserve', [ann, 1n]);
    await asOwner(book, 'announceRelease', [ann, 1n]);
    await asOwner(book, 'reserve', [ann, 1n]);
    await bench.chain.passTime(DAY_S);
    assert.equal((await asOwner(book, 'release', [ann])).error, 'NothingAnnounced');
    await asOwner(book, 'announceRelease', [ann, 1n]);
    assert.equal((await asOwner(book, 'announceRelease', [ann, 0n])).events[0]?.name, 'ReleaseCancelled');
    await bench.chain.passTime(DAY_S);
    assert.equal((await asOwner(book, 'release', [ann])).error, 'NothingAnnounced');
    await asOwner(book, 'announceRelease', [ann, 1n]);
    await bench.chain.passTime(DAY_S + WEEK_S + 1);
    assert.equal((await asOwner(book, 'release', [ann])).error, 'AnnouncementLapsed');
  });
});

describe('who may', () => {
  const rights: [call: string, args: readonly unknown[], refused: readonly NodeId[], error: string][] = [
    ['announceWithdrawal', [1n], [stranger, issuer.id, ann], 'CallerNotOwner'],
    ['withdraw', [], [stranger, issuer.id, ann], 'CallerNotOwner'],
    ['reserve', [ann, 1n], [stranger, ann], 'CallerNotOwnerOrIssuer'],
    ['announceRelease', [ann, 1n], [stranger, ann], 'CallerNotOwnerOrIssuer'],
    ['release', [ann], [stranger, ann], 'CallerNotOwnerOrIssuer'],
  ];
  for (const [call, args, refused, error] of rights) {
    test(call, async () => {
      const book = await openBook(bench, 10n);
      for (const from of refused) assert.equal((await as(from, book, call, args)).error, error);
    });
  }
});
