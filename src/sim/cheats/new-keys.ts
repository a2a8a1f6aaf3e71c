import type { Cheat } from '../cheat.ts';
import type { SimNode } from '../sim-node.ts';
import { creditUsed, take } from './customer.ts';

const LOOK_MS = 300;
/** Machines it goes through. Each takes what a newcomer gets. */
const MOST_KEYS = 8;
/** A key is of no more use when this part of its credit is used up. */
const SPENT = 0.8;

/** Takes all the credit it gets, pays nothing, and comes back under a new key. */
export const newKeys: Cheat = {
  name: 'new-keys',
  join({ machine, victims, secondMachine, every, cheated }) {
    let present: SimNode = machine;
    let keys = 1;
    every(LOOK_MS, () => {
      present.node?.pausePayments(true);
      take(present, victims);
      if (keys >= MOST_KEYS || !victims.some((victim) => creditUsed(present, victim) > SPENT)) return;
      present.retired = true;
      present.crash();
      keys += 1;
      present = secondMachine(`key${keys}`);
      cheated();
    });
  },
};
