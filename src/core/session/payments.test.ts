import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column } from '../ledger/columns.ts';
import type { Terms } from '../terms/terms.ts';
import { Payments, type PendingPayment } from './payments.ts';
import type { SessionEffect } from './session-effect.ts';
import { SessionPair, termsOf } from './session-pair.fixture.ts';
import { SESSION_RULES } from './session-rules.ts';

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
    0,
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
    0,
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
  payments.written({ kind: 'paymentWritten', id: 1, method: 'channel', proof }, 0, effects);
  payments.acknowledged({ ...ack, code: 'CHEQUE_UNVERIFIED' }, 1, effects);
  account.ledger.consumed(account.row, 0, PRICE);
  const noChannel = { ...buys, methods: ['cheque'] as const };
  assert.equal(payments.pay(noChannel, 2, effects), false, 'not before its time');
  const laterMs = 2 * SESSION_RULES.retryMs;
  account.ledger.consumed(account.row, 0, PRICE);
  assert.ok(payments.pay(noChannel, laterMs, effects));
  assert.deepEqual(effects.at(-1), { kind: 'writePayment', id: 2, method: 'cheque', units: 2 * PRICE });
  payments.written({ kind: 'paymentWritten', id: 2, method: 'cheque', proof }, 0, effects);
  payments.acknowledged({ ...ack, id: 2 }, laterMs, effects);
  assert.deepEqual([paid(), payments.pendingUnits], [2 * PRICE, 2 * PRICE]);

  payments.interrupted();
  const again: SessionEffect[] = [];
  assert.ok(payments.resend(again));
  assert.deepEqual(again, [{ kind: 'resendPayment', method: 'channel' }]);
  payments.written({ kind: 'paymentWritten', id: 1, method: 'channel', proof }, 0, effects);
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

const WRITTEN = { kind: 'paymentWritten', id: 1, method: 'cheque', proof } as const;
const FAILED = { kind: 'paymentFailed', id: 1, method: 'cheque', units: 2 * PRICE, code: 'STORE_FULL' } as const;
const { payIntervalMs, paymentsPerSecond, retryMs } = SESSION_RULES;
const kinds = (effects: readonly SessionEffect[]): string[] =>
  effects.map((each) => (each.kind === 'emit' ? each.event.kind : each.kind));

test('payments to one neighbour keep their distance', () => {
  const { account, buys, payments } = due();
  const effects: SessionEffect[] = [];
  assert.ok(payments.pay(buys, 1_000, effects));
  account.ledger.consumed(account.row, 0, 2 * PRICE);
  assert.equal(payments.pay(buys, 1_000 + payIntervalMs, effects), false, 'the one before is not written yet');
  payments.written(WRITTEN, 0, effects);
  payments.acknowledged(ack, 1_001, effects);
  assert.equal(payments.pay(buys, 1_000 + payIntervalMs - 1, effects), false);
  assert.ok(payments.pay(buys, 1_000 + payIntervalMs, effects));
});

test('what is demanded is paid once, to the last unit, and a demand where nothing is owed is forgotten', () => {
  const { account, buys, payments } = due();
  const effects: SessionEffect[] = [];
  payments.demanded = true;
  assert.ok(payments.pay(buys, 0, effects));
  assert.equal(payments.demanded, false);
  payments.written(WRITTEN, 0, effects);
  payments.acknowledged(ack, 0, effects);
  payments.demanded = true;
  assert.equal(payments.pay(buys, 1_000, effects), false);
  assert.equal(payments.demanded, false);
  account.ledger.consumed(account.row, 0, 1);
  assert.equal(payments.pay(buys, 1_000, effects), false, 'not due');
  payments.demanded = true;
  assert.ok(payments.pay(buys, 1_000, effects));
  assert.deepEqual(effects.at(-1), { kind: 'writePayment', id: 2, method: 'cheque', units: 1 });
});

test('what could not be made is owed as before, and made again when it is time', () => {
  const { account, buys, payments } = due();
  const effects: SessionEffect[] = [];
  payments.pay(buys, 0, effects);
  payments.failed(FAILED, 5, effects);
  assert.deepEqual([payments.pendingUnits, account.payable()], [0, 2 * PRICE]);
  assert.equal(payments.resend(effects), false, 'nothing is pending');
  assert.equal(payments.pay(buys, 5 + retryMs - 1, effects), false);
  assert.ok(payments.retry(buys, 5 + retryMs, effects));
});

