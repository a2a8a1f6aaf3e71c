import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SqliteStore } from '../../src/store/sqlite-store.ts';
import { Line } from './line.fixture.ts';

/** Many journal windows (50 ms each): what writes because it wrote would be at it again within one. */
const STILL_MS = 500;
/** Starting, agreeing and learning routes is over long before. */
const LOOKS = 60;

test('nodes that nothing happens to write nothing', async () => {
  const line = new Line(2);
  await line.start();
  try {
    await line.ready();
    const written = () => line.nodes.map(({ store }) => (store as SqliteStore).counts.batches).join();
    let looks = 0;
    for (let before = ''; before !== written() && looks < LOOKS; looks += 1) {
      before = written();
      await pause(STILL_MS);
    }
    assert.ok(looks < LOOKS, 'still writing');
  } finally {
    await line.close();
  }
});
