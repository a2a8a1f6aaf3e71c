import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runManyFaults } from './fault-runs.ts';

const first = { seed: 91, steps: 500, nodes: 3, cheats: [] };

test('many seeds are each run once, and what happened is added up', async () => {
  const seen: number[] = [];
  const result = await runManyFaults({
    first,
    seeds: 3,
    stopAtFailure: false,
    workers: 2,
    progress: ({ runs }) => seen.push(runs),
  });
  assert.deepEqual([result.runs, result.failures.length, seen], [3, 0, [1, 2, 3]]);
  assert.deepEqual([result.runsWith.of('crash'), result.runsWith.of('chain')], [3, 3]);
  assert.ok(result.steps >= 3 * first.steps && result.charges > 0);
});

test('who stops it gets what was found until then', async () => {
  const stop = new AbortController();
  const { runs } = await runManyFaults({
    first,
    seeds: 1_000,
    stopAtFailure: false,
    workers: 1,
    stop: stop.signal,
    progress: (done) => done.runs === 2 && stop.abort(),
  });
  assert.equal(runs, 2);
});
