import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CountsMessage, PerService } from '../session/message.ts';
import { readyAccount } from './account-pair.fixture.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

const cell = ({ ledger, row }: LinkAccount, column: number): number => ledger.get(row, column);
const owe = ({ ledger, row }: LinkAccount, units: number, service = 0) => ledger.consumed(row, service, units);
const owed = ({ ledger, row }: LinkAccount, units: number, service = 0) => ledger.provided(row, service, units);

test('what the neighbour said it consumed stands, service by service, up to what was provided', () => {
  const account = readyAccount();
  for (const s of [0, 1, 2]) owed(account, 100 + s, s);
  account.counts.admit([10, 20, 30]);
  account.counts.admit([5, 25, 500]);
  assert.deepEqual(account.counts.admitted, [10, 25, 102]);
});

test('counts hold what was provided, admitted and consumed, corrections included; while it runs, what is on disk', () => {
  const account = readyAccount({ mine: { dropAt: 100_000 } });
  const { ledger, row } = account;
  for (const s of [0, 1, 2]) owed(account, 100 * (s + 1), s);
  ledger.correct(row, 'provided', 1, 7);
  ledger.correct(row, 'consumed', 2, 4);
  owe(account, 11, 0);
  owe(account, 12, 1);
  owe(account, 13, 2);
  ledger.received(row, 600, 600);
  account.counts.admit([90, 0, 0]);
  const counts = account.counts.message(true, 1);
  assert.deepEqual(counts.provided, [100, 207, 300]);
  assert.deepEqual(counts.consumed, [11, 12, 17]);
  assert.deepEqual(counts.admitted, [90, 0, 0], 'whatever was paid');
  assert.deepEqual(account.counts.message(false, 1).consumed, [0, 0, 0], 'none of it is on disk');
  account.record(1);
  account.durable(account.lease.snapshot);
  assert.deepEqual(account.counts.message(false, 1).consumed, [11, 12, 17]);
  assert.equal(account.lease.consumedUnits, 40);
});

const counted = (change: Partial<Record<'provided' | 'admitted' | 'consumed', PerService>>): CountsMessage => ({
  ...{ kind: 'counts', opening: true, storeEpoch: 1 },
  ...{ provided: [0, 0, 0], admitted: [0, 0, 0], consumed: [0, 0, 0], ...change },
});

test('after a break both go on from the same totals, service by service, and forget the millionths', () => {
  const account = readyAccount({ mine: { dropAt: 100_000 }, theirs: { dropAt: 100_000 } });
  for (const s of [0, 1, 2]) {
    owed(account, 1_000 + s, s);
    owe(account, 500 + s, s);
  }
  account.ledger.setLimit(account.row, 'assumed', 9);
  for (const name of ['transit', 'chunks', 'packets'] as const) {
    const quantities = { providedBytes: 1, consumedBytes: 1, providedRemainder: 7, consumedRemainder: 8, barterNet: 0 };
    account.service(name).restore(quantities);
  }
  const mine = account.counts.message(true, 1);
  const theirs = counted({ consumed: [900, 1_011, 1_003], provided: [510, 505, 502], admitted: [0, 0, 0] });
  const moved = account.counts.reconcile(mine, theirs);
  assert.deepEqual(moved, { provided: -89, consumed: 0, inflated: false });
  assert.deepEqual(account.counts.admitted, [900, 1_011, 1_003]);
  assert.deepEqual(
    [account.net('provided', 0), account.net('provided', 1), account.net('provided', 2)],
    [900, 1_011, 1_003],
  );
  assert.equal(cell(account, Column.assumed), 0);
  for (const name of ['transit', 'chunks', 'packets'] as const) {
    const { consumedRemainder, providedRemainder } = account.service(name);
    assert.deepEqual([consumedRemainder, providedRemainder], [0, 0]);
  }
  const lower = account.counts.reconcile(
    account.counts.message(true, 1),
    counted({ ...mine, provided: [400, 501, 440] }),
  );
  assert.deepEqual([lower.consumed, account.net('consumed', 2)], [0, 502], 'what I counted is my word');
});

test('what I admitted is on disk: a claim beyond it is inflated, and only believed of restored books', () => {
  const claim = counted({ provided: [700, 0, 300], admitted: [700, 0, 300] });
  const made = (restored: boolean) => {
    const account = readyAccount({ theirs: { dropAt: 100_000 } });
    owe(account, 600, 0);
    owe(account, 300, 2);
    account.ledger.setLimit(account.row, 'assumed', 150);
    const sums = account.counts.reconcile(
      account.counts.message(true, 1),
      { ...claim, consumed: [0, 0, 0] },
      restored ? true : undefined,
    );
    return [sums, account.net('consumed', 0), account.net('consumed', 2)];
  };
  assert.deepEqual(made(false), [{ provided: 0, consumed: 0, inflated: true }, 600, 300]);
  assert.deepEqual(made(true), [{ provided: 0, consumed: 100, inflated: false }, 700, 300]);
});
