import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  debtSeen,
  faultSeen,
  isCompliant,
  NO_PAYMENTS,
  type PaymentHistory,
  PROMPT_MS,
  paymentRefused,
  paymentTaken,
} from './payment-history.ts';

const START = 1_000_000;

describe('how a neighbour has paid', () => {
  test('who pays soon after its debt is due is not late, who pays later is, and it heals', () => {
    const cases: readonly [string, number, number][] = [
      ['at once', 0, 0],
      ['just in time', PROMPT_MS, 0],
      ['late', PROMPT_MS + 1, 1],
      ['very late', 10 * PROMPT_MS, 1],
    ];
    for (const [what, waitedMs, late] of cases) {
      const paid = paymentTaken(debtSeen(NO_PAYMENTS, true, START), false, START + waitedMs);
      assert.deepEqual([paid.payments, paid.late, paid.worstMs], [1, late, late * waitedMs], what);
      assert.equal(paid.dueSinceMs, 0);
      assert.ok(isCompliant(paid), 'late is no fault');
    }
  });

  test('the clock runs from when the debt was first seen to be due, and stops when it is not', () => {
    const due = debtSeen(NO_PAYMENTS, true, START);
    assert.equal(debtSeen(due, true, START + 5_000), due);
    assert.equal(debtSeen(due, false, START + 5_000).dueSinceMs, 0);
    const part = paymentTaken(due, true, START + 40_000);
    assert.deepEqual([part.late, part.dueSinceMs], [1, START + 40_000], 'part of it was paid');
  });

  test('a bounce and a forgery stay, whatever is paid afterwards', () => {
    const paid = paymentTaken(NO_PAYMENTS, false, START);
    for (const code of ['CHEQUE_BOUNCED', 'CHEQUE_FORGED', 'STATEMENT_FORGED'] as const) {
      const after = paymentTaken(faultSeen(paid, code), false, START + 1);
      assert.equal(isCompliant(after), false, code);
    }
    assert.equal(faultSeen(paid, 'CHEQUE_STALE'), paid);
    assert.deepEqual([paymentRefused(paid).refused, faultSeen(paid, 'STATEMENT_OVERCOUNTS').disputes], [1, 1]);
    assert.equal(isCompliant(NO_PAYMENTS), false, 'who never paid has proved nothing');
  });

  test('counts only grow, and clocks that jump make no lateness of their own', () => {
    const step = fc.record({
      what: fc.constantFrom('seen', 'paid', 'refused', 'bounced'),
      due: fc.boolean(),
      nowMs: fc.nat(),
    });
    const apply = (history: PaymentHistory, { what, due, nowMs }: { what: string; due: boolean; nowMs: number }) => {
      if (what === 'paid') return paymentTaken(history, due, nowMs);
      if (what === 'refused') return paymentRefused(history);
      return what === 'bounced' ? faultSeen(history, 'CHEQUE_BOUNCED') : debtSeen(history, due, nowMs);
    };
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let history = NO_PAYMENTS;
        for (const each of steps) {
          const next = apply(history, each);
          for (const field of ['payments', 'refused', 'late', 'lateMs', 'worstMs', 'bounces'] as const) {
            assert.ok(next[field] >= history[field], field);
          }
          history = next;
        }
        assert.ok(history.late <= history.payments);
      }),
    );
  });
});
