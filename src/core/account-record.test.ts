import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column, Ledger } from './ledger.ts';
import { LinkAccount } from './link-account.ts';
import { PAIR_ID } from './session-pair.fixture.ts';

function fresh(): LinkAccount {
  const options = { fullRateBytesPerSecond: 1, epochGraceMs: 1, enforce: true };
  return new LinkAccount({ ...options, ledger: new Ledger(), neighbour: PAIR_ID });
}

test('what a record says is what an account restored from it stands at, each service by itself', () => {
  const account = fresh();
  const { ledger, row } = account;
  for (const service of [0, 1, 2]) {
    ledger.provided(row, service, 100 + service);
    ledger.consumed(row, service, 10 + service);
    ledger.correct(row, 'provided', service, 3 + service);
    ledger.correct(row, 'consumed', service, -1 - service);
  }
  ledger.received(row, 50, 20);
  ledger.paying(row, 9);
  ledger.paid(row, 9);
  for (const [at, name] of (['transit', 'chunks', 'packets'] as const).entries()) {
    account.service(name).restore({
      providedBytes: at + 1,
      consumedBytes: at + 4,
      providedRemainder: at + 7,
      consumedRemainder: at + 10,
    });
  }
  account.banned = true;
  const record = account.record(77);
  assert.deepEqual(record, {
    provided: [100, 101, 102],
    consumed: [10, 11, 12],
    providedBytes: [1, 2, 3],
    consumedBytes: [4, 5, 6],
    providedRemainder: [7, 8, 9],
    consumedRemainder: [10, 11, 12],
    attempts: 0,
    paid: 9,
    received: 50,
    providedCorrection: [3, 4, 5],
    consumedCorrection: [-1, -2, -3],
    lease: 77,
    closed: true,
  });

  const again = fresh();
  again.restore(record, 30);
  assert.deepEqual(again.record(77), record);
  const cells = [Column.balance, Column.uncleared, Column.assumed].map((each) => again.ledger.get(again.row, each));
  assert.deepEqual(cells, [ledger.get(row, Column.balance), 30, 77]);
  assert.equal(again.writtenConsumed, 10 + 11 + 12 - 6);
  again.ledger.audit(again.row);
});
