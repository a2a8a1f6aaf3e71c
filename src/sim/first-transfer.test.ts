import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WayleaveError } from '../core/errors.ts';
import { Column } from '../core/ledger/columns.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { SimNode } from './sim-node.ts';
import { World } from './world.ts';

const SETTINGS = {
  costPerMb: 20_000,
  payAt: 2_000,
  dropAt: 100_000,
  riskAt: 200_000,
  weiPerUnit: 10_000_000_000n,
  tradeEveryMs: 3_600_000,
  tradeBytes: 1,
  blockMs: 1_000,
  confirmations: 2,
};

/** A new node, whose endpoint does not answer for so long from its first start on. */
const AWAY_MS = 30_000;

for (const methods of [['transfer'], ['transfer', 'cheque']] as const satisfies (readonly PaymentMethod[])[]) {
  describe(`a new node that takes ${methods.join(' and ')}, and does not reach its chain when it starts`, () => {
    test('loses no payment: it offers to be paid by transfer once it knows from where to search', async () => {
      const words: string[] = [];
      const world = new World({
        ...{ seed: 'first transfer', nodes: 2, cheats: [], faults: [], edges: [[0, 1]] },
        settings: { ...SETTINGS, methods },
        log: (_, line) => words.push(line),
      });
      const [payer, payee] = world.nodes as [SimNode, SimNode];
      payee.config = { ...payee.config, settlement: { ...payee.config.settlement, methods } };
      payee.alter = (ports) => {
        const { chain } = ports;
        if (chain === undefined) return ports;
        const head = chain.head.bind(chain);
        chain.head = async () => {
          const newest = await head();
          if (world.timeline.nowMs < AWAY_MS) throw new WayleaveError('RPC_UNREACHABLE');
          return newest;
        };
        return ports;
      };
      world.begin();
      const pass = async (ms: number): Promise<void> => {
        const untilMs = world.timeline.nowMs + ms;
        await world.advance(() => world.timeline.nowMs >= untilMs);
      };
      const begun = () => payer.accountOf(payee.id)?.ready === true;
      if (methods.length > 1) {
        await world.advance(begun);
        assert.equal(payer.traffic?.upload(payee.id, 1_000_000), true);
      }
      await pass(AWAY_MS + 10_000);
      await world.advance(begun);
      assert.equal(payer.traffic?.upload(payee.id, 1_000_000), true);
      await pass(60_000);
      const of = (node: SimNode, other: SimNode, column: number): number => {
        const account = node.accountOf(other.id);
        return account?.ledger.get(account.row, column) ?? Number.NaN;
      };
      const paid = of(payer, payee, Column.paid);
      assert.ok(paid > 10_000, `${paid} units`);
      assert.equal(of(payee, payer, Column.received), paid);
      assert.ok(
        words.some((line) => line.includes('paid') && line.includes('method transfer')),
        words.slice(-9).join(),
      );
      const early = words.filter((line) => line.includes('paying') && line.includes('method cheque')).length;
      assert.equal(early > 0, methods.length > 1);
      assert.equal(world.invariants.broken?.message, undefined);
    });
  });
}
