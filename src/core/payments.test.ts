import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column } from './ledger.ts';
import { Payments } from './payments.ts';
import type { SessionEffect } from './session-effect.ts';
import { SessionPair, termsOf } from './session-pair.fixture.ts';
import { SESSION_RULES } from './session-rules.ts';

const PRICE = 10_000;

/** A buyer that owes as much as it is to pay, and the money side of its session. */
function due() {
  const sells = termsOf({ askPerMb: PRICE, bidPerMb: 0, payAtMb: 1, dropAtMb: 4 });
  const buys = termsOf({ askPerMb: undefined, bidPerMb: PRICE, payAtMb: 1, dropAtMb: 4 });
  const pair = new SessionPair(sells, buys);
  pair.connect();
  const { account } = pair.right;
  account.ledger.consumed(account.row, 0, 2 * PRICE);
  const payments = new Payments({ account, rules: SESSION_RULES, pendingUnits: 0, lastPaymentId: 0 });
  const paid = () => account.ledger.get(account.row, Column.paid);
  return { payments, account, buys, paid };
}

const CHEQUE = { chequebook: '0x', beneficiary: '0x', cumulativeWei: 1n, signature: new Uint8Array(65) };
const ack = { kind: 'paymentAck', id: 1, acceptedWei: 1n, code: '' } as const;

test('an answer counts when its payment has left, and not before: ids can be guessed', () => {
  const { payments, buys, paid } = due();
  const effects: SessionEffect[] = [];
  assert.equal(payments.pay(buys, 0, effects), true);
  assert.deepEqual(effects, [{ kind: 'writeCheque', id: 1, units: 2 * PRICE }]);

  const none: SessionEffect[] = [];
  payments.acknowledged(ack, 1, none);
  assert.deepEqual([none, paid(), payments.pendingUnits], [[], 0, 2 * PRICE]);

  payments.written({ kind: 'chequeWritten', id: 1, cheque: CHEQUE }, effects);
  payments.acknowledged({ ...ack, id: 2 }, 2, none);
  assert.deepEqual([none, paid()], [[], 0]);
  payments.acknowledged(ack, 2, effects);
  assert.deepEqual([paid(), payments.pendingUnits], [2 * PRICE, 0]);
  payments.acknowledged(ack, 3, none);
  assert.deepEqual([none, paid()], [[], 2 * PRICE], 'once');
});
