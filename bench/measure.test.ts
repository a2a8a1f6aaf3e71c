import assert from 'node:assert/strict';
import { test } from 'node:test';
import { written } from './bench.ts';
import { cpuCost, cpuSecondsOf, interleaved, median, medianInterval, waitedMsOf } from './measure.ts';

test('median and interval', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
  assert.deepEqual(medianInterval([5, 1, 3]), [1, 5]);
  const twenty = Array.from({ length: 20 }, (_, index) => index + 1);
  assert.deepEqual(medianInterval(twenty), [6, 15]);
});

test('pairs are interleaved, alternate who goes first, and drop the warm-up', async () => {
  const order: string[] = [];
  const run = (name: string, value: number) => async () => {
    order.push(name);
    return value;
  };
  const pairs = await interleaved(3, run('a', 1), run('b', 2));
  assert.equal(order.join(''), 'baabbaab');
  assert.deepEqual(pairs, { ours: 1, rival: 2, ratio: 0.5, interval: [0.5, 0.5] });
});

test('CPU time of work here is counted, and of a process that does not exist is not a number', async () => {
  const spin = () => {
    let sum = 0;
    for (let i = 0; i < 5e6; i += 1) sum += Math.sqrt(i);
    return sum;
  };
  assert.ok((await cpuCost(spin)) > 0);
  assert.ok(Number.isNaN(cpuSecondsOf(2 ** 30)));
});

test('what a thread waited for a processor is told where the system says it, and of nobody it is not a number', () => {
  const waitedMs = waitedMsOf(process.pid);
  assert.ok(Number.isNaN(waitedMs) || waitedMs >= 0);
  assert.ok(Number.isNaN(waitedMsOf(2 ** 30)));
});

test('a row is written with its verdict', () => {
  const base = { id: 'x', value: 10, unit: 's' };
  assert.deepEqual(written(base), { ...base, rival: null, rivalValue: null, ratio: null, target: null, met: null });
  const row = { ...base, rival: 'y', rivalValue: 20, target: { of: 'ratio', least: 0.6 } as const };
  assert.deepEqual(written(row), {
    ...base,
    rival: 'y',
    rivalValue: 20,
    ratio: 0.5,
    target: 'ratio >= 0.6',
    met: false,
  });
  assert.equal(written({ ...base, target: { of: 'value', most: 10 } }).met, true);
});
