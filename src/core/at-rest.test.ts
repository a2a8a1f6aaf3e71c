import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountAtRest, netConsumed } from './at-rest.ts';
import { Ledger } from './ledger.ts';
import { LinkAccount } from './link-account.ts';

function account(): LinkAccount {
  const options = {
    ledger: new Ledger(),
    neighbour: `0x${'aa'.repeat(20)}`,
    fullRateBytesPerSecond: 1,
    epochGraceMs: 1,
  };
  return new LinkAccount({ ...options, enforce: true });
}

test('an account is at rest unless a payment is under way or something was not told', () => {
  const made = account();
  assert.equal(accountAtRest(made, 0), false, 'not connected');
  made.ready = true;
  assert.equal(accountAtRest(made, 0), true);
  made.ledger.paying(made.row, 5);
  assert.equal(accountAtRest(made, 0), false);
  made.ledger.unpaid(made.row, 5);
  made.ledger.consumed(made.row, 0, 7);
  assert.deepEqual([accountAtRest(made, 0), accountAtRest(made, 7)], [false, true]);
});

test('what was consumed counts over all services, with its corrections', () => {
  const made = account();
  made.ledger.consumed(made.row, 0, 7);
  made.ledger.consumed(made.row, 2, 5);
  made.ledger.correct(made.row, 'consumed', 0, -3);
  assert.equal(netConsumed(made), 9);
});
