import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMOTED_MS, LOST_TO_LEAVE } from '../core/carrier/deliveries.ts';
import type { NodeEvent } from '../node/node.ts';
import type { Cheat } from './cheat.ts';
import { keepsPackets } from './cheats/keeps-packets.ts';
import type { SimNode, SimNodeWatch } from './sim-node.ts';
import { World } from './world.ts';

const SETTINGS = {
  ...{ costPerMb: 20_000, payAt: 500, dropAt: 3_000, riskAt: 2_000, tradeEveryMs: 1_000, tradeBytes: 1_000 },
  packets: {
    ...{ tollPerPacket: 3, tollPerMb: 2_000, refusalFee: 2, valueAt: 1_000, prepay: 500, price: 5 },
    ...{ everyMs: 150, mostValue: 60 },
  },
} as const;
/** A packet is lost after so long, and by then so many more have left for the same node. */
const WAIT_MS = 5_000;
const ON_THE_WAY = Math.ceil(WAIT_MS / SETTINGS.packets.everyMs / 2);

/** The third is reached by the second; and, in a square, by the fourth. */
const LINE = [
  [0, 1],
  [1, 2],
] as const;
const SQUARE = [...LINE, [3, 0], [3, 2]] as const;

/** A world, and what became of the first node's packets to the third. */
function neighbourhood(seed: string, edges: typeof LINE | typeof SQUARE, cheats: readonly Cheat[] = []) {
  const nodes = edges === LINE ? 3 : 4;
  const world = new World({ seed, nodes, cheats, edges, faults: [], settings: SETTINGS });
  const [a, b, c, d] = world.nodes as [SimNode, SimNode, SimNode, SimNode];
  const events: NodeEvent[] = [];
  const watch = a.watch as SimNodeWatch;
  a.watch = { ...watch, said: (node, event) => (events.push(event), watch.said(node, event)) };
  const fates = (fate: string, via: SimNode, sinceMs = 0) => {
    const of = events.filter(({ kind, atMs }) => kind === 'packetFate' && atMs - (events[0]?.atMs ?? 0) >= sinceMs);
    return of.filter((event) => event['fate'] === fate && event.neighbour === via.id && event['to'] === c.id).length;
  };
  const left = (via: SimNode): NodeEvent[] =>
    events.filter(
      ({ kind, neighbour, ...event }) => kind === 'demoted' && neighbour === via.id && event['to'] === c.id,
    );
  const until = async (ms: number): Promise<void> => {
    await world.advance(() => world.timeline.nowMs >= ms);
    assert.equal(world.invariants.broken?.message, undefined);
  };
  world.begin();
  return { a, b, c, d, fates, left, until, world };
}

test('a carrier that keeps packets is left for the honest one, tried again, and left for longer', async () => {
  const { b, d: cheat, fates, left, until, world } = neighbourhood('keeps', SQUARE, [keepsPackets]);
  await until(100_000);
  assert.ok(world.coverage.of('cheat.keeps-packets') > 0);
  const times = left(cheat);
  assert.deepEqual(
    times.map((event) => [event['standing'], event['forMs']]),
    [0, 1].map((n) => ['left', DEMOTED_MS * 2 ** n]),
  );
  assert.deepEqual(left(b), [], 'the honest one stays');
  // Each time it has what takes to be found out, and what was on its way by then: nothing arrives otherwise.
  const lost = fates('lost', cheat);
  assert.ok(lost <= times.length * (LOST_TO_LEAVE + ON_THE_WAY), `${lost} lost`);
  assert.equal(fates('delivered', cheat), 0);
  assert.ok(fates('delivered', b) > 2 * lost, `${fates('delivered', b)} delivered, ${lost} lost`);
});

test('an honest carrier before a link that is broken is used again when packets arrive', async () => {
  const { b, c, fates, left, until, world } = neighbourhood('breaks', LINE);
  await until(10_000);
  assert.ok(fates('delivered', b) > 0);
  // Silently, so that nobody is told why.
  world.network.conditions(b.id, c.id).blocked = true;
  world.network.conditions(c.id, b.id).blocked = true;
  await until(30_000);
  assert.equal(left(b).length, 1);
  const lost = fates('lost', b);
  await until(40_000);
  assert.ok(fates('lost', b) - lost <= ON_THE_WAY, 'those that had left: no more leave by it');
  world.network.heal(b.id, c.id);
  await until(65_000 + DEMOTED_MS);
  assert.equal(left(b).length, 1, 'once, and for the shortest time');
  assert.ok(fates('delivered', b, 65_000) > 10);
});
