import type { Cheat } from '../cheat.ts';

const RAISE_MS = 5_000;
const MOST_PER_MB = 2_000_000_000;

/**
 * Raises its price in the middle of running transfers, further each time until nobody would pay it, and falls back; now
 * and then it names a price list that it never sent.
 */
export const raisesPrice: Cheat = {
  name: 'raises-price',
  join({ machine, random, settings, every, cheated }) {
    // Its operator's own configuration, which its node reads each time it looks at its prices.
    const transit = { ...machine.config.transit };
    machine.config = { ...machine.config, transit };
    let tagsAhead = 0;
    machine.tamper = {
      dataTag(_peer, tag) {
        if (tagsAhead === 0) return tag;
        tagsAhead -= 1;
        cheated();
        return tag + 1;
      },
    };
    every(RAISE_MS, () => {
      const raised = transit.uplinkPricePerMb * random.between(2, 20);
      Object.assign(transit, { uplinkPricePerMb: raised > MOST_PER_MB ? settings.costPerMb : raised });
      cheated();
      if (random.chance(0.2)) tagsAhead = 1;
    });
  },
};
