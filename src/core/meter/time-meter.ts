import type { Allowance } from '../ledger/door.ts';
import type { PricePerMb, Units } from '../units.ts';
import {
  AllotmentBuyer,
  AllotmentOrders,
  AllotmentSeller,
  type AllotmentSize,
  MAX_ALLOTMENTS_AHEAD,
} from './allotment.ts';

/**
 * After its time is over a buyer still gets this many bytes, this many times: a stream that was silent for a while must
 * tell the buyer that there is something to buy time for. No more until it buys. Bytes.
 */
const KNOCK_BYTES = 1024;
const KNOCKS = 3;
/** Between two knocks, so that the buyer's own clock has come to its end in any case. Milliseconds. */
const KNOCK_MS = 1_000;

/** Charges one side of the account; false, and nothing is charged, where a limit or the lease has no room. */
export type TimeCharge = (units: Units, size: AllotmentSize, price: PricePerMb) => boolean;

/** Corrects what was provided, by the buyer's own word: so much more, or less, was ordered and is not sold. */
export type TimeAdmit = (units: number) => void;

/** What an allotment of a service costs: its size, the price a second, and both multiplied. */
export interface TimeOffer {
  readonly size: AllotmentSize;
  readonly price: PricePerMb;
  readonly units: Units;
}

/**
 * Buying a service by time, on one connection: use asks for time, and a look a moment later buys it (DESIGN §7). Whoever
 * buys time and can use none of it, since the seller has no room or no will to serve, is not to pay on and on: each one
 * in a row that nothing was used in is waited for one allotment longer.
 */
export class TimeBuyer {
  #meter: AllotmentBuyer | undefined;
  #size: AllotmentSize | undefined;
  #wanted = false;
  #covered = false;
  #refused = false;
  /** Allotments bought since something was used, and until when the last of them is waited for. */
  #unused = 0;
  #againMs = Number.NEGATIVE_INFINITY;

  /** Time is bought and, as far as was looked, not used up. */
  get covered(): boolean {
    return this.#covered;
  }

  /** The service is used, or would be. True when nobody looks by itself soon, so that someone must be asked to. */
  want(): boolean {
    const asks = !this.#wanted && !this.#covered && !this.#refused;
    this.#wanted = true;
    return asks;
  }

