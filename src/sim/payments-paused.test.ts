import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimNode } from './sim-node.ts';
import { World } from './world.ts';

test('one who comes after payments were paused, to all or to it, is not paid', async () => {
  await paused((node) => node.node?.pausePayments(true));
  await paused((node, neighbour) => node.node?.pausePayments(true, neighbour.id));
});

async function paused(pause: (node: SimNode, neighbour: SimNode) => void): Promise<void> {
  const world = new World({ seed: 'paused', nodes: 2, cheats: [], faults: [], edges: [[0, 1]] });
  const [node, neighbour] = world.nodes as [SimNode, SimNode];
  node.started.push(() => pause(node, neighbour));
  const due = () => node.accountOf(neighbour.id)?.payDue() === true;
  const paid = () => world.coverage.of('event.paid');
  const take = () => {
    node.traffic?.upload(neighbour.id, 60_000);
    world.timeline.after(100, take);
  };
  world.timeline.after(1_000, take);
  world.begin();
  await world.advance(() => due() || paid() > 0 || world.timeline.nowMs > 60_000);
  const untilMs = world.timeline.nowMs + 10_000;
  await world.advance(() => world.timeline.nowMs >= untilMs);
  const { links } = node.node?.status() ?? { links: [] };
  assert.deepEqual([due(), links.map((link) => link.paymentsPaused)], [true, [true]]);
  node.node?.pausePayments(false, neighbour.id);
  await world.advance(() => paid() > 0 || world.timeline.nowMs > untilMs + 60_000);
  assert.ok(paid() > 0);
}
