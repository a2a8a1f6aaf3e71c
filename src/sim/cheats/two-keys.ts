import type { Cheat } from '../cheat.ts';
import { creditUsed } from './customer.ts';

const LOOK_MS = 100;
const PIECE_BYTES = 3_000;
/** Customers it goes through. Each takes what a newcomer gets. */
const MOST_KEYS = 5;
const SPENT = 0.9;

/**
 * One owner, two keys: one sends traffic through the victim on credit and never pays for it, the other, the cheapest way
 * on from there, collects for carrying it. Once a customer's credit is used up, the next one comes under a new key.
 */
export const twoKeys: Cheat = {
  name: 'two-keys',
  needsCarrier: true,
  join({ machine, victims, secondMachine, every, cheated }) {
    const [victim] = victims;
    if (victim === undefined) return;
    // Cheaper than anybody else, so that the victim's traffic goes here.
    const transit = { ...machine.config.transit };
    Object.assign(transit, { uplinkPricePerMb: Math.ceil(transit.uplinkPricePerMb / 2) });
    machine.config = { ...machine.config, transit };
    let customer = secondMachine('customer');
    let keys = 1;
    every(LOOK_MS, () => {
      customer.node?.pausePayments(true);
      if (customer.traffic?.upload(victim, PIECE_BYTES) === true) cheated();
      if (keys >= MOST_KEYS || creditUsed(customer, victim) < SPENT) return;
      customer.retired = true;
      customer.crash();
      keys += 1;
      customer = secondMachine(`customer${keys}`);
    });
  },
};
