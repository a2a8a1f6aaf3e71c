import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultOutcome, FaultRun } from './fault-run.ts';
import { minimise } from './minimise.ts';

const FAULTS = Array.from({ length: 40 }, (_, index) => index);

/** A world that breaks its rule at step 700, where faults 3 and 17 have struck. */
async function world(run: FaultRun): Promise<FaultOutcome> {
  const struck = FAULTS.filter((index) => run.without?.includes(index) !== true);
  const breaks = run.steps >= 700 && struck.includes(3) && struck.includes(17);
  const broken = breaks ? { rule: 'paid-once', what: 'paid-once: A about B' } : undefined;
  return { run, steps: run.steps, virtualMs: 0, charges: 0, coverage: {}, struck, broken, nodes: [] };
}

test('a run that breaks a rule is made small, and breaks the same rule', async () => {
  const first = await world({ seed: 1, steps: 10_000, nodes: 4, cheats: ['all'] });
  const { outcome, run } = await minimise(first, { runOne: world });
  assert.deepEqual(outcome.struck, [3, 17]);
  assert.ok(run.steps < 1_400, String(run.steps));
  assert.deepEqual([run.seed, run.cheats], [1, []]);
  assert.equal(outcome.broken?.rule, 'paid-once');
});
