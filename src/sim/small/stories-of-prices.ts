import type { PricePerMb } from '../../core/units.ts';
import type { TransitConfig } from '../../node/config.ts';
import { Pricing } from '../../node/pricing.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const MB = 1_000_000;
const CHEAPEST = 77;
const minute = (count: number): number => count * 60_000;

/** What access costs node 0, as it buys. */
function buyer(teller: Teller, change: Partial<TransitConfig> = {}) {
  const pricing = new Pricing({ ...teller.node(0).config.transit, ...change });
  return {
    buys: (perMb: PricePerMb, atMinute: number, bytes = MB) => pricing.bought(bytes, perMb, minute(atMinute)),
    cost: (atMinute: number) => pricing.costPerMb(minute(atMinute), CHEAPEST),
  };
}

/** What a node asks follows from what it pays. */
export const STORIES_OF_PRICES: readonly RuleStory[] = [
  {
    name: 'access costs what was paid for it in the last quarter of an hour, by amount',
    begins: { apart: true },
    told: async (teller) => {
      const { buys, cost } = buyer(teller);
      teller.same('nothing was bought', cost(0), CHEAPEST);
      buys(10, 0);
      buys(10, 0);
      buys(40, 3);
      teller.same('two parts at 10, one at 40', [cost(3), cost(14)], [20, 20]);
      teller.same('the first minute is long ago', cost(15), 40);
      teller.same('nothing was bought for long', cost(1_000), 20);
      buys(100, 2_000);
      teller.same('what was bought before is forgotten', [cost(2_000), cost(9_000)], [100, 100]);
    },
  },
  {
    name: 'many small purchases cost what they cost together, and the cost is rounded up',
    begins: { apart: true },
    told: async (teller) => {
      const { buys, cost } = buyer(teller);
      buys(1, 0, 2);
      buys(0, 0, 1);
      teller.same('two thirds', cost(0), 1);
    },
  },
  {
    name: 'what is bought while the clock has stepped back was bought in the newest minute',
    begins: { apart: true },
    told: async (teller) => {
      const { buys, cost } = buyer(teller);
      buys(10, 20);
      buys(40, 3);
      buys(100, 21);
      teller.same('all of it', cost(22), 50);
    },
  },
  {
    name: 'an uplink costs what its contract says, whatever else is bought',
    begins: { apart: true },
    told: async (teller) => {
      const { buys, cost } = buyer(teller, { uplink: true, uplinkPricePerMb: 5 });
      buys(40, 0);
      teller.same('its price', cost(0), 5);
    },
  },
];
