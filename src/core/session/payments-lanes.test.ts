import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainTerms, readyAccount } from '../ledger/account-pair.fixture.ts';
import { Column } from '../ledger/columns.ts';
import type { Terms } from '../terms/terms.ts';
import { Payments } from './payments.ts';
import type { SessionEffect } from './session-effect.ts';
import { SESSION_RULES } from './session-rules.ts';

/** A buyer that owes `owed` where 1,000 are asked for, and may be paid ahead up to its own payAt of 1,000. */
function payer(owed: number, methods: Terms['methods'] = ['cheque']) {
  const account = readyAccount({ mine: { methods }, theirs: { methods } });
  account.ledger.consumed(account.row, 0, owed);
  const payments = new Payments({ account, rules: SESSION_RULES, pending: [] });
  const terms = plainTerms({ methods });
  /** What is written at `nowMs`: method and units. */
  const pays = (nowMs: number): unknown[] => {
    const effects: SessionEffect[] = [];
    payments.pay(terms, nowMs, effects);
    return effects.flatMap((each) => (each.kind === 'writePayment' ? [each.method, each.units] : []));
  };
  return { account, payments, pays };
}

const CHEQUE = { chequebook: '0x', beneficiary: '0x', cumulativeWei: 1n, signature: new Uint8Array(65) };
const written = (id: number, method: Terms['methods'][number]) =>
  ({ kind: 'paymentWritten', id, method, proof: { kind: 'cheque', cheque: CHEQUE } }) as const;
const ack = (id: number, code: '' | 'CHANNEL_CLOSED' | 'CHEQUE_UNVERIFIED' = '') =>
  ({ kind: 'paymentAck', id, acceptedWei: 5n, code }) as const;

test('what is wanted ahead goes with what is owed, or alone, once', () => {
  const { account, payments, pays } = payer(700);
  payments.demanded = true;
  payments.aheadUnits = 200;
  assert.deepEqual(pays(0), ['cheque', 900]);
  assert.equal(payments.aheadUnits, 0);
  payments.written(written(1, 'cheque'), 0, []);
  payments.acknowledged(ack(1), 0, []);
  assert.equal(account.ledger.get(account.row, Column.balance), 200);
  payments.demanded = true;
  payments.aheadUnits = 50;
  assert.deepEqual(pays(1_000), ['cheque', 50], 'nothing is owed');
});

test('a wish to pay ahead waits while payments are paused, and is forgotten where there is no room for it', () => {
  const { account, payments, pays } = payer(0);
  payments.demanded = true;
  payments.aheadUnits = 200;
  payments.paused = true;
  assert.deepEqual(pays(0), []);
  assert.equal(payments.aheadUnits, 200);
  payments.paused = false;
  assert.deepEqual(pays(0), ['cheque', 200]);

  const full = payer(0);
  full.account.ledger.provided(full.account.row, 0, 999);
  full.payments.demanded = true;
  full.payments.aheadUnits = 200;
  assert.deepEqual(full.pays(0), []);
  assert.deepEqual([full.payments.demanded, full.payments.aheadUnits], [false, 0]);
  assert.equal(account.payable(), 0);
});

test('a method that was shut is used again as soon as it is opened, and no other one with it', () => {
  const { payments, pays } = payer(1_000, ['channel', 'transfer', 'cheque']);
  const fails = (id: number, method: 'channel' | 'transfer', nowMs: number): void =>
    payments.failed({ kind: 'paymentFailed', id, method, units: 1_000, code: 'PAYMENT_METHOD_MISSING' }, nowMs, []);
  assert.deepEqual(pays(0), ['channel', 1_000]);
  fails(1, 'channel', 0);
  assert.deepEqual(pays(0), ['transfer', 1_000]);
  fails(2, 'transfer', 0);
  payments.opened('transfer');
  assert.deepEqual(pays(0), ['transfer', 1_000]);
  fails(3, 'transfer', 0);
  payments.opened('channel');
  assert.deepEqual(pays(0), ['channel', 1_000]);
});

test('an answer that takes a payment is kept; one that says its channel is closed makes it void, another does not', () => {
  const kinds = (code: Parameters<typeof ack>[1]): string[] => {
    const { payments, pays } = payer(1_000);
    pays(0);
    payments.written(written(1, 'cheque'), 0, []);
    const effects: SessionEffect[] = [];
    payments.acknowledged(ack(1, code), 0, effects);
    return effects.map((each) => each.kind);
  };
  assert.deepEqual(kinds(''), ['keepPaid', 'emit', 'changed']);
  assert.deepEqual(kinds('CHANNEL_CLOSED'), ['emit', 'voidPayment']);
  assert.deepEqual(kinds('CHEQUE_UNVERIFIED'), ['emit']);
});

