import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BOUNCED_ISSUER_PERMILLE,
  CASH_EVERY_MS,
  CASH_RETRY_MS,
  type CashFacts,
  type CashReason,
  cashNow,
  issuerRiskPermille,
  MAX_BATCH_CHEQUES,
  MAX_CASH_RETRY_MS,
  NEW_ISSUER_PERMILLE,
  PROVEN_ISSUER_PERMILLE,
  retryMs,
  ridesAlong,
} from './cashier.ts';

const DAY_MS = 86_400_000;

const quiet: CashFacts = {
  uncashedUnits: 400,
  riskAt: 1000,
  riskPermille: 10,
  gasCostUnits: 100,
  uncashedSinceMs: 0,
  nowMs: DAY_MS,
  everyMs: 7 * DAY_MS,
  withdrawalAnnounced: false,
  demanded: false,
  underWay: false,
  failures: 0,
  lastFailureMs: 0,
};

test('cash now? each reason in its place', () => {
  const urgent = { demanded: true, withdrawalAnnounced: true, uncashedUnits: 900 };
  const table: [string, Partial<CashFacts>, boolean, CashReason][] = [
    ['nothing held', { ...urgent, uncashedUnits: 0 }, false, 'nothing'],
    ['already sent', { ...urgent, underWay: true }, false, 'underWay'],
    ['contract is empty', { ...urgent, coveredUnits: 0 }, false, 'empty'],
    ['asked for', { ...urgent, failures: 3, lastFailureMs: DAY_MS }, true, 'demanded'],
    ['asked for, at a loss', { demanded: true, uncashedUnits: 1 }, true, 'demanded'],
    [
      'failed just now',
      { uncashedUnits: 900, failures: 1, lastFailureMs: DAY_MS - CASH_RETRY_MS + 1 },
      false,
      'retryLater',
    ],
    ['failed a while ago', { uncashedUnits: 900, failures: 1, lastFailureMs: DAY_MS - CASH_RETRY_MS }, true, 'risk'],
    ['less there than gas', { uncashedUnits: 900, coveredUnits: 100 }, false, 'empty'],
    ['half of riskAt', { uncashedUnits: 500 }, true, 'risk'],
    ['just below half', { uncashedUnits: 499 }, false, 'wait'],
    ['half of riskAt, gas is dear', { uncashedUnits: 500, gasCostUnits: 5000 }, true, 'risk'],
    ['no risk is borne', { uncashedUnits: 1, riskAt: 0 }, true, 'risk'],
    ['not worth the gas', { gasCostUnits: 400, withdrawalAnnounced: true, nowMs: 99 * DAY_MS }, false, 'notWorthGas'],
    ['withdrawal announced', { withdrawalAnnounced: true }, true, 'withdrawal'],
    ['a payment of mine waits for it', { waitedFor: true }, true, 'waitedFor'],
    ['it waits, but gas would eat it', { waitedFor: true, gasCostUnits: 400 }, false, 'notWorthGas'],
    ['others drew it', { coveredUnits: 399 }, true, 'uncovered'],
    ['gas is what is at risk', { gasCostUnits: 4 }, true, 'worthGas'],
    ['gas is more than what is at risk', { gasCostUnits: 5 }, false, 'wait'],
    ['gas is what is at risk with a new issuer', { gasCostUnits: 20, riskPermille: 50 }, true, 'worthGas'],
    ['gas is more, with a new issuer', { gasCostUnits: 21, riskPermille: 50 }, false, 'wait'],
    ['held for N days', { nowMs: 7 * DAY_MS }, true, 'due'],
    ['held since later', { nowMs: 7 * DAY_MS, uncashedSinceMs: 1 }, false, 'wait'],
    ['held a little less', { nowMs: 7 * DAY_MS - 1 }, false, 'wait'],
  ];
  for (const [name, change, cash, because] of table) {
    assert.deepEqual(cashNow({ ...quiet, ...change }), { cash, because }, name);
  }
});

test('riskAt is never reached by payments smaller than what is left of it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 400 })), fc.integer({ min: 1000, max: 5000 }), (payments, riskAt) => {
      let uncashedUnits = 0;
      for (const payment of payments) {
        uncashedUnits += payment;
        assert.ok(uncashedUnits < riskAt);
        if (cashNow({ ...quiet, riskAt, uncashedUnits, gasCostUnits: 1e9 }).cash) uncashedUnits = 0;
      }
    }),
  );
});

test('retries back off, doubling up to an hour', () => {
  assert.deepEqual(
    [retryMs(0), retryMs(1), retryMs(2), retryMs(3)],
    [0, CASH_RETRY_MS, 2 * CASH_RETRY_MS, 4 * CASH_RETRY_MS],
  );
  assert.equal(retryMs(1000), MAX_CASH_RETRY_MS);
});

test('the times and limits that an operator reads of', () => {
  assert.deepEqual([CASH_EVERY_MS, CASH_RETRY_MS, MAX_CASH_RETRY_MS], [604_800_000, 30_000, 3_600_000]);
  assert.deepEqual([NEW_ISSUER_PERMILLE, PROVEN_ISSUER_PERMILLE, BOUNCED_ISSUER_PERMILLE], [50, 10, 1000]);
  assert.equal(MAX_BATCH_CHEQUES, 50);
});

test('an issuer is trusted by what it has paid against what it owes', () => {
  const risk = (honouredUnits: number, uncashedUnits: number, bounced = false) =>
    issuerRiskPermille({ honouredUnits, uncashedUnits, bounced });
  assert.deepEqual([risk(0, 0), risk(0, 10), risk(10, 10)], [NEW_ISSUER_PERMILLE, NEW_ISSUER_PERMILLE, 30]);
  assert.equal(risk(10, 0), PROVEN_ISSUER_PERMILLE);
  assert.equal(risk(1, 0), PROVEN_ISSUER_PERMILLE);
  assert.equal(risk(1e12, 0, true), BOUNCED_ISSUER_PERMILLE);
});

test('goes along where as much is at risk as its share of the gas costs, and only what would wait', () => {
  const table: [string, Partial<CashFacts>, number, boolean][] = [
    ['as much', {}, 4, true],
    ['not as much', {}, 5, false],
    ['not worth gas of its own', { gasCostUnits: 1000 }, 4, true],
    ['of all that is there', { coveredUnits: 4, riskPermille: 1000, gasCostUnits: 4 }, 4, false],
    ['no more than its share', { uncashedUnits: 4, riskPermille: 1000, gasCostUnits: 4 }, 4, false],
    ['failed just now', { failures: 1, lastFailureMs: DAY_MS }, 4, false],
    ['under way', { underWay: true }, 4, false],
    ['nothing there', { coveredUnits: 0 }, 0, false],
  ];
  for (const [name, change, share, rides] of table)
    assert.equal(ridesAlong({ ...quiet, ...change }, share), rides, name);
});
