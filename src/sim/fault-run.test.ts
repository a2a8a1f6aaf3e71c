import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHEATS } from './cheats.ts';
import { byName, type FaultRun } from './fault-run.ts';

const run: FaultRun = { seed: 0, steps: 1, nodes: 4, cheats: ['all'], faults: [], without: [] };
const cheatsOf = (seed: number, nodes = 4): readonly string[] => byName({ ...run, seed, nodes }).cheats;

test('"all" is each cheat in turn, and every fourth time round a pair of them', () => {
  const { length } = CHEATS;
  const rounds = Array.from({ length: 8 * length }, (_, seed) => cheatsOf(seed));
  const singles = rounds.slice(0, length).flat();
  assert.deepEqual(
    singles,
    CHEATS.map(({ name }) => name),
  );
  const sizes = rounds.map((names) => names.length);
  assert.deepEqual(new Set(sizes.slice(0, 3 * length)), new Set([1]));
  for (const from of [3 * length, 7 * length]) {
    assert.deepEqual(new Set(sizes.slice(from, from + length)), new Set([2]));
    for (let n = 0; n < length; n += 1) assert.ok(rounds[from + n]?.includes(CHEATS[n]?.name ?? ''));
  }
  assert.notDeepEqual(rounds.slice(3 * length, 4 * length), rounds.slice(7 * length));
});

test('in a world of three nodes there is one cheat at a time', () => {
  for (let seed = 0; seed < 8 * CHEATS.length; seed += 1) assert.equal(cheatsOf(seed, 3).length, 1);
});
