import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { systemClock } from './system-clock.ts';

const DAY_MS = 86_400_000;

/** In small steps: the mock starts the next part of a wait at the end of a step. */
function days(count: number): void {
  for (let hour = 0; hour < count * 24; hour++) mock.timers.tick(DAY_MS / 24);
}

it('waits for longer than the system can, and can be cancelled on the way', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const fired: string[] = [];
    systemClock.after(60 * DAY_MS, () => fired.push('long'));
    const cancelled = systemClock.after(60 * DAY_MS, () => fired.push('cancelled'));
    days(30);
    cancelled.cancel();
    days(29);
    assert.deepEqual(fired, []);
    days(1.25);
    assert.deepEqual(fired, ['long']);
  } finally {
    mock.timers.reset();
  }
});
