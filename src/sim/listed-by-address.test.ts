import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimNode } from './sim-node.ts';
import { World } from './world.ts';

test('what the operator says of a neighbour listed by its address holds after a restart, too', async () => {
  const world = new World({ seed: 'by address', nodes: 2, cheats: [], faults: [], edges: [[0, 1]] });
  const [node, neighbour] = world.nodes as [SimNode, SimNode];
  const listed = node.config.neighbours.map((each) => ({ ...each, payAtUnits: 77 }));
  node.config = { ...node.config, neighbours: listed };
  const payAt = () => neighbour.accountOf(node.id)?.theirs.newest?.payAt;
  const ready = () => node.accountOf(neighbour.id)?.ready === true && payAt() === 77;
  world.begin();
  await world.advance(() => ready() || world.timeline.nowMs > 20_000);
  assert.equal(payAt(), 77);
  node.crash();
  await world.advance(() => node.lives === 2 || world.timeline.nowMs > 40_000);
  const untilMs = world.timeline.nowMs + 10_000;
  await world.advance(() => world.timeline.nowMs >= untilMs);
  assert.deepEqual([node.lives, node.accountOf(neighbour.id)?.ready, payAt()], [2, true, 77]);
});