test('a demand outlives a method that cannot be used', () => {
  const { account, buys, payments } = due({ ...both });
  account.ledger.paying(account.row, 2 * PRICE - 1);
  const effects: SessionEffect[] = [];
  payments.demanded = true;
  assert.ok(payments.pay(buys, 0, effects));
  payments.failed({ ...FAILED, method: 'channel', units: 1, code: 'CHANNEL_MISSING' }, 0, effects);
  assert.ok(payments.demanded);
  assert.ok(payments.pay(buys, 0, effects));
  payments.demanded = false;
  payments.failed({ ...FAILED, method: 'transfer', units: 1, code: 'STORE_FULL' }, 0, effects);
  assert.equal(payments.demanded, false, 'only where another way is tried at once');

  const undemanded = due({ ...both });
  undemanded.payments.pay(buys, 0, effects);
  undemanded.payments.failed({ ...FAILED, method: 'channel', code: 'CHANNEL_FULL' }, 0, effects);
  assert.equal(undemanded.payments.demanded, false);
});

test('a refused payment goes again when it is time, not while payments are paused, and never twice at once', () => {
  const { buys, payments } = due();
  const effects: SessionEffect[] = [];
  payments.pay(buys, 0, effects);
  payments.written(WRITTEN, 0, effects);
  assert.equal(payments.resend([]), false, 'it is under way');
  payments.acknowledged({ ...ack, code: 'CHEQUE_UNVERIFIED' }, 10, effects);
  const said = (nowMs: number): string[] => {
    const own: SessionEffect[] = [];
    assert.equal(payments.retry(buys, nowMs, own), false);
    return kinds(own);
  };
  assert.deepEqual(said(10 + retryMs - 1), []);
  payments.paused = true;
  assert.deepEqual(said(10 + retryMs), []);
  payments.paused = false;
  assert.deepEqual(said(10 + retryMs), ['resendPayment']);
  payments.interrupted();
  assert.deepEqual(said(10 + 2 * retryMs - 1), [], 'not again so soon');
  assert.deepEqual(said(10 + 2 * retryMs), ['resendPayment']);
});

test('a transfer waits for the answer to the one before, also when its connection broke; a cheque covers both', () => {
  for (const method of ['transfer', 'cheque'] as const) {
    const { account, buys, payments } = due({ methods: [method] });
    const effects: SessionEffect[] = [];
    payments.pay(buys, 0, effects);
    payments.written({ ...WRITTEN, method }, 0, effects);
    payments.interrupted();
    account.ledger.consumed(account.row, 0, 2 * PRICE);
    assert.equal(payments.pay(buys, 1_000, effects), method === 'cheque');
    assert.equal(payments.resend([]), method === 'transfer');
  }
});

test('a single unit that is pending keeps the next transfer waiting, and goes again', () => {
  const { account, buys } = due({ methods: ['transfer'] });
  const pending = [{ method: 'transfer', units: 1, lastPaymentId: 1 }] as const;
  const payments = new Payments({ account, rules: SESSION_RULES, pending });
  assert.equal(payments.pay(buys, 0, []), false);
  assert.ok(payments.resend([]));
});

test('a payment that had left is not demanded again when its method shuts', () => {
  const { buys, payments } = due({ ...both });
  const effects: SessionEffect[] = [];
  payments.demanded = true;
  payments.pay(buys, 0, effects);
  payments.written({ ...WRITTEN, method: 'channel' }, 0, effects);
  payments.failed({ ...FAILED, method: 'channel', code: 'CHANNEL_FULL' }, 0, effects);
  assert.equal(payments.demanded, false);
});

test('where the ends agree on nothing but barter, nothing is paid in tokens', () => {
  const { buys, payments } = due({ methods: ['barter'] });
  assert.equal(payments.pay(buys, 0, []), false);
});

test('an honest burst of payments is taken, a flood is not; each second counts anew', () => {
  const { payments } = due();
  const payment = { kind: 'payment', id: 1, units: 1, proof } as const;
  const burst = (nowMs: number): number => {
    let taken = 0;
    while (taken < 100 && payments.arrived(payment, nowMs, [])) taken += 1;
    return taken;
  };
  assert.equal(burst(50), 2 * paymentsPerSecond);
  assert.equal(burst(1_049), 0);
  assert.equal(burst(1_050), 2 * paymentsPerSecond);
  assert.equal(burst(1_051), 0);
});