  /** Something came of it, or went. */
  used(): void {
    this.#wanted = true;
    this.#unused = 0;
    this.#againMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Buys the next allotment if the last is used up by this node's own clock and the service was used since. Returns the
   * cumulative count to send, or undefined when nothing was bought.
   */
  renew(offer: TimeOffer, nowMs: number, charge: TimeCharge): number | undefined {
    const meter = this.#meterFor(offer.size);
    const wanted = this.#wanted;
    this.#covered = !meter.due(nowMs);
    // Nobody looks again when the wait is over but this, so the wish stays.
    if (!this.#covered && nowMs < this.#againMs) return undefined;
    // Whoever is refused asks again when the account changes: what nobody wants any more must not be bought later.
    this.#wanted = false;
    this.#refused = false;
    if (this.#covered || !wanted) return undefined;
    this.#covered = charge(offer.units, offer.size, offer.price);
    this.#refused = !this.#covered;
    if (!this.#covered) return undefined;
    this.#unused = Math.min(this.#unused + 1, MAX_ALLOTMENTS_AHEAD);
    this.#againMs = nowMs + this.#unused * offer.size.ms;
    return meter.buy(nowMs);
  }

  /** An allotment of another size starts anew; the count goes on. */
  #meterFor(size: AllotmentSize): AllotmentBuyer {
    if (this.#meter === undefined || this.#size?.ms !== size.ms) {
      this.#meter = new AllotmentBuyer(size, 0, this.#meter?.bought ?? 0);
      this.#size = size;
      this.#againMs = Number.NEGATIVE_INFINITY;
    }
    return this.#meter;
  }

  /** The connection is gone: what was bought expires. */
  forget(): void {
    this.#meter = undefined;
    this.#wanted = false;
    this.#covered = false;
    this.#refused = false;
  }
}

/**
 * Selling a service by time, on one connection. What the buyer says it bought waits here until the account has room for
 * its price; only then it counts as sold and its time begins, so nothing is served beyond dropAt. The buyer has charged
 * itself all the same, and cannot know of the room: what was written off in its favour is not in its books. So what waits
 * is taken into the books on its word, as when a connection is made again, and both ends come to the same sum.
 */
export class TimeSeller {
  #meter: AllotmentSeller | undefined;
  #size: AllotmentSize | undefined;
  #ahead = new AllotmentOrders();
  /** Those that wait, in turn: one for each offer that they were made for, up to its last count. */
  #orders: { readonly count: number; readonly offer: TimeOffer }[] = [];
  /** Price of the orders that wait, as it was admitted. */
  #admitted: Units = 0;
  #knocks = 0;
  #nextKnockMs = Number.NEGATIVE_INFINITY;

  /** The buyer bought up to `count` in all. Repeated ones change nothing. Throws `AMOUNT_INVALID`, `ALLOTMENT_AHEAD`. */
  order(count: number, offer: TimeOffer, nowMs: number): void {
    if (this.#ahead.take(count, offer.size, nowMs) === 0) return;
    const last = this.#orders.at(-1)?.offer;
    if (last !== undefined && isSame(last, offer)) this.#orders.pop();
    this.#orders.push({ count, offer });
  }

  /**
   * Sells what was ordered as far as the account has room, and admits the rest. Returns the number of allotments sold,
   * and how much more, or less, is admitted than before.
   */
  sell(nowMs: number, charge: TimeCharge, admit: TimeAdmit): { sold: number; admitted: number } {
    let sold = 0;
    // Room is for what is really provided: what only was ordered must not take it, nor make good what was written off.
    const before = this.#admitted;
    if (before > 0) admit(-before);
    for (let next = this.#orders[0]; next !== undefined; next = this.#orders[0]) {
      const { count, offer } = next;
      const meter = this.#meterFor(offer.size);
      // One by one: what waited for long may be more than ever has room at once.
      if (!charge(offer.units, offer.size, offer.price)) break;
      sold += meter.sell(meter.sold + 1, nowMs);
      if (meter.sold === count) this.#orders.shift();
      this.#knocks = KNOCKS;
      this.#nextKnockMs = Number.NEGATIVE_INFINITY;
    }
    this.#admitted = this.#waiting();
    if (this.#admitted > 0) admit(this.#admitted);
    return { sold, admitted: this.#admitted - before };
  }

  /** The price of the orders that wait. */
  #waiting(): Units {
    let units = 0;
    let before = this.#meter?.sold ?? 0;
    for (const { count, offer } of this.#orders) {
      units += (count - before) * offer.units;
      before = count;
    }
    return units;
  }

  /** The time bought is not over by this node's own clock, grace included. */
  active(nowMs: number): boolean {
    return this.#meter?.serves(nowMs) === true;
  }

  /** How many of `wanted` bytes may be served because of time alone. */
  allows(wanted: number, nowMs: number): Allowance {
    if (this.active(nowMs)) return { bytes: wanted };
    if (this.#knocks === 0) return { bytes: 0 };
    const retryMs = Math.ceil(this.#nextKnockMs - nowMs);
    return retryMs > 0 ? { bytes: 0, retryMs } : { bytes: Math.min(wanted, KNOCK_BYTES) };
  }

  /** Something is being served: outside of bought time that was a knock. */
  served(nowMs: number): void {
    if (this.active(nowMs)) return;
    this.#knocks = Math.max(0, this.#knocks - 1);
    this.#nextKnockMs = nowMs + KNOCK_MS;
  }

  #meterFor(size: AllotmentSize): AllotmentSeller {
    if (this.#meter === undefined || this.#size?.ms !== size.ms) {
      this.#meter = new AllotmentSeller(size, undefined, this.#meter?.sold ?? 0);
      this.#size = size;
    }
    return this.#meter;
  }

  /** The connection is gone. What waited is not sold any more; what was admitted stands, by its buyer's word. */
  forget(): void {
    this.#meter = undefined;
    this.#ahead = new AllotmentOrders();
    this.#orders = [];
    this.#admitted = 0;
    this.#knocks = 0;
  }
}

function isSame(one: TimeOffer, other: TimeOffer): boolean {
  return one.size.ms === other.size.ms && one.price === other.price;
}
