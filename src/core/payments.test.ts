import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column } from './ledger.ts';
import { Payments } from './payments.ts';
import type { SessionEffect } from './session-effect.ts';
import { SessionPair, termsOf } from './session-pair.fixture.ts';
import { SESSION_RULES } from './session-rules.ts';
import type { Terms } from './terms.ts';

const PRICE = 10_000;

/** A buyer that owes as much as it is to pay, and the money side of its session. */
function due(change: Partial<Terms> = {}) {
  const sells = { ...termsOf({ askPerMb: PRICE, bidPerMb: 0, payAtMb: 1, dropAtMb: 8 }), ...change };
  const buys = { ...termsOf({ askPerMb: undefined, bidPerMb: PRICE, payAtMb: 1, dropAtMb: 8 }), ...change };
  const pair = new SessionPair(sells, buys);
  pair.connect();
  const { account } = pair.right;
  account.ledger.consumed(account.row, 0, 2 * PRICE);
  const payments = new Payments({ account, rules: SESSION_RULES, pending: [] });
  const paid = () => account.ledger.get(account.row, Column.paid);
  return { payments, account, buys, paid };
}

const CHEQUE = { chequebook: '0x', beneficiary: '0x', cumulativeWei: 1n, signature: new Uint8Array(65) };
const ack = { kind: 'paymentAck', id: 1, acceptedWei: 1n, code: '' } as const;

test('an answer counts when its payment has left, and not before: ids can be guessed', () => {
  const { payments, buys, paid } = due();
  const effects: SessionEffect[] = [];
  assert.equal(payments.pay(buys, 0, effects), true);
  assert.deepEqual(effects, [{ kind: 'writePayment', id: 1, method: 'cheque', units: 2 * PRICE }]);

  const none: SessionEffect[] = [];
  payments.acknowledged(ack, 1, none);
  assert.deepEqual([none, paid(), payments.pendingUnits], [[], 0, 2 * PRICE]);

  payments.written(
    { kind: 'paymentWritten', id: 1, method: 'cheque', proof: { kind: 'cheque', cheque: CHEQUE } },
    effects,
  );
  payments.acknowledged({ ...ack, id: 2 }, 2, none);
  assert.deepEqual([none, paid()], [[], 0]);
  payments.acknowledged(ack, 2, effects);
  assert.deepEqual([paid(), payments.pendingUnits], [2 * PRICE, 0]);
  payments.acknowledged(ack, 3, none);
  assert.deepEqual([none, paid()], [[], 2 * PRICE], 'once');
});

const proof = { kind: 'cheque', cheque: CHEQUE } as const;
const both = { methods: ['channel', 'transfer', 'cheque'] } as const;

test('a method that cannot be used leaves the payment to the next one, and is tried again later', () => {
  const { account, buys, payments } = due({ ...both });
  const effects: SessionEffect[] = [];
  const writes = () =>
    effects.splice(0).flatMap((each) => (each.kind === 'writePayment' ? [[each.method, each.units]] : []));
  assert.ok(payments.pay(buys, 0, effects));
  assert.deepEqual(writes(), [['channel', 2 * PRICE]]);
  payments.failed(
    { kind: 'paymentFailed', id: 1, method: 'channel', units: 2 * PRICE, code: 'CHANNEL_FULL' },
    0,
    effects,
  );
  assert.equal(payments.pendingUnits, 0);
  assert.ok(payments.pay(buys, 0, effects));
  assert.deepEqual(writes(), [['transfer', 2 * PRICE]]);

  payments.written(
    { kind: 'paymentWritten', id: 2, method: 'transfer', proof: { kind: 'transfer', transaction: '0x' } },
    effects,
  );
  account.ledger.consumed(account.row, 0, 2 * PRICE);
  assert.equal(payments.pay(buys, 200, effects), false, 'a transfer has to be answered before the next one');
  const laterMs = SESSION_RULES.retryMs;
  assert.ok(payments.pay(buys, laterMs, effects));
  assert.deepEqual(writes(), [['channel', 2 * PRICE]], 'what the transfer pays is not paid again');
});

test('what is pending by one method stays there: each answer pays its own, in any order, once', () => {
  const { account, buys, paid, payments } = due({ ...both });
  const effects: SessionEffect[] = [];
  payments.pay(buys, 0, effects);
  payments.written({ kind: 'paymentWritten', id: 1, method: 'channel', proof }, effects);
  payments.acknowledged({ ...ack, code: 'CHEQUE_UNVERIFIED' }, 1, effects);
  account.ledger.consumed(account.row, 0, PRICE);
  const noChannel = { ...buys, methods: ['cheque'] as const };
  assert.equal(payments.pay(noChannel, 2, effects), false, 'not before its time');
  const laterMs = 2 * SESSION_RULES.retryMs;
  account.ledger.consumed(account.row, 0, PRICE);
  assert.ok(payments.pay(noChannel, laterMs, effects));
  assert.deepEqual(effects.at(-1), { kind: 'writePayment', id: 2, method: 'cheque', units: 2 * PRICE });
  payments.written({ kind: 'paymentWritten', id: 2, method: 'cheque', proof }, effects);
  payments.acknowledged({ ...ack, id: 2 }, laterMs, effects);
  assert.deepEqual([paid(), payments.pendingUnits], [2 * PRICE, 2 * PRICE]);

  payments.interrupted();
  const again: SessionEffect[] = [];
  assert.ok(payments.resend(again));
  assert.deepEqual(again, [{ kind: 'resendPayment', method: 'channel' }]);
  payments.written({ kind: 'paymentWritten', id: 1, method: 'channel', proof }, effects);
  payments.acknowledged(ack, laterMs, effects);
  assert.deepEqual([paid(), payments.pendingUnits], [4 * PRICE, 0]);
});

test('after a restart each method goes on from what it had pending, under ids that were never used', () => {
  const { account, buys } = due({ ...both });
  const payments = new Payments({
    account,
    rules: SESSION_RULES,
    pending: [
      { method: 'cheque', units: 0, lastPaymentId: 7 },
      { method: 'transfer', units: 500, lastPaymentId: 9 },
    ],
  });
  const effects: SessionEffect[] = [];
  assert.equal(payments.pendingUnits, 500);
  payments.resend(effects);
  payments.pay(buys, 0, effects);
  assert.deepEqual(effects, [
    { kind: 'resendPayment', method: 'transfer' },
    { kind: 'writePayment', id: 10, method: 'channel', units: 2 * PRICE - 500 },
  ]);
});
