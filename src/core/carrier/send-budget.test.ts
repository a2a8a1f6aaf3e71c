import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUDGET_WINDOW_MS, SendBudget } from './send-budget.ts';

test('a budget is for a day from the first packet on, and what comes back makes room', () => {
  const budget = new SendBudget(100);
  assert.equal(budget.perDay, 100);
  assert.equal(budget.spend(60, 5), true);
  assert.equal(budget.spend(41, 6), false);
  assert.equal(budget.spent(7), 60, 'what was refused is not spent');
  assert.equal(budget.spend(40, 8), true);
  budget.cameBack(30, 9);
  assert.equal(budget.spent(10), 70);
  assert.equal(budget.spend(31, 10), false);
  assert.equal(budget.spent(4 + BUDGET_WINDOW_MS), 70);
  assert.equal(budget.spent(5 + BUDGET_WINDOW_MS), 0);
  assert.equal(budget.spend(100, 5 + BUDGET_WINDOW_MS), true);
  budget.cameBack(500, 6 + BUDGET_WINDOW_MS);
  assert.equal(budget.spent(7 + BUDGET_WINDOW_MS), 0, 'no more room than the whole');
  assert.equal(budget.spend(101, 8 + BUDGET_WINDOW_MS), false);
  assert.equal(budget.spent(4 + 2 * BUDGET_WINDOW_MS), 0);
});

test('no budget is no limit', () => {
  const budget = new SendBudget(0);
  assert.equal(budget.spend(2 ** 40, 0), true);
  assert.equal(budget.spent(1), 2 ** 40);
});

test('the least budget is one, and a day has 24 hours', () => {
  const budget = new SendBudget(1);
  assert.equal(budget.spend(2, 0), false);
  assert.equal(budget.spend(1, 0), true);
  assert.equal(budget.spend(1, 24 * 60 * 60 * 1_000 - 1), false);
  assert.equal(budget.spend(1, 24 * 60 * 60 * 1_000), true);
});
