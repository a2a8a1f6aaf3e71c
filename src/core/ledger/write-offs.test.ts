import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FADING_CREDITS_PER_DAY, Fading, FORGIVEN_PERCENT, standing } from './write-offs.ts';

const DAY_MS = 86_400_000;

test('what stands is what was written off beyond 2 % of what was paid and kept, and beyond what faded; never below zero', () => {
  assert.equal(FORGIVEN_PERCENT, 2);
  const table: [written: number, kept: number, faded: number, left: number][] = [
    [0, 0, 0, 0],
    [10, 0, 0, 10],
    [10, 0, 4, 6],
    [10, 0, 10, 0],
    [10, 0, 11, 0],
    [10, 149, 0, 8],
    [10, 150, 0, 7],
    [10, 150, 7, 0],
    [10, 500, 0, 0],
    [10, 10_000, 0, 0],
    [10, -150, 0, 10],
    [-10, 0, 0, 0],
    [-10, 500, 5, 0],
  ];
  for (const [written, kept, faded, left] of table)
    assert.equal(standing({ written, kept, faded }), left, `${written} ${kept} ${faded}`);
});

test('a day takes what a new key may owe, a unit at a time, and nothing of it is lost to how often one looks', () => {
  assert.equal(FADING_CREDITS_PER_DAY, 1);
  for (const everyMs of [100, 500, 7_777, DAY_MS]) {
    const fading = new Fading();
    fading.take(100_000, 40_000, 5);
    let faded = 0;
    for (let passedMs = everyMs; passedMs <= DAY_MS; passedMs += everyMs)
      faded += fading.take(100_000 - faded, 40_000, 5 + passedMs);
    assert.ok(faded <= 40_000 && faded >= 39_980, `${faded} by looking every ${everyMs} ms`);
  }
});

test('time before something was written off, after it was gone, and before a restart takes nothing', () => {
  const fading = new Fading();
  assert.equal(fading.take(50, 86_400, 10 * DAY_MS), 0, 'the first look begins');
  assert.equal(fading.take(50, 86_400, 10 * DAY_MS + 999), 0);
  assert.equal(fading.take(50, 86_400, 10 * DAY_MS + 1_000), 1, 'one a second');
  assert.equal(fading.take(49, 86_400, 10 * DAY_MS + 900), 0, 'a clock that goes back');
  assert.equal(fading.take(49, 86_400, 10 * DAY_MS + 3_500), 2);
  assert.equal(fading.take(47, 86_400, 10 * DAY_MS + 4_000), 1, 'half seconds add up');
  assert.equal(fading.take(46, 86_400, 99 * DAY_MS), 46, 'never more than is left');
  assert.equal(fading.take(0, 86_400, 200 * DAY_MS), 0);
  assert.equal(fading.take(50, 86_400, 200 * DAY_MS), 0, 'what passed before does not count');
  assert.equal(fading.take(50, 0, 201 * DAY_MS), 0, 'no credit, no fading');
  assert.equal(fading.take(50, 86_400, 201 * DAY_MS), 0);
  assert.equal(new Fading().take(50, 86_400, 202 * DAY_MS), 0, 'another life begins anew');
  const quick = new Fading();
  quick.take(50, DAY_MS, 5);
  assert.equal(quick.take(50, DAY_MS, 6), 1, 'one a millisecond');
});

test('over any looks, restarts and write-offs: no more fades than a day allows, and nothing goes below zero', () => {
  const look = fc.record({
    passedMs: fc.integer({ min: 0, max: DAY_MS }),
    written: fc.constantFrom(0, 0, 1, 5_000, 2 ** 40),
    restart: fc.constantFrom(false, false, false, true),
  });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 30 }), fc.integer({ min: 1, max: 2 ** 41 }), (looks, credit) => {
      let fading = new Fading();
      let [nowMs, left, faded] = [0, 0, 0];
      fading.take(left, credit, nowMs);
      for (const { passedMs, restart, written } of looks) {
        nowMs += passedMs;
        if (restart) fading = new Fading();
        const units = fading.take(left, credit, nowMs);
        faded += units;
        left -= units;
        assert.ok(Number.isSafeInteger(units) && units >= 0 && left >= 0);
        assert.ok(BigInt(faded) * BigInt(DAY_MS) <= BigInt(credit) * BigInt(nowMs));
        left += written;
      }
    }),
  );
});
