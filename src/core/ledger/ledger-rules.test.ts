import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, type ErrorCode } from '../errors.ts';
import { Column } from './columns.ts';
import { Refusal } from './hold-table.ts';
import { Ledger, type LinkRow } from './ledger.ts';

const LEASE = 1_000_000;
const MAX = Number.MAX_SAFE_INTEGER;

function link(dropAt = 100, peerDropAt = 100): { ledger: Ledger; row: LinkRow; cell: (column: number) => number } {
  const ledger = new Ledger(1);
  const row = ledger.addLink();
  ledger.setLimit(row, 'dropAt', dropAt);
  ledger.setLimit(row, 'peerDropAt', peerDropAt);
  ledger.setLimit(row, 'leaseLeft', LEASE);
  return { ledger, row, cell: (column) => ledger.get(row, column) };
}

const throws = (act: () => unknown, code: ErrorCode) => assert.throws(act, (error) => codeOf(error) === code);

test('what breaks a rule of the books stops the link, both ways', () => {
  const table: [string, (ledger: Ledger, row: LinkRow, hold: number) => void][] = [
    ['a part above the hold', (ledger, _row, hold) => ledger.commitPart(hold, 0, 11)],
    ['a part below nothing', (ledger, _row, hold) => ledger.commitPart(hold, 0, -1)],
    ['a charge above the hold', (ledger, _row, hold) => ledger.commit(hold, 0, 11)],
    ['a charge below nothing', (ledger, _row, hold) => ledger.commit(hold, 0, -1)],
    ['more clears than was paid', (ledger, row) => ledger.received(row, 5, 6)],
    ['more cleared than was uncleared', (ledger, row) => ledger.cleared(row, 1)],
    ['more faded than was left', (ledger, row) => ledger.fade(row, 1)],
    ['more ended than was pending', (ledger, row) => ledger.unpaid(row, 1)],
  ];
  for (const [name, act] of table) {
    const { cell, ledger, row } = link();
    const hold = ledger.holdProvide(row, 10);
    throws(() => act(ledger, row, hold), 'INVARIANT_BROKEN');
    assert.ok(ledger.halted(row), name);
    assert.equal(ledger.holdProvide(row, 0), Refusal.halted, name);
    assert.equal(ledger.holdConsume(row, 1), Refusal.halted, name);
    assert.deepEqual([ledger.roomToProvide(row), ledger.roomToConsume(row)], [0, 0], name);
    assert.equal(cell(Column.ceiling), Number.NEGATIVE_INFINITY);
    for (const column of ['dropAt', 'peerDropAt'] as const) ledger.setLimit(row, column, 1_000);
    assert.ok(ledger.halted(row) && cell(Column.peerDropAt) < 0, 'new terms do not revive it');
  }
});

test('of what was received all may be undone, and no more: at another ratio it may be worth more by now', () => {
  const { cell, ledger, row } = link();
  ledger.undone(row, 7);
  assert.equal(cell(Column.uncleared), 0);
  ledger.received(row, 10, 10);
  ledger.undone(row, 6);
  ledger.undone(row, 5);
  assert.equal(cell(Column.uncleared), 10);
  ledger.cleared(row, 10);
  ledger.audit(row);
  assert.equal(ledger.halted(row), false);
});

test('what just fits breaks nothing', () => {
  const { cell, ledger, row } = link();
  ledger.commitPart(ledger.holdProvide(row, 0), 0, 0);
  ledger.commitPart(ledger.holdProvide(row, 10), 0, 10);
  ledger.commit(ledger.holdProvide(row, 10), 0, 10);
  ledger.received(row, 5, 5);
  ledger.received(row, 6, 0);
  ledger.cleared(row, 6);
  ledger.undone(row, 11);
  ledger.paying(row, 3);
  ledger.unpaid(row, 3);
  ledger.audit(row);
  assert.deepEqual([ledger.halted(row), cell(Column.uncleared), cell(Column.pending)], [false, 11, 0]);
});

test('what faded stands against the neighbour no more, and is not forgiven a second time by what it pays', () => {
  const { cell, ledger, row } = link(1_000);
  ledger.provided(row, 0, 300);
  ledger.correct(row, 'provided', 0, -100);
  assert.deepEqual([cell(Column.forgiven), ledger.debtOf(row)], [100, 300]);
  ledger.fade(row, 30);
  assert.deepEqual([cell(Column.faded), cell(Column.forgiven), ledger.roomToProvide(row)], [30, 70, 1_000 - 270]);
  ledger.received(row, 1_000, 1_000);
  assert.equal(cell(Column.forgiven), 50, '2 % of 1,000, beside what faded');
  ledger.fade(row, 50);
  assert.deepEqual([cell(Column.faded), cell(Column.forgiven)], [80, 0]);
  throws(() => ledger.fade(row, -1), 'AMOUNT_INVALID');
  ledger.correct(row, 'provided', 0, -7);
  assert.equal(cell(Column.forgiven), 7);
  ledger.audit(row);
});

