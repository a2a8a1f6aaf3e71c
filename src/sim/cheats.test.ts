import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Cheat } from './cheat.ts';
import { CHEATS } from './cheats.ts';
import { Coverage } from './coverage.ts';
import { World } from './world.ts';

const STEPS = 4_000;
/** Small thresholds and brisk trade, so that every cheat comes to its point within few steps. */
const SETTINGS = {
  costPerMb: 20_000,
  payAt: 150,
  dropAt: 1_200,
  riskAt: 400,
  weiPerUnit: 10_000_000_000n,
  tradeEveryMs: 60,
  tradeBytes: 6_000,
  uploadOneIn: 3,
} as const;
/** Packets on credit, which is what those who cheat with them are after. */
const PACKETS = {
  tollPerPacket: 3,
  tollPerMb: 2_000,
  refusalFee: 2,
  valueAt: 600,
  prepay: 150,
  price: 5,
  everyMs: 60,
  mostValue: 60,
} as const;
/** A cheat beside three honest nodes in a line, linked to two of them. */
const EDGES = [
  [0, 1],
  [1, 2],
  [3, 0],
  [3, 1],
] as const;
const HONEST = 3;

/** Runs a world to its end, in which every rule holds after every step and the books of honest pairs agree at last. */
async function run(cheat: Cheat, seed: string, faults: readonly string[] | undefined): Promise<Coverage> {
  const settings = cheat.needsPackets ? { ...SETTINGS, packets: PACKETS } : SETTINGS;
  const world = new World({ seed, nodes: HONEST + 1, cheats: [cheat], edges: EDGES, faults, settings });
  const { broken, coverage } = await world.run(STEPS);
  assert.equal(broken?.message, undefined, `seed ${seed}`);
  for (const victim of world.nodes.slice(0, HONEST)) {
    for (const machine of world.nodes.slice(HONEST)) {
      const watch = world.invariants.watchOf(victim.id, machine.id);
      if (watch === undefined) continue;
      const [loss, bound] = [watch.loss(), watch.lossBound()];
      assert.ok(loss <= bound, `seed ${seed}: ${victim.name} loses ${loss} of ${bound} to ${machine.name}`);
    }
  }
  for (const { node } of world.nodes) coverage.count('packet.fee', node?.packets?.status.fees ?? 0);
  return coverage;
}

/** What must have been noticed of a cheat, beside that it lost: events of the nodes around it. */
const NOTICED: Readonly<Record<string, readonly string[]>> = {
  'never-pays': ['event.state'],
  'pays-late': ['event.paid'],
  'bouncing-chequebook': ['event.bounced', 'event.verdict'],
  'replays-cheques': ['event.state', 'event.verdict'],
  'under-counts': ['event.writeOff'],
  'over-counts': ['event.verdict'],
  'denies-payments': ['event.paid', 'event.state'],
  'new-keys': ['event.state'],
  'two-keys': ['event.state'],
  'circulates-volume': ['event.cashed'],
  'old-backup': ['event.verdict'],
  'broken-pay-at': ['event.state'],
  'raises-price': ['event.verdict'],
  floods: ['event.verdict'],
  'malformed-frames': ['event.verdict'],
  'bad-cheques': ['event.verdict'],
  'turns-v': ['event.cashed'],
  'closes-old-state': ['channel.answered', 'channel.closed'],
  'transfer-that-never-comes': ['event.state'],
  'transfer-undone': ['event.state'],
  'one-cheque-twice': ['event.verdict'],
  'forges-receipts': ['packet.fate.forged', 'packet.fate.delivered'],
  'keeps-packets': ['packet.fate.lost', 'packet.way.left', 'packet.fate.delivered'],
  'lies-about-routes': ['packet.fate.delivered'],
  'flaps-routes': ['packet.fate.delivered'],
  'floods-routes': ['packet.fate.delivered'],
  'probes-refusals': ['packet.fate.delivered', 'packet.fee'],
};

/** What several strategies have in common. */
const SHARED = new Set(['customer.ts', 'rumours.ts', 'unless-junk.ts', 'whole-packets.ts']);

describe('cheats', () => {
  test('every file of cheats/ is in the list', () => {
    const files = readdirSync(join(import.meta.dirname, 'cheats')).filter((name) => !name.includes('.test.'));
    const strategies = files.filter((name) => !SHARED.has(name)).map((name) => name.replace(/\.ts$/, ''));
    assert.deepEqual(CHEATS.map(({ name }) => name).sort(), strategies.sort());
  });

  for (const cheat of CHEATS) {
    test(`${cheat.name}: costs no more than was granted, and harms no honest pair`, async () => {
      const happened = new Coverage();
      for (const seed of cheat.needsPackets ? ['a', 'b'] : ['a', 'b', 'c'])
        happened.add(await run(cheat, `${cheat.name} ${seed}`, []));
      happened.add(await run(cheat, `${cheat.name} faults`, undefined));
      assert.ok(happened.of(`cheat.${cheat.name}`) > 0, 'it did cheat');
      for (const name of NOTICED[cheat.name] ?? []) assert.ok(happened.of(name) > 0, `${name} never happened`);
    });
  }
});
