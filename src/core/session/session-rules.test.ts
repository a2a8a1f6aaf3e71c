import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_RULES } from './session-rules.ts';

test('as many payments are sent, and taken, as DESIGN §12 allows', () => {
  const { payIntervalMs, paymentsPerSecond } = SESSION_RULES;
  assert.deepEqual([1_000 / payIntervalMs, paymentsPerSecond], [10, 10]);
});