test('totals are put back only where nothing happened yet, and never what no books can hold', () => {
  for (const peerDropAt of [0, 100]) {
    const used = link(100, peerDropAt);
    used.ledger.setLimit(used.row, 'leaseLeft', 0);
    used.ledger.provided(used.row, 0, 1);
    used.ledger.received(used.row, 1, 1);
    throws(() => used.ledger.restore(used.row, []), 'INVARIANT_BROKEN');
  }

  const ledger = new Ledger(1);
  const row = ledger.addLink();
  ledger.setLimit(row, 'dropAt', 1_000);
  ledger.restore(row, [
    [Column.provided + 2, 400],
    [Column.consumed, 40],
    [Column.consumed + 1, 60],
    [Column.paid, 30],
    [Column.received, 200],
    [Column.assumed, 7],
    [Column.providedCorrection, -50],
    [Column.uncleared, 20],
  ]);
  ledger.audit(row);
  // Of 50 written off, 2 % of what it has paid and was not paid back are forgiven: 3 of 170.
  const column = [Column.balance, Column.forgiven, Column.ceiling].map((each) => ledger.get(row, each));
  assert.deepEqual(column, [80, 47, 1_000 - 47 - 7 - 20]);
  assert.equal(ledger.debtOf(row), 80 + 47 + 7 + 20);
  assert.deepEqual([ledger.writeOff(row), ledger.derivedBalance(row)], [-50, 80]);

  const other = ledger.addLink();
  ledger.restore(other, [[Column.heldProvide, -1]]);
  throws(() => ledger.audit(other), 'INVARIANT_BROKEN');
});

test('books never overflow, on either side', () => {
  const { ledger, row } = link();
  ledger.provided(row, 0, MAX);
  throws(() => ledger.provided(row, 0, 1), 'AMOUNT_OVERFLOW');
  throws(() => ledger.provided(row, 1, 1), 'AMOUNT_OVERFLOW');
  const other = link();
  other.ledger.consumed(other.row, 0, MAX);
  throws(() => other.ledger.consumed(other.row, 1, 1), 'AMOUNT_OVERFLOW');
  throws(() => other.ledger.correct(other.row, 'consumed', 0, 0.5), 'AMOUNT_INVALID');
  throws(() => other.ledger.setLimit(other.row, 'dropAt', -1), 'AMOUNT_INVALID');
  throws(() => other.ledger.setLimit(other.row, 'assumed', 0.5), 'AMOUNT_INVALID');
  throws(() => other.ledger.cleared(other.row, -1), 'AMOUNT_INVALID');
  throws(() => other.ledger.undone(other.row, -1), 'AMOUNT_INVALID');
  throws(() => other.ledger.paying(other.row, -1), 'AMOUNT_INVALID');
  throws(() => other.ledger.provided(other.row, 0, -1), 'AMOUNT_INVALID');
  assert.equal(other.ledger.halted(other.row), false, 'bad input is no broken rule');
});

test('a hold for using keeps room on the other side, and what is assumed counts as owed', () => {
  const { cell, ledger, row } = link();
  assert.equal(ledger.roomToConsume(row), 100);
  const hold = ledger.holdConsume(row, 60);
  assert.deepEqual([cell(Column.heldConsume), ledger.roomToConsume(row)], [60, 40]);
  ledger.setLimit(row, 'assumed', 15);
  assert.equal(ledger.roomToConsume(row), 25);
  assert.equal(ledger.holdConsume(row, 26), Refusal.limit);
  const second = ledger.holdConsume(row, 25);
  assert.ok(second >= 0);
  ledger.commit(hold, 1, 20);
  assert.deepEqual([cell(Column.balance), cell(Column.consumed + 1), cell(Column.heldConsume)], [-20, 20, 25]);
  ledger.release(second);
  assert.deepEqual([cell(Column.heldConsume), ledger.roomToConsume(row)], [0, 65]);
  ledger.provided(row, 0, 50);
  assert.equal(ledger.roomToConsume(row), 115, 'what it owes me is room too');
  assert.equal(ledger.holdConsume(row, 116), Refusal.limit);
  ledger.commit(ledger.holdConsume(row, 115), 0, 0);
  ledger.setLimit(row, 'leaseLeft', 9);
  assert.equal(ledger.holdConsume(row, 10), Refusal.lease);
});

test('each charge uses up the lease, by what was charged and not by what was held', () => {
  const { cell, ledger, row } = link();
  ledger.setLimit(row, 'leaseLeft', 50);
  const hold = ledger.holdProvide(row, 30);
  assert.deepEqual([cell(Column.leaseLeft), ledger.roomToProvide(row)], [20, 20]);
  ledger.commit(hold, 0, 10);
  assert.equal(cell(Column.leaseLeft), 40);
  ledger.provided(row, 0, 5);
  ledger.consumed(row, 0, 5);
  assert.deepEqual([cell(Column.leaseLeft), ledger.roomToConsume(row)], [30, 30]);
  ledger.consumed(row, 0, 35);
  assert.deepEqual([cell(Column.leaseLeft), ledger.roomToConsume(row), ledger.roomToProvide(row)], [-5, 0, 0]);
  assert.equal(ledger.holdProvide(row, 1), Refusal.lease);
});

