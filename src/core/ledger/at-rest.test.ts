import assert from 'node:assert/strict';
import { test } from 'node:test';
import { termsOf } from '../session/session-pair.fixture.ts';
import { accountAtRest, accountDueMs, netConsumed } from './at-rest.ts';
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

test('a debt that is held back keeps the account awake: it falls due by what happens on another link', () => {
  const made = account();
  made.mine.announce(termsOf({ askPerMb: 10, bidPerMb: 10, payAtMb: 1, dropAtMb: 4 }));
  made.theirs.take(termsOf({ askPerMb: 10, bidPerMb: 10, payAtMb: 1, dropAtMb: 4 }));
  made.applyLimits();
  made.ready = true;
  made.onHeldBack(() => 20_000);
  made.ledger.consumed(made.row, 0, 9_999);
  assert.deepEqual([made.payDue(), accountAtRest(made, 9_999)], [false, true]);
  made.ledger.consumed(made.row, 0, 1);
  assert.deepEqual([made.payDue(), accountAtRest(made, 10_000)], [false, false]);
});

test('what was consumed counts over all services, with its corrections', () => {
  const made = account();
  made.ledger.consumed(made.row, 0, 7);
  made.ledger.consumed(made.row, 2, 5);
  made.ledger.correct(made.row, 'consumed', 0, -3);
  assert.equal(netConsumed(made), 9);
});

test('what was consumed is told again when it may be, and anything else that is under way is looked at now', () => {
  const made = account();
  const dueMs = (units: number): number => accountDueMs(made, { units, againMs: 900 }, 500);
  assert.equal(dueMs(0), 500, 'not connected');
  made.ready = true;
  assert.equal(dueMs(0), Number.POSITIVE_INFINITY);
  made.ledger.consumed(made.row, 0, 7);
  assert.deepEqual([dueMs(0), dueMs(7)], [900, Number.POSITIVE_INFINITY]);
  made.ledger.paying(made.row, 5);
  assert.deepEqual([dueMs(0), dueMs(7)], [500, 500]);
});
