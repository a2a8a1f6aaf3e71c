import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Life } from './life.ts';
import { Timeline } from './timeline.ts';
import { VirtualClock, WORLD_BEGINS_MS } from './virtual-clock.ts';

describe('virtual clock', () => {
  test('a true clock shows the time of the world', () => {
    const timeline = new Timeline();
    const clock = new VirtualClock({ timeline, life: new Life() });
    clock.after(1500.5, () => {});
    timeline.next();
    assert.deepEqual([clock.nowMs(), clock.wallMs()], [1500.5, WORLD_BEGINS_MS + 1500]);
  });

  test('a drifting clock measures its own time, and never fires early by it', () => {
    for (const driftPpm of [-50_000, -77, 0, 33, 50_000]) {
      const timeline = new Timeline();
      const clock = new VirtualClock({ timeline, life: new Life(), driftPpm, wallOffsetMs: -3_600_000 });
      const fast = Math.sign(driftPpm);
      for (let i = 1; i <= 1000; i += 1) {
        const before = clock.nowMs();
        clock.after(i / 3, () => {});
        timeline.next();
        assert.ok(clock.nowMs() - before >= i / 3);
      }
      assert.equal(Math.sign(Math.round(clock.nowMs() - timeline.nowMs)), fast);
      assert.equal(clock.wallMs(), Math.floor(WORLD_BEGINS_MS - 3_600_000 + clock.nowMs()));
      assert.ok(Number.isInteger(clock.wallMs()));
    }
  });

  test('timers of a dead process never fire, and it sets none', () => {
    const timeline = new Timeline();
    const life = new Life();
    const clock = new VirtualClock({ timeline, life });
    let fired = 0;
    clock.after(1, () => fired++);
    life.kill();
    clock.after(1, () => fired++).cancel();
    assert.equal(timeline.pending, 1);
    while (timeline.next());
    assert.equal(fired, 0);
  });
});
