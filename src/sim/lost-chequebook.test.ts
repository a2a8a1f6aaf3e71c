import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from './world.ts';

test('chequebooks that a reorganisation took back stand again when a neighbour misses them, and pay', async () => {
  const settings = { payAt: 100, dropAt: 1_000, riskAt: 10_000, costPerMb: 20_000, tradeEveryMs: 50 };
  const words: string[] = [];
  const world = new World({
    seed: 3,
    nodes: 2,
    cheats: [],
    faults: [],
    settings,
    log: (_, line) => words.push(line),
  });
  const pass = async (ms: number): Promise<void> => {
    const untilMs = world.timeline.nowMs + ms;
    await world.advance(() => world.timeline.nowMs >= untilMs);
  };
  const count = (word: string): number => words.filter((line) => line.includes(word)).length;
  world.begin();
  // Both stand, and neither neighbour has looked yet.
  await world.advance(() => count('linkUp') > 0);
  // Neither can be mined on the other branch.
  world.chain.blocks.revertNext = 2;
  world.chain.blocks.reorganise(world.chain.deepest);
  await pass(10_000);
  assert.ok(count('CHEQUE_NO_CONTRACT') > 0);
  assert.equal(count('received'), 0);
  await pass(50_000);
  assert.ok(count('received') > 10, `${count('received')} payments`);
  assert.equal(count('action cut'), 0);
  assert.equal(world.invariants.broken, undefined);
});
