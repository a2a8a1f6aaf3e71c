import type { NodeId } from '../node-id.ts';
import type { Units } from '../units.ts';

/**
 * Credit for service must not become cash. Somebody with two keys could let one send traffic through me on a newcomer's
 * credit, never pay, and collect as my upstream what I pay for carrying it. So what I owe an upstream that has proved
 * nothing for carrying traffic of a customer that has proved nothing waits until that customer has paid for good. My own
 * use, what was carried for others, and everything owed to an upstream the operator listed is paid at once. Whoever
 * holds both keys gets at most what he paid in.
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
  /** All it was ever charged. */
  readonly provided: Units;
}

/**
 * What newcomers may leave unpaid at an upstream that has proved nothing, in hundredths of the credit it gives me. The
 * rest stays for my own use and for customers that pay: else a few that never came back would end the link for all.
 */
export const NEWCOMERS_SHARE_PERCENT = 50;

/** What a customer that the operator did not list took and has not paid for good, beyond what it has earned. */
export function unsecured(customer: CarriedCustomer): Units {
  return Math.max(0, customer.balance + customer.uncashed - customer.earned);
}

/** Whether something new is carried for `customer`, while `held` of the credit an upstream gives me waits for newcomers. */
export function mayCarry(customer: Standing, held: Units, upstreamDropAt: Units): boolean {
  if (held === 0 || customer.listed || customer.earned > 0) return true;
  return held * 100 < upstreamDropAt * NEWCOMERS_SHARE_PERCENT;
}

/** What was carried for one customer since it last had paid for everything. */
interface Carried {
  readonly by: Map<NodeId, Units>;
  /** All of `by`, and what the customer had been charged when it began. */
  cost: Units;
  readonly providedBefore: Units;
}

/**
 * Which upstream carried for which customer. Kept in memory: after a restart `assume` what the books allow. Bounded by
 * the pairs of neighbours between which something is unpaid.
 */
export class CarriedCredit {
  readonly #carried = new Map<NodeId, Carried>();

  /** `upstream` charged me for what it did for a customer, which has been charged `provided` in all so far. */
  carried(upstream: NodeId, customer: NodeId, units: Units, provided: Units): void {
    let found = this.#carried.get(customer);
    if (found === undefined) {
      found = { by: new Map(), cost: 0, providedBefore: provided };
      this.#carried.set(customer, found);
    }
    found.cost += units;
    found.by.set(upstream, (found.by.get(upstream) ?? 0) + units);
  }

  /** How much of the debt to an upstream waits. `customerOf` gives a customer as it stands now. */
  heldBack(upstream: NodeId, standing: Standing, customerOf: (id: NodeId) => CarriedCustomer | undefined): Units {
    if (standing.listed) return 0;
    let sum = -standing.earned;
    for (const [id, carried] of this.#carried) {
      const customer = customerOf(id);
      const waits = customer === undefined ? 0 : waiting(carried, customer);
      if (waits === 0) this.#carried.delete(id);
      else sum += Math.min(waits, carried.by.get(upstream) ?? 0);
    }
    return Math.max(0, sum);
  }

  /** Whether anything carried for this customer may be unpaid. */
  concerns(customer: NodeId): boolean {
    return this.#carried.has(customer);
  }
}

/** What it owes, and what was bought for it and never reached it (it hung up), as far as it was not worth that to me. */
function waiting(carried: Carried, customer: CarriedCustomer): Units {
  if (customer.listed) return 0;
  const wasted = Math.max(0, carried.cost - (customer.provided - carried.providedBefore));
  return unsecured(customer) + wasted;
}
