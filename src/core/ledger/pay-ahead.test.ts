import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareAccount, readyAccount } from './account-pair.fixture.ts';
import { Column } from './columns.ts';
import { aheadOf } from './pay-ahead.ts';

test('what is paid ahead stays below my own payAt and inside the limit, with all that the neighbour owes and may owe', () => {
  const limits = (payAt: number, dropAt: number) => readyAccount({ mine: { payAt, dropAt } });
  assert.equal(aheadOf(limits(1_000, 4_000), 1), 1);
  assert.equal(aheadOf(limits(1_000, 4_000), 0), 0);
  assert.equal(aheadOf(limits(1_000, 4_000), -5), 0);
  assert.equal(aheadOf(limits(1_000, 4_000), 5_000), 999);
  assert.equal(aheadOf(limits(1_000, 400), 5_000), 400, 'no room for more');
  assert.equal(aheadOf(bareAccount(), 5_000), 0, 'before any terms');

  const owing = limits(1_000, 4_000);
  owing.ledger.consumed(owing.row, 0, 600);
  assert.equal(aheadOf(owing, 5_000), 999, 'what is owed is paid beside it');
  const tight = limits(1_000, 700);
  tight.ledger.consumed(tight.row, 0, 600);
  assert.equal(aheadOf(tight, 5_000), 700, 'paying a debt leaves the room as it was without it');

  const owed = limits(1_000, 4_000);
  owed.ledger.provided(owed.row, 0, 300);
  assert.equal(aheadOf(owed, 5_000), 699);
  owed.ledger.holdProvide(owed.row, 100);
  assert.equal(aheadOf(owed, 5_000), 599);
  owed.ledger.provided(owed.row, 0, 700);
  assert.equal(aheadOf(owed, 5_000), 0);
});

test('what is paid ahead takes back some of what payments made good, and stays inside the limit with that', () => {
  for (const [payAt, dropAt, ahead] of [
    [9_000, 1_020, 1_000],
    [1_021, 9_000, 1_000],
    [9_000, 1_019, 999],
  ] as const) {
    const account = readyAccount({ mine: { payAt, dropAt } });
    const { ledger, row } = account;
    ledger.received(row, 10_200, 10_200);
    ledger.provided(row, 0, 10_400);
    ledger.correct(row, 'provided', 0, -200);
    assert.equal(ledger.get(row, Column.forgiven), 0, 'all was made good');
    assert.equal(aheadOf(account, 5_000), ahead);
    ledger.paying(row, ahead);
    ledger.audit(row);
  }
});
