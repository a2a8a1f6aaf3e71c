import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MethodDesk } from '../settle/method-desk.ts';
import { type ModeOptions, payerOf } from './payment-mode.ts';

test('riskAt is one limit for all ways to pay: what others have taken up of it is not there a second time', () => {
  let [all, own] = [0, 0];
  const market = () => ({ payerOf: () => ({ riskAt: 100, myRatio: undefined, chequebook: '0x1' }) });
  const options = { market, uncashedUnits: () => all } as unknown as ModeOptions;
  const desk = { uncashedUnits: () => own } as unknown as MethodDesk;
  const payer = payerOf(options, () => desk, '0x2');
  assert.deepEqual([payer.riskAt, payer.chequebook], [100, '0x1']);
  [all, own] = [70, 20];
  assert.equal(payer.riskAt, 50, 'as it is when it is asked for');
  [all, own] = [20, 20];
  assert.equal(payer.riskAt, 100, 'its own it counts itself');
  [all, own] = [170, 20];
  assert.equal(payer.riskAt, 0);
});
