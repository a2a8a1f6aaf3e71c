import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLOOR_BYTES_PER_SECOND, MIN_BURST_BYTES } from '../meter/pace.ts';
import { agree, bareAccount, plainTerms, readyAccount, UNIT_A_BYTE } from './account-pair.fixture.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

const cell = ({ ledger, row }: LinkAccount, column: number): number => ledger.get(row, column);
const owe = ({ ledger, row }: LinkAccount, units: number, service = 0) => ledger.consumed(row, service, units);
const owed = ({ ledger, row }: LinkAccount, units: number, service = 0) => ledger.provided(row, service, units);
const chunks = (askPerMb: number | undefined, bidPerMb: number) => ({
  services: { ...plainTerms().services, chunks: { askPerMb, bidPerMb } },
});

test('before any terms there is no credit, no lease, nothing to pay, and nothing stands against the neighbour', () => {
  const account = bareAccount();
  account.applyLimits();
  assert.deepEqual([cell(account, Column.dropAt), cell(account, Column.peerDropAt), account.leaseUnits()], [0, 0, 0]);
  assert.deepEqual(
    [account.banned, account.doubted, account.lapsed, account.settling, account.ready, account.closed],
    Array(6).fill(false),
  );
  assert.deepEqual([account.payDue(), account.payable(), account.nextCharge], [false, 0, 0]);
  assert.deepEqual([account.counts.admitted, account.lease.consumedUnits], [[0, 0, 0], 0]);
  assert.deepEqual(account.lease.snapshot, { lease: 0, charged: 0, consumed: [0, 0, 0], clearing: 0 });
  assert.deepEqual(account.counts.message(false, 3), {
    ...{ kind: 'counts', opening: false, storeEpoch: 3 },
    ...{ provided: [0, 0, 0], admitted: [0, 0, 0], consumed: [0, 0, 0] },
  });
  assert.equal(account.relation('transit'), undefined);
  assert.equal(account.allow(1e9, 0).bytes, MIN_BURST_BYTES, 'a burst at the floor');
});

test('each side’s limit is what the other granted; in observe mode there is none', () => {
  const limits = { mine: { dropAt: 5_000 }, theirs: { dropAt: 7_000 } };
  const account = readyAccount(limits);
  assert.deepEqual([cell(account, Column.dropAt), cell(account, Column.peerDropAt)], [5_000, 7_000]);
  assert.equal(account.leaseUnits(), 12_000);
  const observing = readyAccount({ ...limits, enforce: false });
  assert.deepEqual([cell(observing, Column.dropAt), cell(observing, Column.peerDropAt)], [2 ** 51, 2 ** 51]);
});

test('who can pay whom follows from the newest terms of both', () => {
  const account = readyAccount();
  assert.equal(account.relation('transit')?.kind, 'both');
  assert.equal(account.relation('chunks')?.kind, 'none');
  agree(account, plainTerms({ epoch: 2, ...chunks(5, 5) }), plainTerms({ epoch: 2, ...chunks(9, 5) }));
  assert.equal(account.relation('chunks')?.kind, 'onlyTheyPay');
  assert.equal(account.relation('packets')?.kind, 'none');
  agree(account, plainTerms({ epoch: 3, ...chunks(5, 5) }), plainTerms({ epoch: 3, ...chunks(4, 4) }));
  assert.equal(account.relation('chunks')?.kind, 'onlyIPay');
  account.mine.announce(plainTerms({ epoch: 4, ...chunks(5, 0) }));
  account.theirs.take(plainTerms({ epoch: 4, ...chunks(4, 4) }));
  assert.equal(account.relation('chunks')?.kind, 'barter', 'each side changed once');
});

test('an observing node relates what nobody would pay for as if it were paid, one that enforces does not', () => {
  const unpaid = chunks(undefined, 0);
  const change = { mine: { ...chunks(5, 0) }, theirs: unpaid };
  assert.equal(readyAccount(change).relation('chunks')?.kind, 'none');
  assert.notEqual(readyAccount({ ...change, enforce: false }).relation('chunks')?.kind, 'none');
});

