import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import type { SimNode } from '../sim-node.ts';
import { ServiceCost } from './service-cost.ts';

const SOLD = 1_000;
const LATER_MS = 10_000;

/** What a node that sold 1,000 units at 20, for what costs it 15, is held to have spent on it. */
function costOf(
  transit: { readonly uplink: boolean; readonly metering: 'data' | 'time' },
  then: (cost: ServiceCost) => void = () => undefined,
): number {
  const clock = { nowMs: () => 0 };
  const ledger = { provided: 0, get: () => ledger.provided };
  const account = { ledger, row: 0, mine: { newest: { services: { transit: { askPerMb: 20 } } } } };
  const node = { lives: 1, clock, config: { transit: { ...transit, uplinkPricePerMb: 15 } } };
  const cost = new ServiceCost(node as unknown as SimNode);
  cost.look(account as unknown as LinkAccount);
  then(cost);
  clock.nowMs = () => LATER_MS;
  ledger.provided = SOLD;
  cost.look(account as unknown as LinkAccount);
  return cost.units;
}

test('what was charged cost its share, where an uplink is paid for what went through it', () => {
  // One unit may be lost to rounding in each life.
  assert.equal(costOf({ uplink: true, metering: 'data' }), (SOLD * 15) / 20 - 1);
  assert.equal(costOf({ uplink: false, metering: 'data' }), 0);
  assert.equal(costOf({ uplink: true, metering: 'time' }), 0);
});

test('a node that is being stopped sells nothing more', () => {
  assert.equal(
    costOf({ uplink: true, metering: 'data' }, (cost) => cost.stops()),
    -1,
  );
});
