import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { systemClock } from './system-clock.ts';

const DAY_MS = 86_400_000;

it('waits for longer than the system can, and can be cancelled on the way', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const fired: string[] = [];
    systemClock.after(60 * DAY_MS, () => fired.push('long'));
    const cancelled = systemClock.after(60 * DAY_MS, () => fired.push('cancelled'));
    mock.timers.tick(30 * DAY_MS);
    cancelled.cancel();
    mock.timers.tick(29 * DAY_MS);
    assert.deepEqual(fired, []);
    mock.timers.tick(DAY_MS);
    assert.deepEqual(fired, ['long']);
  } finally {
    mock.timers.reset();
  }
});