test('a neighbour is choked where not even the smallest piece fits beside its debt and what is held for it', () => {
  const account = readyAccount({ mine: { payAt: 1_000, dropAt: 10_000 } });
  const piece = account.nextCharge;
  assert.equal(piece, 1_024);
  assert.equal(account.state(), 'open');
  owed(account, 3_249);
  assert.equal(account.state(), 'open');
  owed(account, 1);
  assert.equal(account.state(), 'throttled', 'payAt and a quarter of the way to dropAt');
  const hold = account.ledger.holdProvide(account.row, 10_000 - 3_250 - piece);
  assert.equal(account.state(), 'throttled');
  account.ledger.release(hold);
  const larger = account.ledger.holdProvide(account.row, 10_000 - 3_250 - piece + 1);
  assert.equal(account.state(), 'choked');
  account.lapsed = true;
  assert.equal(account.state(), 'closed');
  assert.ok(account.closed);
  account.ledger.release(larger);
  assert.equal(account.state(), 'throttled', 'no longer choked, so not closed');
  owed(account, 10_000 - 3_250 - piece + 1);
  assert.equal(account.state(), 'closed');
  account.lapsed = false;
  assert.equal(account.state(), 'choked');
  account.doubted = true;
  assert.equal(account.state(), 'closed');
  account.doubted = false;
  assert.equal(account.state(), 'choked');
  account.banned = true;
  assert.equal(account.state(), 'closed');
});

test('in observe mode no debt closes a link, only conduct does', () => {
  const account = readyAccount({ enforce: false });
  owed(account, 1_000_000);
  account.lapsed = true;
  assert.deepEqual([account.state(), account.closed], ['open', false]);
  account.doubted = true;
  assert.deepEqual([account.state(), account.closed], ['closed', true]);
  account.doubted = false;
  account.banned = true;
  assert.deepEqual([account.state(), account.closed], ['closed', true]);
});

test('slowing down starts from the speed that the link showed while it was open', () => {
  const account = readyAccount({ mine: { payAt: 1_000, dropAt: 5_000 } });
  const rateAt = (nowMs: number): number => {
    account.allow(1, nowMs);
    return account.allow(1e12, nowMs + 60_000).bytes / 0.05;
  };
  const slow = readyAccount({ mine: { payAt: 1_000, dropAt: 5_000 } });
  owed(slow, 2_000);
  assert.equal(slow.allow(1e9, 0).bytes, 62_500, 'a burst of the least that is slowed down from');

  for (let nowMs = 0; nowMs < 2_000; nowMs += 100) {
    assert.equal(account.allow(10_000_000, nowMs).bytes, 10_000_000, 'open: not shaped');
    account.paced(10_000_000, nowMs);
  }
  account.allow(1, 2_000);
  owed(account, 2_000);
  assert.equal(rateAt(2_000), 100_000_000, 'at the throttle point');
  owed(account, 1_500);
  const half = rateAt(200_000);
  assert.ok(half > 49_000_000 && half < 51_000_000, `${half}`);
  account.paced(1, 300_000);
  assert.equal(rateAt(400_000), half, 'each slowing does not feed the next');
});

test('conduct serves at the floor until its time is over, unless nothing is enforced', () => {
  const account = readyAccount();
  account.slow(5_000);
  assert.equal(account.allow(1e9, 4_999).bytes, MIN_BURST_BYTES);
  assert.equal(account.allow(1e9, 5_000).bytes, 1e9);
  const observing = readyAccount({ enforce: false });
  observing.slow(5_000);
  owed(observing, 1e6);
  assert.equal(observing.allow(1e9, 0).bytes, 1e9);
  const shaped = readyAccount({ fullRateBytesPerSecond: 1_000 });
  shaped.slow(5_000);
  assert.ok(FLOOR_BYTES_PER_SECOND > 1_000);
  assert.equal(shaped.allow(MIN_BURST_BYTES, 0).bytes, MIN_BURST_BYTES);
  shaped.paced(MIN_BURST_BYTES, 0);
  assert.equal(shaped.allow(1e9, 2_000).bytes, 2_000, 'never faster than the link');
});

