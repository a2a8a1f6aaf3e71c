import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock, Timer } from '../core/clock.ts';
import { BEAT_MS, Beat } from './beat.ts';
import { TimeWatch } from './time-watch.ts';

/** A clock that a test turns. */
class TurnedClock implements Clock {
  #nowMs = 1_000;
  #timers: { atMs: number; fire: () => void }[] = [];
  set = 0;

  wallMs(): number {
    return this.#nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    this.set += 1;
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  get waiting(): number {
    return this.#timers.length;
  }

  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowMs = next.atMs;
      next.fire();
    }
    this.#nowMs = untilMs;
  }
}

test('all links that ask for it are looked at with one timer, once each', () => {
  const clock = new TurnedClock();
  const beat = new Beat(clock);
  const seen: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => () => void seen.push(name)) as [() => void, () => void, () => void];
  for (const look of [a, b, c, a]) beat.join(look);
  beat.leave(b);
  assert.equal(clock.set, 1);
  clock.pass(BEAT_MS - 1);
  assert.deepEqual(seen, []);
  clock.pass(1);
  assert.deepEqual(seen, ['a', 'c']);
  clock.pass(10 * BEAT_MS);
  assert.deepEqual([seen.length, clock.waiting], [2, 0], 'nobody asked for another beat');
});

test('a look may ask for the next beat, and who leaves last stops it', () => {
  const clock = new TurnedClock();
  const beat = new Beat(clock);
  let looks = 0;
  const look = (): void => {
    looks += 1;
    beat.join(look);
  };
  beat.join(look);
  clock.pass(3 * BEAT_MS);
  assert.equal(looks, 3);
  beat.leave(look);
  assert.equal(clock.waiting, 0);
});

test('a link is looked at when time alone may bring something about, and not before', () => {
  const clock = new TurnedClock();
  let dueMs = Number.POSITIVE_INFINITY;
  const looks: number[] = [];
  const watch = new TimeWatch({
    clock,
    beat: new Beat(clock),
    dueMs: () => dueMs,
    look: (nowMs) => {
      looks.push(nowMs);
      if (nowMs >= dueMs) dueMs = Number.POSITIVE_INFINITY;
      watch.watch();
    },
  });
  watch.watch();
  assert.equal(clock.waiting, 0, 'never');
  dueMs = 61_000;
  watch.watch();
  watch.watch();
  assert.equal(clock.waiting, 1, 'much later');
  dueMs = 1_200;
  watch.watch();
  clock.pass(BEAT_MS);
  assert.deepEqual(looks, [1_000 + BEAT_MS], 'with the next beat');
  clock.pass(120_000);
  assert.equal(looks.length, 2, 'the timer that was set for later finds nothing to do');
  watch.wake();
  dueMs = 500_000;
  watch.stop();
  clock.pass(1_000_000);
  assert.equal(looks.length, 2, 'stopped');
});
