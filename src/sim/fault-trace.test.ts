import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultOutcome, runFaults } from './fault-run.ts';
import { accusedOf, faultTrace } from './fault-trace.ts';

test('whom a broken rule accuses is read from its words', () => {
  for (const [what, accused] of [
    ['paid-once: A about B: 5 wei arrived; no more', ['A', 'B']],
    ['bounded-loss: A would lose 512 to N26-again, above 400', ['A', 'N26-again']],
    ['books-converge: A–B: never connected; B–C: paid 5, received 4', ['A', 'B', 'C']],
    ['cheques-pay: B of A: 3 of 4 wei', ['B', 'A']],
    ['value-kept: C: packets left 5 there, it says 4', ['C']],
    ['eventful: never happened: crash.', []],
    ['Error: A about B\n    at run', []],
  ] as const)
    assert.deepEqual(accusedOf(what), accused, what);
});

test('a trace keeps what is between the accused, and what struck them or all; the rest is counted', async () => {
  const run = { seed: 91, steps: 300, nodes: 4, cheats: [] };
  const said: { readonly line: string; readonly whom: readonly string[] }[] = [];
  const outcome = await runFaults(run, (_, line, whom) => said.push({ line, whom }));
  const broken: FaultOutcome = { ...outcome, broken: { rule: 'paid-once', what: 'paid-once: A about B: twice' } };
  const pair = new Set(['A', 'B']);
  const wanted = said.filter(({ whom }) => whom.every((name) => pair.has(name)));
  const { leftOut, lines } = await faultTrace(broken);
  const bare = (line: string): string => line.replace(/^ *[\d.]+ s {2}/, '');
  assert.deepEqual(
    lines.map(bare),
    wanted.slice(-60).map(({ line }) => line),
  );
  assert.equal(lines.length + leftOut, said.length);
  const all = await faultTrace(broken, true);
  assert.deepEqual([all.lines.length, all.leftOut], [said.length, 0]);
  // Who was struck stands beside the fault, above what came of it.
  const crash = said.findIndex(({ line }) => /^fault \d+: crash [A-D]$/.test(line));
  assert.deepEqual([said[crash]?.whom.length, said[crash + 1]?.line.split(' ')[1]], [1, 'dies']);
});
