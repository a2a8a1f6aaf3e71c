import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coverage } from '../coverage.ts';
import { runLeases } from './lease-world.ts';

test('nodes that share a chequebook never promise more than it holds, and the dead keep nobody from the rest', () => {
  const happened = new Coverage();
  for (let seed = 0; seed < 60; seed += 1) {
    const { broken, coverage } = runLeases({ seed, steps: 3_000 });
    assert.equal(broken?.message, undefined, `seed ${seed}`);
    happened.add(coverage);
  }
  const must = ['paid', 'empty', 'killed', 'stood-still', 'clock-set', 'reclaimed', 'uncovered', 'late', 'fenced'];
  for (const name of [...must, 'answer-lost', 'given-back'])
    assert.ok(happened.of(`lease.${name}`) > 0, `${name} never happened`);
});

test('a run follows from its seed', () => {
  const [first, again, other] = [7, 7, 8].map((seed) => {
    const { coverage, sentWei } = runLeases({ seed, steps: 500 });
    return [sentWei, coverage.toJSON()];
  });
  assert.deepEqual(again, first);
  assert.notDeepEqual(other, first);
});
