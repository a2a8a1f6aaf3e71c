import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../errors.ts';
import { Column } from './columns.ts';
import { Refusal } from './hold-table.ts';
import { Ledger } from './ledger.ts';

const LEASE = 1_000_000;

function link(dropAt: number, peerDropAt = dropAt): { ledger: Ledger; row: number } {
  const ledger = new Ledger(1);
  const row = ledger.addLink();
  ledger.setLimit(row, 'dropAt', dropAt);
  ledger.setLimit(row, 'peerDropAt', peerDropAt);
  ledger.setLimit(row, 'leaseLeft', LEASE);
  return { ledger, row };
}

function codeOfCall(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}

test('serving is refused before it happens: debt, uncleared payments, holds and assumptions count', () => {
  const { ledger, row } = link(100);
  const first = ledger.holdProvide(row, 60);
  assert.ok(first >= 0);
  assert.equal(ledger.holdProvide(row, 41), Refusal.limit, 'holds in flight are inside the limit');
  const second = ledger.holdProvide(row, 40);
  assert.ok(second >= 0);
  ledger.commit(first, 0, 50);
  assert.equal(ledger.roomToProvide(row), 10);
  ledger.release(second);
  assert.equal(ledger.roomToProvide(row), 50);
  ledger.received(row, 50, 20);
  assert.equal(ledger.get(row, Column.balance), 0);
  assert.equal(ledger.roomToProvide(row), 70, 'what is not final clears no debt');
  ledger.cleared(row, 30);
  assert.equal(ledger.roomToProvide(row), 100);
  ledger.undone(row, 40);
  assert.equal(ledger.roomToProvide(row), 60, 'what the chain took back clears no debt again');
  ledger.cleared(row, 40);
  ledger.setLimit(row, 'assumed', 30);
  assert.equal(ledger.holdProvide(row, 71), Refusal.limit);
});

test('using is refused where my debt would pass the limit I was given', () => {
  const { ledger, row } = link(0, 100);
  const hold = ledger.holdConsume(row, 100);
  assert.ok(hold >= 0);
  assert.equal(ledger.holdConsume(row, 1), Refusal.limit);
  ledger.commit(hold, 0, 100);
  assert.equal(ledger.get(row, Column.balance), -100);
  assert.equal(ledger.unpaidDebt(row), 100);
  ledger.paying(row, 100);
  assert.equal(ledger.unpaidDebt(row), 0, 'what is being paid is not paid twice');
  assert.equal(ledger.get(row, Column.balance), -100, 'and stays my debt until it is acknowledged');
  ledger.paid(row, 100);
  assert.equal(ledger.get(row, Column.balance), 0);
  ledger.audit(row);
});

test('what a payment under way settles is not lent a second time, and a payment leaves room for what is being provided', () => {
  const { ledger, row } = link(100);
  ledger.consumed(row, 0, 60);
  ledger.paying(row, 60);
  assert.equal(ledger.roomToProvide(row), 100, 'not 160: the neighbour holds a cheque over 60');
  ledger.paid(row, 60);
  assert.equal(ledger.roomToProvide(row), 100);
  ledger.consumed(row, 0, 60);
  assert.ok(ledger.holdProvide(row, 130) >= 0, 'let through because I owe 60');
  assert.equal(ledger.unpaidDebt(row), 30, 'so not all of it may be paid before that has ended');
});

test('what was written off in its favour stays in a neighbour’s exposure, but for 2 % of what it paid', () => {
  const { ledger, row } = link(100);
  ledger.provided(row, 0, 80);
  ledger.correct(row, 'provided', 0, -50);
  assert.deepEqual([ledger.get(row, Column.balance), ledger.roomToProvide(row)], [30, 20], 'a break gives no room');
  ledger.received(row, 30, 30);
  assert.equal(ledger.roomToProvide(row), 50);
  ledger.provided(row, 0, 1000);
  ledger.received(row, 1000, 1000);
  assert.equal(ledger.roomToProvide(row), 70, '2 % of 1030 are forgiven');
  ledger.consumed(row, 0, 500);
  ledger.paying(row, 500);
  assert.equal(ledger.roomToProvide(row), 60, 'but not of what was paid back');
  ledger.audit(row);
});

test('prepaid credit is room beyond the limit', () => {
  const { ledger, row } = link(10);
  ledger.received(row, 50, 50);
  assert.equal(ledger.roomToProvide(row), 60);
});

test('without a lease nothing is served', () => {
  const { ledger, row } = link(100);
  ledger.setLimit(row, 'leaseLeft', 5);
  assert.equal(ledger.holdProvide(row, 6), Refusal.lease);
  const hold = ledger.holdProvide(row, 5);
  assert.equal(ledger.holdProvide(row, 1), Refusal.lease);
  ledger.release(hold);
  assert.ok(ledger.holdProvide(row, 5) >= 0, 'a released hold gives its lease back');
});

test('part of a hold is charged, and the rest stays reserved also above a lowered limit', () => {
  const { ledger, row } = link(100);
  const hold = ledger.holdProvide(row, 60);
  ledger.setLimit(row, 'dropAt', 10);
  ledger.commitPart(hold, 0, 25);
  assert.deepEqual([ledger.get(row, Column.balance), ledger.get(row, Column.heldProvide)], [25, 35]);
  assert.equal(ledger.holdProvide(row, 1), Refusal.limit);
  ledger.commitPart(hold, 0, 35);
  ledger.release(hold);
  assert.deepEqual([ledger.get(row, Column.balance), ledger.get(row, Column.heldProvide)], [60, 0]);
  assert.equal(
    codeOfCall(() => ledger.commitPart(hold, 0, 0)),
    'HOLD_UNKNOWN',
  );
});

