import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SimNode } from './sim-node.ts';
import { World } from './world.ts';

const HOUR_MS = 3_600_000;

/** One pays the other with a few cheques that are not worth the gas of cashing by themselves for a long time. */
async function paidByCheque(): Promise<{ world: World; payer: SimNode; payee: SimNode; chequebook: string }> {
  const settings = {
    costPerMb: 20_000,
    payAt: 20_000,
    dropAt: 60_000,
    riskAt: 4_000_000,
    weiPerUnit: 10_000_000_000n,
    tradeEveryMs: 3_600_000,
    tradeBytes: 1,
  };
  const world = new World({ seed: 'withdrawal', nodes: 2, cheats: [], faults: [], edges: [[0, 1]], settings });
  const [payer, payee] = world.nodes as [SimNode, SimNode];
  world.begin();
  await world.advance(() => payer.traffic?.upload(payee.id, 1_500_000) === true);
  const taken = () => payee.disk.state.received[0];
  await world.advance(() => (taken()?.cumulative ?? 0n) > 0n);
  return { world, payer, payee, chequebook: taken()?.chequebook ?? '' };
}

describe('a withdrawal from a chequebook', () => {
  test('without one, cheques that are not worth the gas are kept', async () => {
    const { world, payee } = await paidByCheque();
    const untilMs = world.timeline.nowMs + HOUR_MS;
    await world.advance(() => world.timeline.nowMs >= untilMs);
    assert.equal(payee.disk.state.received[0]?.cashedCumulative, 0n);
  });

  test('is noticed when it is announced, and all that is owed is cashed before it can be taken', async () => {
    const { world, payer, payee, chequebook } = await paidByCheque();
    world.chain.announceWithdrawal(payer.id, chequebook, 10n ** 30n);
    const untilMs = world.timeline.nowMs + HOUR_MS / 2;
    await world.advance(() => world.timeline.nowMs >= untilMs);
    const record = payee.disk.state.received[0];
    assert.ok(record !== undefined && record.cumulative > 0n);
    assert.equal(record.cashedCumulative, record.cumulative);
    assert.equal(world.invariants.broken?.message, undefined);
  });
});
