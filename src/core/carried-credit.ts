import type { Units } from './units.ts';

/**
 * Credit for service must not become cash. Somebody with two keys could let one send traffic through me on a newcomer's
 * credit, never pay, and collect as my upstream what I pay for carrying it. So what I owe an upstream that has proved
 * nothing waits, as far as customers that have proved nothing have not paid me, finally, for what they took. My own use,
 * what was paid for, and everything owed to an upstream the operator listed is paid at once. Whoever holds both keys
 * then gets at most what they paid in: over any sequence, paid out ≤ received for good + earned.
 */

/** What stands behind a neighbour. */
export interface Standing {
  /** The operator wrote it into the configuration: his own judgement, and his loss. */
  readonly listed: boolean;
  /** Credit it was given beyond a newcomer's, out of net income kept from it (DESIGN §3). */
  readonly earned: Units;
}

/** A neighbour that buys here. */
export interface CarriedCustomer extends Standing {
  /** Its balance: positive when it owes me. */
  readonly balance: number;
  /** Its cheques that I credited and have not been paid for: they may bounce. */
  readonly uncashed: Units;
}

/**
 * What newcomers may leave unpaid at an upstream that has proved nothing, in hundredths of the credit it gives me. The
 * rest stays for my own use and for customers that pay: else a few that never came back would end the link for all.
 */
export const NEWCOMERS_SHARE_PERCENT = 50;

/** What a customer took and has not paid for good, beyond what it has earned; 0 for one the operator listed. */
export function unsecured(customer: CarriedCustomer): Units {
  if (customer.listed) return 0;
  return Math.max(0, customer.balance + customer.uncashed - customer.earned);
}

/** How much of the debt to an upstream waits until its cause has paid: at most what all customers owe unsecured. */
export function heldBack(upstream: Standing, customers: Iterable<CarriedCustomer>): Units {
  if (upstream.listed) return 0;
  let sum = -upstream.earned;
  for (const customer of customers) sum += unsecured(customer);
  return Math.max(0, sum);
}

/** Whether something new is carried for `customer`, while `held` of the credit an upstream gives me waits for newcomers. */
export function mayCarry(customer: Standing, held: Units, upstreamDropAt: Units): boolean {
  if (held === 0 || customer.listed || customer.earned > 0) return true;
  return held * 100 < upstreamDropAt * NEWCOMERS_SHARE_PERCENT;
}
