import type { Cheat } from '../cheat.ts';
import type { SimNode } from '../sim-node.ts';

const LOOK_MS = 300;
/** Machines it goes through. Each takes what a newcomer gets. */
const MOST_KEYS = 8;

/** Takes all the credit it gets, pays nothing, and comes back under a new key. */
export const newKeys: Cheat = {
  name: 'new-keys',
  join({ machine, victims, secondMachine, every, cheated }) {
    let present: SimNode = machine;
    let keys = 1;
    every(LOOK_MS, () => {
      present.node?.pausePayments(true);
      const spent = victims.every((victim) => {
        const account = present.accountOf(victim);
        return account !== undefined && account.payDue() && account.door('transit').usable(1) === 0;
      });
      if (!spent || keys >= MOST_KEYS) return;
      present.retired = true;
      present.crash();
      keys += 1;
      present = secondMachine(`key${keys}`);
      cheated();
    });
  },
};
