import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { type Turn, WaitingLine } from './waiting-line.ts';

/** Timers that fire when the test says so. */
function handClock(): { clock: Clock; timers: { delayMs: number; fire: () => void; cancelled: boolean }[] } {
  const timers: { delayMs: number; fire: () => void; cancelled: boolean }[] = [];
  const clock: Clock = {
    wallMs: () => 0,
    nowMs: () => 0,
    after(delayMs, fire) {
      const timer = { delayMs, fire, cancelled: false };
      timers.push(timer);
      return { cancel: () => (timer.cancelled = true) };
    },
  };
  return { clock, timers };
}

/** Streams that want `wants` steps each, of an account that allows `left.steps` steps. */
function streams(line: WaitingLine, left: { steps: number }, log: string[], wants: Record<string, number>): Turn[] {
  return Object.entries(wants).map(([name, steps]) => {
    const turn: Turn = {
      queued: false,
      turn() {
        let moved = false;
        while (steps > 0) {
          if (!line.mayTry(turn)) return moved;
          if (left.steps === 0) {
            line.refuse(turn, undefined);
            return moved;
          }
          left.steps--;
          steps--;
          moved = true;
          log.push(name);
        }
        return moved;
      },
    };
    return turn;
  });
}

test('first come first served, and who had a piece goes to the end', () => {
  const { clock } = handClock();
  const line = new WaitingLine(clock);
  const left = { steps: 0 };
  const log: string[] = [];
  for (const turn of streams(line, left, log, { a: 3, b: 2, c: 1 })) turn.turn();
  assert.equal(line.length, 3);
  for (let step = 0; step < 6; step++) {
    left.steps = 1;
    line.wake();
  }
  assert.deepEqual(log, ['a', 'b', 'c', 'a', 'b', 'a']);
  assert.equal(line.length, 0);
});

test('a newcomer waits behind those who wait', () => {
  const { clock } = handClock();
  const line = new WaitingLine(clock);
  const left = { steps: 0 };
  const log: string[] = [];
  const [a, b] = streams(line, left, log, { a: 1, b: 1 });
  a?.turn();
  left.steps = 1;
  b?.turn();
  assert.deepEqual(log, []);
  line.wake();
  assert.deepEqual(log, ['a']);
});

test('the earliest time to ask again counts', () => {
  const { clock, timers } = handClock();
  const line = new WaitingLine(clock);
  let turns = 0;
  const turn = (): Turn => ({ queued: false, turn: () => ++turns > 0 });
  line.refuse(turn(), 50);
  line.refuse(turn(), 80);
  line.refuse(turn(), 20);
  assert.deepEqual(
    timers.map((timer) => [timer.delayMs, timer.cancelled]),
    [
      [50, true],
      [20, false],
    ],
  );
  timers[1]?.fire();
  assert.equal(turns, 3);
  line.refuse(turn(), 5);
  line.close();
  assert.equal(timers[2]?.cancelled, true);
});
