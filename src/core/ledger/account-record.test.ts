import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAIR_ID } from '../session/session-pair.fixture.ts';
import { agree, plainTerms, readyAccount, UNIT_A_BYTE } from './account-pair.fixture.ts';
import { Column } from './columns.ts';
import { Ledger } from './ledger.ts';
import { LinkAccount } from './link-account.ts';

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
  ledger.correct(row, 'provided', 0, -40);
  ledger.fade(row, 20);
  ledger.received(row, 50, 20);
  ledger.paying(row, 9);
  ledger.paid(row, 9);
  for (const [at, name] of (['transit', 'chunks', 'packets'] as const).entries()) {
    account.service(name).restore({
      providedBytes: at + 1,
      consumedBytes: at + 4,
      providedRemainder: at + 7,
      consumedRemainder: at + 10,
      barterNet: at - 1,
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
    providedCorrection: [-37, 4, 5],
    consumedCorrection: [-1, -2, -3],
    faded: 20,
    barterNet: [-1, 0, 1],
    lease: 77,
    closed: true,
  });

  const again = fresh();
  again.restore(record, 30);
  assert.deepEqual(again.record(77), record);
  const cells = [Column.balance, Column.uncleared, Column.assumed].map((each) => again.ledger.get(again.row, each));
  assert.deepEqual(cells, [ledger.get(row, Column.balance), 30, 77]);
  again.durable(again.lease.snapshot);
  assert.equal(again.lease.consumedUnits, 10 + 11 + 12 - 6);
  again.ledger.audit(again.row);
});

test('what is owed in kind is not paid in tokens after a restart either', () => {
  const kind = plainTerms({
    services: { ...plainTerms().services, transit: { askPerMb: UNIT_A_BYTE, bidPerMb: 0 } },
  });
  const account = readyAccount({ mine: kind, theirs: kind });
  account.door('transit').delivered(2_000, 1);
  assert.deepEqual([account.ledger.unpaidDebt(account.row), account.payable(), account.payDue()], [2_000, 0, false]);
  const again = fresh();
  again.restore(account.record(0), 0);
  agree(again, kind, kind);
  assert.deepEqual([again.ledger.unpaidDebt(again.row), again.payable(), again.payDue()], [2_000, 0, false]);

  const seller = readyAccount({ mine: kind, theirs: kind });
  seller.door('transit').commit(seller.door('transit').serve(2_000, 0));
  const counts = seller.counts.message(true, 1);
  seller.counts.reconcile(counts, { ...counts, provided: [0, 0, 0], consumed: [1_500, 0, 0] });
  seller.door('transit').delivered(1_800, 1);
  assert.equal(seller.service('transit').netOwed(), 300, 'what was lost on the way repays nothing');
});