test('corrections move one service’s total and the balance, by their sign', () => {
  const { cell, ledger, row } = link(1_000);
  ledger.correct(row, 'provided', 0, 7);
  ledger.correct(row, 'provided', 1, -3);
  ledger.correct(row, 'consumed', 0, 5);
  assert.deepEqual(
    [Column.providedCorrection, Column.providedCorrection + 1, Column.consumedCorrection].map(cell),
    [7, -3, 5],
  );
  assert.deepEqual([cell(Column.balance), ledger.writeOff(row), cell(Column.forgiven)], [-1, -1, 0]);
  ledger.correct(row, 'provided', 1, -30);
  assert.deepEqual([cell(Column.balance), cell(Column.forgiven)], [-31, 26]);
});

test('all that stands beside the balance counts as debt', () => {
  const { ledger, row } = link(1_000);
  ledger.provided(row, 0, 100);
  ledger.paying(row, 4);
  ledger.received(row, 20, 5);
  ledger.setLimit(row, 'assumed', 8);
  assert.equal(ledger.debtOf(row), 100 - 20 + 4 + 15 + 8);
  assert.equal(ledger.roomToProvide(row), 1_000 - 107);
  ledger.unpaid(row, 4);
  assert.equal(ledger.roomToProvide(row), 1_000 - 103);
  ledger.cleared(row, 15);
  assert.equal(ledger.roomToProvide(row), 1_000 - 88);
});

test('a debt is paid as far as the room that it made is not in use, less what a payment takes back of old forgiveness', () => {
  const { ledger, row } = link(100);
  ledger.consumed(row, 0, 60);
  assert.equal(ledger.unpaidDebt(row), 60);
  const hold = ledger.holdProvide(row, 90);
  assert.equal(ledger.unpaidDebt(row), 60, '160 less 90 is room enough');
  ledger.release(hold);
  ledger.holdProvide(row, 130);
  assert.equal(ledger.unpaidDebt(row), 30);
  ledger.paying(row, 10);
  assert.equal(ledger.unpaidDebt(row), 20);

  const broke = link(100_000);
  broke.ledger.received(broke.row, 500, 500);
  broke.ledger.provided(broke.row, 0, 500);
  broke.ledger.correct(broke.row, 'provided', 0, -10);
  broke.ledger.consumed(broke.row, 0, 9_090);
  assert.equal(broke.ledger.unpaidDebt(broke.row), 9_100);
  assert.ok(broke.ledger.holdProvide(broke.row, 104_000) >= 0);
  assert.equal(broke.ledger.unpaidDebt(broke.row), 5_000, '5,100 of room, 2 % of it for what is taken back');
});

test('a ledger grows by doubling, from any size, and keeps what its links stand at', () => {
  for (const capacity of [0, 1, 3]) {
    const ledger = new Ledger(capacity);
    for (let at = 0; at < 20; at += 1) {
      const row = ledger.addLink();
      assert.equal(row, at);
      ledger.setLimit(row, 'dropAt', at);
      ledger.received(row, at, 0);
    }
    assert.equal(ledger.links, 20);
    for (let row = 0; row < 20; row += 1) {
      const cells = [Column.dropAt, Column.received, Column.uncleared].map((each) => ledger.get(row, each));
      assert.deepEqual(cells, [row, row, row]);
    }
  }
});

test('each payment of mine is told when it is written, with it in the books', () => {
  const { cell, ledger, row } = link(1_000);
  const told: [number, number][] = [];
  ledger.settled = (at) => told.push([at, cell(Column.pending)]);
  ledger.consumed(row, 0, 60);
  ledger.paying(row, 100);
  ledger.paid(row, 100);
  ledger.received(row, 110, 110);
  assert.deepEqual(told, [[row, 100]]);
});

test('what I pay back makes nothing good, while it is pending and after it is acknowledged', () => {
  const { cell, ledger, row } = link(10_000);
  ledger.received(row, 500, 500);
  ledger.correct(row, 'provided', 0, -20);
  assert.equal(cell(Column.forgiven), 10);
  ledger.paying(row, 300);
  assert.equal(cell(Column.forgiven), 16);
  ledger.paid(row, 300);
  assert.equal(cell(Column.forgiven), 16);
});

test('attempts are put back apart from everything else', () => {
  const { cell, ledger, row } = link();
  const fresh = ledger.addLink();
  ledger.restore(fresh, [[Column.attempts, 5]]);
  assert.deepEqual([ledger.get(fresh, Column.attempts), ledger.get(fresh, Column.forgiven)], [5, 0]);
  assert.deepEqual([cell(Column.attempts), ledger.debtOf(row)], [0, 0]);
});
