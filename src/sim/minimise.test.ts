import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultOutcome, FaultRun } from './fault-run.ts';
import { minimise } from './minimise.ts';

const FAULTS = Array.from({ length: 40 }, (_, index) => index);

/** A world of three nodes or more that breaks its rule at step 700, where faults 3 and 17 have struck, beside one cheat. */
async function world(run: FaultRun): Promise<FaultOutcome> {
  const struck = FAULTS.filter((index) => run.without?.includes(index) !== true);
  const breaks =
    run.steps >= 700 && struck.includes(3) && struck.includes(17) && run.nodes >= 3 && run.cheats.includes('floods');
  const broken = breaks ? { rule: 'paid-once', what: 'paid-once: A about B' } : undefined;
  return { run, steps: run.steps, virtualMs: 0, charges: 0, coverage: {}, struck, broken, nodes: [] };
}

test('a run that breaks a rule is made small, and breaks the same rule', async () => {
  const first = await world({ seed: 1, steps: 10_000, nodes: 6, cheats: ['floods', 'never-pays'] });
  const { outcome, run } = await minimise(first, { runOne: world });
  assert.deepEqual(outcome.struck, [3, 17]);
  assert.ok(run.steps < 1_400, String(run.steps));
  assert.deepEqual([run.seed, run.nodes, run.cheats], [1, 3, ['floods']]);
  assert.equal(outcome.broken?.rule, 'paid-once');
});