test('whoever watches is told until it stops, of what may turn a no into a yes', () => {
  const account = readyAccount();
  let told = 0;
  const stop = account.watch(() => (told += 1));
  account.changed();
  account.ready = true;
  account.durable(account.lease.snapshot);
  assert.equal(told, 3);
  stop();
  account.changed();
  assert.equal(told, 3);
  let moved = 0;
  account.onMoved(() => (moved += 1));
  account.moved();
  assert.equal(moved, 1);
  const carried: unknown[] = [];
  account.noteCarried('0x1', 5);
  account.onCarried((buyer, units) => carried.push([buyer, units]));
  account.noteCarried('0x2', 7);
  assert.deepEqual(carried, [['0x2', 7]]);
});

test('a connection that goes takes what was granted on it, one that comes does not; while settling nothing new is served', () => {
  const account = readyAccount();
  const door = account.door('transit');
  assert.equal(door.reserveForward(1_500, 0).bytes, 1_500);
  account.ready = true;
  assert.equal(cell(account, Column.heldProvide), 1_500);
  account.settling = true;
  assert.equal(account.ready, false);
  account.settling = false;
  assert.ok(account.ready);
  account.ready = false;
  assert.equal(cell(account, Column.heldProvide), 0);
});

test('what is owed in kind or held back is not paid in tokens, and a debt is due with what is in flight', () => {
  const both = { theirs: { ...chunks(10, 10) }, mine: { ...chunks(10, 0), payAt: 1_000 } };
  const account = readyAccount(both);
  assert.equal(account.relation('chunks')?.iCanPay, false);
  owe(account, 999);
  assert.deepEqual([account.payable(), account.payDue()], [999, false]);
  const hold = account.ledger.holdConsume(account.row, 1);
  assert.deepEqual([account.payable(), account.payDue()], [999, true]);
  account.ledger.release(hold);
  owe(account, 1);
  assert.ok(account.payDue());

  account.onHeldBack(() => 1);
  assert.deepEqual([account.payable(), account.payDue()], [999, false]);
  account.onHeldBack(() => 5_000);
  assert.deepEqual([account.payable(), account.payDue()], [0, false]);
  account.onHeldBack(() => 0);

  const kind = readyAccount({ mine: chunks(UNIT_A_BYTE, 0), theirs: chunks(UNIT_A_BYTE, 0) });
  assert.equal(kind.relation('chunks')?.kind, 'barter');
  const door = kind.door('chunks');
  door.delivered(600, door.buyEpoch);
  assert.deepEqual([kind.payable(), cell(kind, Column.balance)], [0, -600]);
  kind.door('transit').delivered(1_000, 1);
  assert.deepEqual([kind.payable(), kind.payDue()], [1_000, true]);
  owed(kind, 1_100);
  assert.equal(kind.payable(), 0);
});

test('a neighbour that asks to be paid at nothing is paid when something is owed', () => {
  const account = readyAccount({ theirs: { payAt: 0 } });
  assert.equal(account.payDue(), false);
  owe(account, 1);
  assert.equal(account.payDue(), true);
});

test('books put back without anything uncleared have nothing uncleared', () => {
  const account = readyAccount();
  owed(account, 10);
  const again = bareAccount();
  again.restore(account.record(0), 0);
  assert.deepEqual([cell(again, Column.uncleared), cell(again, Column.balance)], [0, 10]);
});

test('a friend who is served for nothing is not slowed down for what it owed before', () => {
  const free = { services: { ...plainTerms().services, transit: { askPerMb: 0, bidPerMb: 0 } } };
  const account = readyAccount({ mine: { payAt: 1, dropAt: 2, ...free } });
  owed(account, 60_000);
  assert.deepEqual([account.state(), account.nextCharge], ['open', 0]);
  assert.equal(account.allow(1e9, 0).bytes, 1e9);
});

test('what was written off fades by what a new key may owe, to the last unit, and not before that is known', () => {
  const DAY_MS = 86_400_000;
  const account = readyAccount();
  const left = (): number => cell(account, Column.forgiven);
  account.ledger.provided(account.row, 0, 3);
  account.ledger.correct(account.row, 'provided', 0, -3);
  assert.equal(left(), 3);
  account.fade(0);
  account.fade(100 * DAY_MS);
  assert.equal(left(), 3, 'nobody said what a new key may owe');
  account.onFading(() => 1);
  for (const after of [2, 1, 0]) {
    account.fade((103 - after) * DAY_MS);
    assert.equal(left(), after);
  }
});
