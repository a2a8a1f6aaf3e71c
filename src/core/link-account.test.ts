import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column } from './ledger.ts';
import type { PerService } from './message.ts';
import { SessionPair, termsOf } from './session-pair.fixture.ts';

const PRICE = 10_000;

function traded(mb: number, dropAtMb = 16): SessionPair {
  const pair = new SessionPair(
    termsOf({ askPerMb: PRICE, bidPerMb: 0, payAtMb: 8, dropAtMb }),
    termsOf({ askPerMb: undefined, bidPerMb: PRICE, payAtMb: 8, dropAtMb: 16 }),
  );
  pair.connect();
  const door = pair.left.account.door('transit');
  for (let sent = 0; sent < mb * 1_000_000; sent += 50_000) {
    const hold = door.serve(50_000, pair.nowMs);
    pair.right.account.door('transit').delivered(50_000, door.sellEpoch);
    door.commit(hold);
    pair.look();
  }
  return pair;
}

/** The seller's counts claim more than there was. */
function inflate(pair: SessionPair, provided: number, admitted: number): void {
  const { account } = pair.left;
  const honest = account.counts.bind(account);
  account.counts = (opening, epoch) => ({
    ...honest(opening, epoch),
    provided: [provided, 0, 0] as PerService,
    admitted: [admitted, 0, 0] as PerService,
  });
}

test('a seller cannot raise what I owe by claiming, on a new connection, that I admitted it', () => {
  const pair = traded(2);
  inflate(pair, 50 * PRICE, 50 * PRICE);
  pair.reconnect();
  const { ledger, row } = pair.right.account;
  assert.equal(ledger.get(row, Column.balance), -2 * PRICE);
  assert.equal(ledger.writeOff(row), 0);
});

test('after a crash of mine it can claim no more than its credit had room for', () => {
  const pair = traded(2);
  pair.journal();
  inflate(pair, 500 * PRICE, 500 * PRICE);
  pair.crash('right');
  assert.equal(pair.right.account.net('consumed', 0), 16 * PRICE);
});

test('nor, however much credit it says it gives, more than I can have used', () => {
  const pair = traded(2, 1_000);
  pair.journal();
  inflate(pair, 900 * PRICE, 900 * PRICE);
  pair.crash('right');
  assert.equal(pair.right.account.net('consumed', 0), (2 + 16) * PRICE);
});

test('what was paid for is admitted: a buyer that lost its records cannot undo it', () => {
  const pair = traded(9);
  pair.advance(600);
  assert.equal(pair.left.account.ledger.get(pair.left.account.row, Column.received), 8 * PRICE);
  assert.deepEqual(pair.left.account.counts(true, 1).admitted, [9 * PRICE, 0, 0], 'by its own counts');
  pair.crash('left');
  assert.ok((pair.left.account.counts(true, 1).admitted[0] ?? 0) >= 8 * PRICE, 'by its payments');
});
