import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountLease } from './account-lease.ts';
import { bareAccount, readyAccount } from './account-pair.fixture.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

const cell = ({ ledger, row }: LinkAccount, column: number): number => ledger.get(row, column);
const owe = ({ ledger, row }: LinkAccount, units: number, service = 0) => ledger.consumed(row, service, units);
const owed = ({ ledger, row }: LinkAccount, units: number, service = 0) => ledger.provided(row, service, units);

test('before any record nothing is on disk, and nothing was promised', () => {
  const lease = new AccountLease(bareAccount());
  assert.deepEqual(lease.snapshot, { lease: 0, charged: 0, consumed: [0, 0, 0], clearing: 0 });
  assert.deepEqual([lease.consumed, lease.consumedUnits, lease.unkept], [[0, 0, 0], 0, 0]);
});

test('what was charged or is held since a record was taken counts against its lease', () => {
  const account = readyAccount({ mine: { dropAt: 100_000 }, theirs: { dropAt: 100_000 } });
  account.record(10_000);
  const { snapshot } = account.lease;
  for (const s of [0, 1, 2]) {
    owed(account, 10 + s, s);
    owe(account, 100 + s, s);
  }
  account.ledger.holdProvide(account.row, 1_000);
  account.ledger.holdConsume(account.row, 2_000);
  account.durable(snapshot);
  assert.equal(cell(account, Column.leaseLeft), 10_000 - 336 - 3_000);
  assert.equal(account.lease.consumedUnits, 0);
  account.record(10_000);
  assert.deepEqual(account.lease.snapshot, { lease: 10_000, charged: 336, consumed: [100, 101, 102], clearing: 0 });
  account.durable(account.lease.snapshot);
  assert.equal(cell(account, Column.leaseLeft), 7_000);
});

test('a payment makes room once a record of it is on disk, each as much as the record tells, in whatever order', () => {
  const account = readyAccount();
  const { ledger, row } = account;
  ledger.provided(row, 0, 3_000);
  const room = () => [ledger.roomToProvide(row), cell(account, Column.uncleared), account.lease.unkept];
  assert.deepEqual(room(), [1_000, 0, 0]);
  account.received(800, 600);
  assert.deepEqual(room(), [1_000, 800, 600], 'nothing yet');
  account.record(1_000_000);
  const first = account.lease.snapshot;
  account.received(100, 100);
  account.record(1_000_000);
  const second = account.lease.snapshot;
  account.durable(first);
  assert.deepEqual(room(), [1_600, 300, 100]);
  account.durable(second);
  account.durable(first);
  assert.deepEqual(room(), [1_700, 200, 0], 'what is beyond riskAt waits for the chain');
});

test('what was consumed is on disk, corrections included, when the record of it is durable', () => {
  const account = readyAccount();
  const { lease } = account;
  for (const s of [0, 1, 2]) owe(account, 10 + s, s);
  account.ledger.correct(account.row, 'consumed', 1, 100);
  lease.promise(5);
  assert.deepEqual([lease.consumed, lease.consumedUnits], [[0, 0, 0], 0]);
  owe(account, 7, 2);
  lease.durable(lease.snapshot);
  assert.deepEqual([lease.consumed, lease.consumedUnits], [[10, 111, 12], 133]);
  assert.equal(cell(account, Column.leaseLeft), 5 - 7, 'more was charged since than was promised');
});