test('an answer that comes while the next is written counts when that is done, or has failed', () => {
  for (const fails of [false, true]) {
    const { account, payments, pays } = payer(1_000);
    pays(0);
    payments.written(written(1, 'cheque'), 0, []);
    account.ledger.consumed(account.row, 0, 1_000);
    assert.deepEqual(pays(1_000), ['cheque', 1_000]);
    const effects: SessionEffect[] = [];
    payments.acknowledged(ack(1), 1_000, effects);
    payments.acknowledged(ack(2), 1_000, effects);
    assert.deepEqual([effects, account.ledger.get(account.row, Column.paid)], [[], 0]);
    const failed = { kind: 'paymentFailed', id: 2, method: 'cheque', units: 1_000, code: 'STORE_FULL' } as const;
    if (fails) payments.failed(failed, 1_000, effects);
    else payments.written(written(2, 'cheque'), 1_000, effects);
    const kept = { kind: 'keepPaid', id: 1, method: 'cheque', acceptedWei: 1n, units: 1_000 };
    assert.deepEqual(
      effects.filter(({ kind }) => kind === 'keepPaid'),
      [kept],
    );
    assert.equal(account.ledger.get(account.row, Column.paid), 1_000);
    assert.equal(payments.pendingUnits, fails ? 0 : 1_000);
  }
});

test('of answers that waited, one that another made void is not heard', () => {
  const { account, payments, pays } = payer(1_000);
  for (const id of [1, 2, 3]) {
    assert.deepEqual(pays(id * 1_000), ['cheque', 1_000]);
    if (id < 3) payments.written(written(id, 'cheque'), 0, []);
    account.ledger.consumed(account.row, 0, 1_000);
  }
  payments.acknowledged(ack(2), 3_000, []);
  payments.acknowledged(ack(1), 3_000, []);
  const effects: SessionEffect[] = [];
  payments.written(written(3, 'cheque'), 3_000, effects);
  assert.deepEqual(
    effects.flatMap((each) => (each.kind === 'keepPaid' ? [each.id, each.units] : [])),
    [2, 2_000],
  );
  assert.deepEqual([account.ledger.get(account.row, Column.paid), payments.pendingUnits], [2_000, 1_000]);
});

test('of a payment that can never count, what was paid all the same is paid, and told', () => {
  for (const [paidUnits, told] of [
    [400, ['fault', 'paid', 'changed']],
    [1, ['fault', 'paid', 'changed']],
    [0, ['fault']],
  ] as const) {
    const { account, payments, pays } = payer(1_000);
    pays(0);
    payments.written(written(1, 'cheque'), 0, []);
    payments.acknowledged(ack(1, 'CHANNEL_CLOSED'), 0, []);
    const effects: SessionEffect[] = [];
    const units = 1_000 - paidUnits;
    const failed = {
      kind: 'paymentFailed',
      id: 1,
      method: 'cheque',
      units,
      paidUnits,
      code: 'CHANNEL_CLOSED',
    } as const;
    payments.failed(failed, 0, effects);
    assert.deepEqual(
      effects.map((each) => (each.kind === 'emit' ? each.event.kind : each.kind)),
      told,
    );
    assert.equal(account.ledger.get(account.row, Column.paid), paidUnits);
    assert.deepEqual([payments.pendingUnits, payments.resend([])], [0, false]);
  }
});

test('after terms have changed, the next payment waits for the answers to those before', () => {
  const { account, payments, pays } = payer(1_000);
  pays(0);
  payments.written(written(1, 'cheque'), 0, []);
  payments.termsChanged();
  account.ledger.consumed(account.row, 0, 1_000);
  assert.deepEqual(pays(1_000), []);
  payments.acknowledged(ack(1), 1_000, []);
  assert.deepEqual(pays(1_000), ['cheque', 1_000]);
});

test('what a neighbour paid admits nothing: it may have paid ahead, and says beside each payment what it counted', () => {
  const { account, payments } = payer(0);
  account.ledger.provided(account.row, 0, 480);
  const outcome = { accepted: true, units: 348, clearing: 348, acceptedWei: 1n } as const;
  payments.checked({ kind: 'paymentChecked', id: 1, method: 'transfer', outcome }, []);
  assert.deepEqual(account.counts.message(true, 1).admitted, [0, 0, 0]);
  account.counts.admit([171, 0, 0]);
  assert.deepEqual(account.counts.message(true, 1).admitted, [171, 0, 0]);
});

test('what a neighbour that lost its books could not look up yet is said again later, on the same connection', () => {
  const { account, payments } = payer(0);
  const terms = plainTerms({ methods: ['cheque'] });
  const said = (nowMs: number): string[] => {
    const effects: SessionEffect[] = [];
    payments.retry(terms, nowMs, effects);
    return effects.map(({ kind }) => kind);
  };
  const { retryMs } = SESSION_RULES;
  assert.deepEqual([said(1_000), payments.dueMs(terms, 1_000)], [[], Number.POSITIVE_INFINITY]);
  payments.acknowledged(ack(7), 1_000, []);
  assert.deepEqual([said(1_000 + retryMs), payments.dueMs(terms, 1_000)], [[], Number.POSITIVE_INFINITY]);
  payments.acknowledged(ack(7, 'CHEQUE_UNVERIFIED'), 1_000, []);
  assert.deepEqual([said(999 + retryMs), payments.dueMs(terms, 1_000)], [[], 1_000 + retryMs]);
  assert.deepEqual(said(1_000 + retryMs), ['restatePayments']);
  assert.deepEqual(said(1_000 + 2 * retryMs), []);
  payments.acknowledged(ack(7, 'CHEQUE_UNVERIFIED'), 50_000, []);
  payments.interrupted();
  assert.deepEqual(said(50_000 + retryMs), []);
  assert.equal(account.ledger.get(account.row, Column.paid), 0);
});
