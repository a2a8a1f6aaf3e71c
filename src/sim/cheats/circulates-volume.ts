import type { Cheat } from '../cheat.ts';
import { take } from './customer.ts';

const LOOK_MS = 100;
/** How long it looks like a good customer before it takes what it can. */
const HONEST_MS = 30_000;
const PIECE_BYTES = 4_000;

/**
 * Two machines of one owner: one buys and pays, the other sells as much, so that money and bytes go round and nothing is
 * left with the victim. Then the first stops paying, and takes all the credit that so much trade may have earned.
 */
export const circulatesVolume: Cheat = {
  name: 'circulates-volume',
  join({ machine, settings, victims, timeline, secondMachine, every, cheated }) {
    const seller = secondMachine('seller');
    const sinceMs = timeline.nowMs;
    every(LOOK_MS, () => {
      const honest = timeline.nowMs - sinceMs < HONEST_MS;
      for (const victim of victims) {
        // As much as the buyer uploads, the seller serves: the victim's income and cost are nearly the same.
        if (
          machine.traffic?.upload(victim, PIECE_BYTES) === true &&
          seller.traffic?.serve(victim, PIECE_BYTES) === true
        )
          cheated();
      }
      if (honest) return;
      machine.node?.pausePayments(true);
      // Where limits grow there is more to take than trade alone would.
      if (settings.growth !== undefined) take(machine, victims);
    });
  },
};