test('what a payment came to is booked and made durable before it is acknowledged, and told when there is something to tell', () => {
  const { account, payments } = due();
  const checked = (units: number, id: number | undefined = 3): string[] => {
    const effects: SessionEffect[] = [];
    const outcome = { accepted: true, units, clearing: units, acceptedWei: 1n } as const;
    assert.equal(payments.checked({ kind: 'paymentChecked', id, method: 'cheque', outcome }, effects), undefined);
    return kinds(effects);
  };
  assert.deepEqual(checked(1), ['keepPayment', 'received', 'send', 'changed']);
  assert.equal(account.ledger.get(account.row, Column.received), 1);
  assert.deepEqual(checked(0), ['keepPayment', 'send', 'changed'], 'it came again');
  assert.equal(account.ledger.get(account.row, Column.received), 1);

  const effects: SessionEffect[] = [];
  const outcome = { accepted: false, code: 'CHEQUE_BOUNCED', acceptedWei: 0n } as const;
  const refusal = { kind: 'paymentChecked', id: 4, method: 'cheque', outcome } as const;
  assert.equal(payments.checked(refusal, effects), 'CHEQUE_BOUNCED');
  assert.deepEqual(kinds(effects), ['send', 'refused']);
});

test('two sessions that remember the same stand the same, in whatever order they learnt it', () => {
  const { account } = due();
  const cheque = { method: 'cheque', units: 1, lastPaymentId: 1 } as const;
  const channel = { method: 'channel', units: 2, lastPaymentId: 2 } as const;
  const stands = (pending: readonly PendingPayment[]) =>
    new Payments({ account, rules: SESSION_RULES, pending }).standing(0);
  assert.deepEqual(stands([cheque, channel]), stands([channel, cheque]));
});

/** A buyer that owes little, and when time alone makes it pay that. */
function owing(mine: number, theirs: number) {
  const sells = { ...termsOf({ askPerMb: PRICE, bidPerMb: 0, payAtMb: 1, dropAtMb: 8 }), settleEveryMs: theirs };
  const buys = { ...termsOf({ askPerMb: undefined, bidPerMb: PRICE, payAtMb: 1, dropAtMb: 8 }), settleEveryMs: mine };
  const pair = new SessionPair(sells, buys);
  pair.connect();
  const { account } = pair.right;
  account.ledger.consumed(account.row, 0, 3);
  return { account, buys, payments: new Payments({ account, rules: SESSION_RULES, pending: [] }) };
}

test('what is owed is paid after the period that both want, the longer one, however little it is', () => {
  const periods: [mine: number, theirs: number, paidAfterMs: number | undefined][] = [
    [0, 0, undefined],
    [5_000, 0, undefined],
    [0, 5_000, undefined],
    [5_000, 60_000, 60_000],
    [60_000, 5_000, 60_000],
  ];
  for (const [mine, theirs, expected] of periods) {
    const { account, buys, payments } = owing(mine, theirs);
    const effects: SessionEffect[] = [];
    assert.equal(payments.dueMs(buys, 1_000), expected === undefined ? Number.POSITIVE_INFINITY : 1_000 + expected);
    if (expected === undefined) {
      assert.equal(payments.pay(buys, 10_000_000, effects), false);
      continue;
    }
    assert.equal(payments.pay(buys, 1_000 + expected - 1, effects), false);
    assert.equal(payments.pay(buys, 1_000 + expected, effects), true);
    assert.deepEqual(effects, [{ kind: 'writePayment', id: 1, method: 'cheque', units: 3 }]);
    assert.equal(payments.dueMs(buys, 1_000 + expected), Number.POSITIVE_INFINITY, 'nothing more is owed');
    account.ledger.consumed(account.row, 0, 1);
    const again = 2 * expected + 2_000;
    assert.equal(payments.dueMs(buys, again), again + expected, 'counted anew');
    payments.paused = true;
    assert.equal(payments.dueMs(buys, again), Number.POSITIVE_INFINITY);
  }
});
