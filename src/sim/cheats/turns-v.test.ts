import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column } from '../../core/ledger/columns.ts';
import type { SimNode } from '../sim-node.ts';
import { World } from '../world.ts';
import type { WorldSettings } from '../world-settings.ts';
import { turnsV } from './turns-v.ts';

/** So little at risk that nearly each cheque is cashed as it comes. */
const SETTINGS = {
  ...{ costPerMb: 20_000, payAt: 150, dropAt: 1_200, riskAt: 400, weiPerUnit: 10_000_000_000n },
  ...{ tradeEveryMs: 60, tradeBytes: 6_000, uploadOneIn: 3 },
} as const satisfies Partial<WorldSettings>;

test('who turns the v of his cheques pays all of them', async () => {
  const edges = [
    [0, 1],
    [2, 0],
    [2, 1],
  ] as const;
  const world = new World({ seed: 1, nodes: 3, cheats: [turnsV], faults: [], edges, settings: SETTINGS });
  const { broken, coverage } = await world.run(6_000);
  assert.equal(broken?.message, undefined);
  const [one, other, cheat] = world.nodes as [SimNode, SimNode, SimNode];
  for (const victim of [one, other]) {
    const account = victim.accountOf(cheat.id);
    const taken = account?.ledger.get(account.row, Column.received) ?? 0;
    const cashed = world.invariants.watchOf(victim.id, cheat.id)?.cashed() ?? 0;
    assert.ok(taken > 3 * SETTINGS.riskAt, `${taken} were paid`);
    assert.ok(cashed > 0.8 * taken, `${cashed} of ${taken} were cashed`);
  }
  assert.ok(coverage.of('cheat.turns-v') > 10);
});