test('a hold ends exactly once', () => {
  const { ledger, row } = link(100);
  const hold = ledger.holdProvide(row, 10);
  ledger.commit(hold, 0, 10);
  assert.equal(
    codeOfCall(() => ledger.commit(hold, 0, 10)),
    'HOLD_UNKNOWN',
  );
  assert.equal(
    codeOfCall(() => ledger.release(hold)),
    'HOLD_UNKNOWN',
  );
  const again = ledger.holdProvide(row, 10);
  assert.notEqual(again, hold, 'the slot has a new generation');
  assert.equal(
    codeOfCall(() => ledger.release(hold)),
    'HOLD_UNKNOWN',
    'the old handle does not end the new hold',
  );
  assert.equal(ledger.holds, 1);
  for (const never of [-1, 7, 2 ** 40, 0.5])
    assert.equal(
      codeOfCall(() => ledger.release(never)),
      'HOLD_UNKNOWN',
    );
});

test('a broken rule stops that link and no other', () => {
  const { ledger, row } = link(100);
  const other = ledger.addLink();
  ledger.setLimit(other, 'dropAt', 100);
  ledger.setLimit(other, 'leaseLeft', LEASE);
  const hold = ledger.holdProvide(row, 10);
  assert.equal(
    codeOfCall(() => ledger.commit(hold, 0, 11)),
    'INVARIANT_BROKEN',
  );
  assert.equal(ledger.holdProvide(row, 1), Refusal.halted);
  ledger.setLimit(row, 'dropAt', 1_000);
  assert.equal(ledger.holdProvide(row, 1), Refusal.halted, 'new terms do not revive it');
  ledger.received(row, 500, 500);
  assert.equal(ledger.holdProvide(row, 1), Refusal.halted, 'nor does money');
  assert.equal(ledger.roomToProvide(row), 0);
  assert.ok(ledger.holdProvide(other, 1) >= 0);
  assert.equal(
    codeOfCall(() => ledger.paid(other, 1)),
    'INVARIANT_BROKEN',
    'more acknowledged than was pending',
  );
});

test('amounts that are no amounts are refused at the door', () => {
  const { ledger, row } = link(100);
  for (const bad of [-1, 0.5, Number.NaN]) {
    assert.equal(
      codeOfCall(() => ledger.holdProvide(row, bad)),
      'AMOUNT_INVALID',
    );
    assert.equal(
      codeOfCall(() => ledger.consumed(row, 0, bad)),
      'AMOUNT_INVALID',
    );
    assert.equal(
      codeOfCall(() => ledger.received(row, bad, 0)),
      'AMOUNT_INVALID',
    );
  }
  ledger.received(row, Number.MAX_SAFE_INTEGER, 0);
  assert.equal(
    codeOfCall(() => ledger.received(row, 1, 0)),
    'AMOUNT_OVERFLOW',
  );
});

test('over any sequence: exposure stays within the limit, the balance is its totals, holds come back', () => {
  const step = fc.record({
    act: fc.constantFrom('serve', 'use', 'drop', 'pay', 'payIn', 'clear', 'undo', 'correct'),
    units: fc.nat(60),
    part: fc.nat(60),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(200), (steps, dropAt) => {
      const { ledger, row } = link(dropAt);
      const open: { hold: number; units: number }[] = [];
      for (const { act, units, part } of steps) {
        if (act === 'serve' || act === 'use') {
          const hold = act === 'serve' ? ledger.holdProvide(row, units) : ledger.holdConsume(row, units);
          if (hold >= 0) open.push({ hold, units });
          const exposed = ledger.debtOf(row) + ledger.get(row, Column.heldProvide);
          if (act === 'serve' && hold >= 0) assert.ok(exposed <= dropAt);
        } else if (act === 'drop') {
          const ended = open.splice(part % Math.max(1, open.length), 1)[0];
          if (ended !== undefined && part % 2 === 0) ledger.release(ended.hold);
          else if (ended !== undefined) ledger.commit(ended.hold, part % 3, Math.min(part, ended.units));
        } else if (act === 'pay') {
          ledger.paying(row, Math.min(units, ledger.unpaidDebt(row)));
          ledger.paid(row, ledger.get(row, Column.pending));
        } else if (act === 'payIn') ledger.received(row, units, Math.min(units, part));
        else if (act === 'clear') ledger.cleared(row, ledger.get(row, Column.uncleared));
        else if (act === 'undo')
          ledger.undone(row, Math.min(units, ledger.get(row, Column.received) - ledger.get(row, Column.uncleared)));
        else ledger.correct(row, part % 2 === 0 ? 'provided' : 'consumed', part % 3, units - part);
        ledger.audit(row);
      }
      for (const { hold } of open) ledger.release(hold);
      assert.equal(ledger.holds, 0);
      assert.equal(ledger.get(row, Column.heldProvide) + ledger.get(row, Column.heldConsume), 0);
    }),
  );
});

test('accounts keep apart while the table grows', () => {
  const ledger = new Ledger(1);
  const rows = Array.from({ length: 100 }, () => ledger.addLink());
  for (const row of rows) ledger.consumed(row, 1, row);
  for (const row of rows) assert.equal(ledger.get(row, Column.balance) + row, 0);
});
