import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Column } from '../../core/ledger/columns.ts';
import type { SimNode } from '../sim-node.ts';
import { World } from '../world.ts';
import type { WorldSettings } from '../world-settings.ts';
import { twoKeys } from './two-keys.ts';

/** Hardly any trade but that of the test, and too little to be paid. Prices and thresholds are those of a small seed. */
const SETTINGS = {
  costPerMb: 20_000,
  // By three it would be settled every few seconds too (`sim-config.ts`).
  payAt: 301,
  dropAt: 2_000,
  riskAt: 2_000,
  weiPerUnit: 10_000_000_000n,
  tradeEveryMs: 5_000,
  tradeBytes: 1,
} as const satisfies Partial<WorldSettings>;

/** Units that `issuer`'s chequebooks have paid out to a machine. */
function paidOut(world: World, issuer: SimNode, to: SimNode): number {
  const { state } = world.chain.blocks;
  let wei = 0n;
  for (const book of state.books) if (book.issuer === issuer.id) wei += state.paidOut(book.address, to.id);
  return Number(wei / world.settings.weiPerUnit);
}

/** What the owner of both keys got in cheques, and what he paid for good. */
async function attack(seed: number, listed: boolean): Promise<{ got: number; paid: number; stolen: number }> {
  const world = new World({
    seed,
    nodes: 3,
    cheats: [twoKeys],
    faults: [],
    edges: [
      [0, 1],
      [2, 0],
    ],
    settings: SETTINGS,
  });
  const [victim, , upstream] = world.nodes as [SimNode, SimNode, SimNode];
  if (listed) {
    const neighbour = { ...victim.config.neighbours[0], id: upstream.id, address: undefined };
    Object.assign(victim, {
      config: { ...victim.config, neighbours: [...victim.config.neighbours, neighbour] },
    });
  }
  const result = await world.run(12_000);
  assert.equal(result.broken?.message, undefined);
  assert.ok(result.coverage.of('cheat.two-keys') > 100);
  const customers = world.nodes.slice(3);
  assert.ok(customers.length > 1, 'one customer’s credit was used up, and the next came');
  const got = world.invariants.watchOf(victim.id, upstream.id)?.issuedUnits ?? 0;
  const stolen = customers.reduce((sum, each) => {
    const account = victim.accountOf(each.id);
    return sum + (account?.ledger.get(account.row, Column.balance) ?? 0);
  }, 0);
  return { got, stolen, paid: customers.reduce((sum, each) => sum + paidOut(world, each, victim), 0) };
}

describe('two keys of one owner', () => {
  test('what the one takes on credit is never paid to the other', async () => {
    for (const seed of [1, 2]) {
      const { got, paid, stolen } = await attack(seed, false);
      assert.ok(stolen > SETTINGS.dropAt / 2, 'it did send its traffic on credit');
      assert.ok(got <= paid, `seed ${seed}: got ${got}, paid ${paid}`);
    }
  });

  test('an operator who lists the upstream himself bears what its friends take: so much the rule holds back', async () => {
    const { got, paid } = await attack(1, true);
    assert.ok(got > paid, `got ${got}, paid ${paid}`);
  });
});

describe('honest newcomers', () => {
  test('a customer and an upstream that nobody knows: the one pays, then the other is paid', async () => {
    for (const seed of [1, 2]) {
      const world = new World({
        seed,
        nodes: 3,
        cheats: [],
        faults: [],
        carriers: [0],
        edges: [
          [1, 0],
          [2, 0],
        ],
        settings: SETTINGS,
      });
      const [carrier, customer, upstream] = world.nodes as [SimNode, SimNode, SimNode];
      Object.assign(upstream, {
        config: { ...upstream.config, transit: { ...upstream.config.transit, uplinkPricePerMb: 15_000 } },
      });
      let sent = 0;
      const send = (): void => {
        if (sent < 600_000 && customer.traffic?.upload(carrier.id, 4_000) === true) sent += 4_000;
        world.timeline.after(150, send);
      };
      send();
      const result = await world.run(14_000);
      assert.equal(result.broken?.message, undefined);
      const account = carrier.accountOf(upstream.id);
      assert.ok(account !== undefined);
      const consumed = account.ledger.get(account.row, Column.consumed);
      const paid = account.ledger.get(account.row, Column.paid);
      assert.ok(consumed > 3 * world.settings.dropAt, `seed ${seed}: carried for ${consumed}`);
      assert.ok(consumed - paid < world.settings.dropAt, `seed ${seed}: ${consumed - paid} is left unpaid`);
    }
  });
});
