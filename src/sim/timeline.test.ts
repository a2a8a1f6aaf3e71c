import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from './seeded-random.ts';
import { Timeline } from './timeline.ts';

/** Fires everything. */
function runOut(timeline: Timeline): void {
  while (timeline.next());
}

describe('timeline', () => {
  test('fires in order of time, and what is set for one moment in order of asking', () => {
    const timeline = new Timeline();
    const seen: string[] = [];
    for (const [name, delayMs] of Object.entries({ c: 20, a: 10, d: 20, b: 10, e: 20.5 })) {
      timeline.after(delayMs, () => seen.push(`${name}@${timeline.nowMs}`));
    }
    assert.equal(timeline.nextAtMs, 10);
    runOut(timeline);
    assert.deepEqual(seen, ['a@10', 'b@10', 'c@20', 'd@20', 'e@20.5']);
    assert.deepEqual([timeline.steps, timeline.pending, timeline.nextAtMs], [5, 0, undefined]);
  });

  test('what is set at the moment it is due fires after what was set for that moment before', () => {
    const timeline = new Timeline();
    const seen: string[] = [];
    timeline.after(1, () => {
      seen.push('first');
      timeline.after(0, () => seen.push('third'));
    });
    timeline.post(1, (argument) => seen.push(`second ${argument}`), 7);
    runOut(timeline);
    assert.deepEqual(seen, ['first', 'second 7', 'third']);
    assert.equal(timeline.nowMs, 1);
  });

  test('a delay that is no delay is 0; one without end never comes', () => {
    const timeline = new Timeline();
    let fired = 0;
    for (const delayMs of [-5, Number.NaN, 0]) timeline.after(delayMs, () => fired++);
    timeline.after(Number.POSITIVE_INFINITY, () => fired++).cancel();
    runOut(timeline);
    assert.deepEqual([fired, timeline.nowMs], [3, 0]);
  });

  test('never fires before the whole delay has passed, whatever the fractions', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1 }), (delays) => {
        const timeline = new Timeline();
        for (const delayMs of delays) {
          const from = timeline.nowMs;
          timeline.after(delayMs, () => {});
          timeline.next();
          assert.ok(timeline.nowMs - from >= delayMs && timeline.nowMs - from < delayMs + 0.001);
        }
      }),
    );
  });

  test('a cancelled timer does not fire, and its place taken by another is not cancelled with it', () => {
    const timeline = new Timeline();
    const seen: string[] = [];
    const first = timeline.after(5, () => seen.push('first'));
    first.cancel();
    timeline.after(6, () => seen.push('second'));
    first.cancel();
    assert.deepEqual([timeline.pending, timeline.nextAtMs], [1, 6]);
    const third = timeline.after(7, () => third.cancel());
    runOut(timeline);
    assert.deepEqual(seen, ['second']);
  });

  test('an event that throws is over, and the next comes', () => {
    const timeline = new Timeline();
    timeline.after(1, () => {
      throw new RangeError('one');
    });
    timeline.after(2, () => {});
    assert.throws(() => timeline.next(), RangeError);
    assert.equal(timeline.next(), true);
    assert.equal(timeline.next(), false);
  });

  test('the asynchronous mark is taken once', () => {
    const timeline = new Timeline();
    assert.equal(timeline.takeAsynchronous(), false);
    timeline.asynchronous();
    assert.equal(timeline.takeAsynchronous(), true);
    assert.equal(timeline.takeAsynchronous(), false);
  });

  test('with thousands set, fired and cancelled at random it does what a sorted list does', () => {
    const random = new SeededRandom('timeline');
    const timeline = new Timeline();
    const expected: { atMs: number; name: number }[] = [];
    const seen: number[] = [];
    const timers = new Map<number, { cancel(): void }>();
    for (let name = 0; name < 8_000; name += 1) {
      if (name < 2000 || random.chance(0.5)) {
        const delayMs = random.below(400) / 2;
        timers.set(
          name,
          timeline.after(delayMs, () => seen.push(name)),
        );
        expected.push({ atMs: timeline.nowMs + delayMs, name });
      }
      if (random.chance(0.3)) timeline.next();
      if (random.chance(name > 5_000 ? 0.5 : 0.1)) {
        const victim = random.below(name + 1);
        timers.get(victim)?.cancel();
        const at = expected.findIndex((event) => event.name === victim);
        if (at >= 0 && !seen.includes(victim)) expected.splice(at, 1);
      }
    }
    runOut(timeline);
    const order = expected.sort((a, b) => a.atMs - b.atMs || a.name - b.name).map(({ name }) => name);
    assert.deepEqual(seen, order);
  });
});
