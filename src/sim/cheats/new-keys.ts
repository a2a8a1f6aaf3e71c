import type { Cheat } from '../cheat.ts';
import type { SimNode } from '../sim-node.ts';
import { creditUsed, take } from './customer.ts';

const LOOK_MS = 300;
/** Machines it goes through. Each takes what a newcomer gets. */
const MOST_KEYS = 8;
/** A key is of no more use when this part of its credit is used up, or when in so many looks it got so little more of it. */
const SPENT = 0.8;
const IDLE_LOOKS = 20;
const LITTLE = 0.03;

/** Takes all the credit it gets, pays nothing, and comes back under a new key. */
export const newKeys: Cheat = {
  name: 'new-keys',
  join({ machine, victims, secondMachine, every, cheated }) {
    let present: SimNode = machine;
    let keys = 1;
    let most = 0;
    let idle = 0;
    every(LOOK_MS, () => {
      present.node?.pausePayments(true);
      take(present, victims);
      const used = Math.max(0, ...victims.map((victim) => creditUsed(present, victim)));
      const gains = used > most + LITTLE;
      idle = gains ? 0 : idle + 1;
      if (gains) most = used;
      const spent = used > SPENT || (used > 0 && idle >= IDLE_LOOKS);
      if (keys >= MOST_KEYS || !spent) return;
      most = 0;
      idle = 0;
      present.retired = true;
      present.crash();
      keys += 1;
      present = secondMachine(`key${keys}`);
      cheated();
    });
  },
};
