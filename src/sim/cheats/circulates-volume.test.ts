import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimNode } from '../sim-node.ts';
import { World } from '../world.ts';
import type { WorldSettings } from '../world-settings.ts';
import { circulatesVolume } from './circulates-volume.ts';

/** Hardly any trade but that of the test; half of what is kept is lent, at once. */
const SETTINGS: Partial<WorldSettings> = {
  costPerMb: 20_000,
  payAt: 301,
  dropAt: 1_200,
  riskAt: 2_000,
  weiPerUnit: 10n ** 14n,
  tradeEveryMs: 5_000,
  tradeBytes: 100,
  growth: { sharePercent: 50, perDay: 2_400, most: 4_800, newcomersPerDay: 20, profitBp: 10_000 },
};
const WANT_MS = 100;
const WANT_BYTES = 4_000;
/** The cheat stops paying after half a minute, and then takes what it can. */
const LASTS_MS = 50_000;

/** What is lent beyond a newcomer's. */
function lentBy(seller: SimNode, to: SimNode): number {
  const account = seller.accountOf(to.id);
  return Math.max(0, (account?.mine.newest?.dropAt ?? 0) - (SETTINGS.dropAt ?? 0));
}

async function trade(seed: number, honestBuys: boolean) {
  const edges = [
    [1, 0],
    [2, 0],
  ] as const;
  const world = new World({ seed, nodes: 3, cheats: [circulatesVolume], faults: [], edges, settings: SETTINGS });
  const [seller, honest, buyer] = world.nodes as [SimNode, SimNode, SimNode];
  const most = { honest: 0, cheat: 0 };
  const want = (): void => {
    if (honestBuys) honest.traffic?.upload(seller.id, WANT_BYTES);
    most.honest = Math.max(most.honest, lentBy(seller, honest));
    for (const node of world.nodes.slice(2)) most.cheat = Math.max(most.cheat, lentBy(seller, node));
    world.timeline.after(WANT_MS, want);
  };
  want();
  world.begin();
  await world.advance(() => world.timeline.nowMs >= LASTS_MS);
  assert.equal(world.invariants.broken?.message, undefined, `seed ${seed}`);
  const keys = [buyer, ...world.nodes.slice(3)];
  let loss = 0;
  let passed = 0;
  for (const { id } of keys) {
    const watch = world.invariants.watchOf(seller.id, id);
    assert.ok(watch !== undefined);
    world.invariants.readChain(watch);
    loss += watch.loss();
    passed += watch.provided;
  }
  return { most, loss, passed };
}

/** Two keys of one owner circulate volume, and then take. Of a seller with and without another customer. */
test('who circulates volume is lent nothing for it, and gives more than it takes where others earn the seller’s credit', async () => {
  const { dropAt: newcomer = 0, growth } = SETTINGS;
  for (const seed of [1, 2]) {
    const alone = await trade(seed, false);
    assert.ok(alone.passed > 10 * newcomer, `${alone.passed} went round`);
    assert.equal(alone.most.cheat, 0);
    assert.ok(alone.loss > newcomer / 2 && alone.loss <= newcomer, `it took ${alone.loss}`);
    const among = await trade(seed, true);
    assert.ok(among.most.honest > newcomer / 4, `an honest customer was lent ${among.most.honest}`);
    const keptPart = 1 - 10_000 / (10_000 + (growth?.profitBp ?? 0));
    const profit = among.loss - among.passed * keptPart;
    assert.ok(among.loss <= newcomer + among.most.cheat && profit <= 0, `it took ${among.loss}`);
  }
});
