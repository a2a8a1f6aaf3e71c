import { WayleaveError } from '../errors.ts';
import { MAX_PRICE, mulDivCeil, type PricePerMb, type Units } from '../units.ts';

/** What one payment buys unless the terms say otherwise (seed 000, "Tiny, granular payments"). */
export const DEFAULT_ALLOTMENT_BYTES = 1_000_000;
export const DEFAULT_ALLOTMENT_MS = 1_000;

/** How long a provider goes on after an allotment ran out: a few round trips, so that a renewal under way is in time. */
export const ALLOTMENT_GRACE_MS = 500;

/**
 * Time used in grace is taken from the next allotment, less this part of one: two clocks may run that far apart without
 * a cut, and nobody gains more than that by renewing late.
 */
export const CLOCK_SKEW_PERCENT = 10;

/** Allotments that a buyer may be ahead of the time that has passed: a minute of the default ones. More is not taken. */
export const MAX_ALLOTMENTS_AHEAD = 60;

/** What an allotment is: milliseconds of true elapsed time. What is sold by data is charged by the byte, as it passes. */
export interface AllotmentSize {
  readonly ms: number;
}

/** The price of one allotment at `price` units a second, rounded up. Both ends compute it from the same terms, and only whole ones are charged. */
export function allotmentPrice(size: AllotmentSize, price: PricePerMb): Units {
  if (!(price >= 0 && price <= MAX_PRICE)) throw new WayleaveError('PRICE_INVALID', { price });
  return mulDivCeil(price, size.ms, 1000);
}

/** What is left of the allotments bought, by this side's own clock. */
class Stock {
  readonly #size: AllotmentSize;
  readonly #grace: number;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(size: AllotmentSize, grace: number) {
    this.#size = size;
    this.#grace = grace;
  }

  add(allotments: number, nowMs: number): void {
    this.#untilMs = this.#startMs(nowMs) + allotments * this.#size.ms;
  }

  /**
   * When a new allotment begins: at the end of the last, a little forgiven, else grace would be a gift with every renewal;
   * or now, after a pause longer than grace.
   */
  #startMs(nowMs: number): number {
    const overMs = nowMs - this.#untilMs;
    if (overMs <= 0) return this.#untilMs;
    if (overMs > this.#grace) return nowMs;
    return nowMs - Math.max(0, overMs - (this.#size.ms * CLOCK_SKEW_PERCENT) / 100);
  }

  /** Milliseconds; negative when it is over; −∞ before the first purchase. */
  left(nowMs: number): number {
    return this.#untilMs - nowMs;
  }
}

/**
 * The buyer's side. It says when the next allotment is due and counts what was bought; the count, not a clock, is what
 * is charged and what travels (cumulative, so a lost or repeated message changes nothing).
 */
export class AllotmentBuyer {
  readonly #stock: Stock;
  readonly #lead: number;
  #bought: number;

  /** `lead`: renew this many milliseconds early. `bought`: the count to continue from. */
  constructor(size: AllotmentSize, lead = 0, bought = 0) {
    this.#stock = new Stock(size, 0);
    this.#lead = lead;
    this.#bought = count(bought);
  }

  /** Allotments bought so far. */
  get bought(): number {
    return this.#bought;
  }

  /** True when one more must be bought to go on using the service. Whoever wants nothing does not ask. */
  due(nowMs: number): boolean {
    return this.#stock.left(nowMs) <= this.#lead;
  }

  /** Buys one. Returns the cumulative count to send. */
  buy(nowMs: number): number {
    this.#bought = count(this.#bought + 1);
    this.#stock.add(1, nowMs);
    return this.#bought;
  }
}

/** The provider's side. Its own clock decides only when it stops, never what it charges. */
export class AllotmentSeller {
  readonly #stock: Stock;
  readonly #grace: number;
  #sold: number;

  /** `grace` in milliseconds. `sold`: the count to continue from. */
  constructor(size: AllotmentSize, grace = ALLOTMENT_GRACE_MS, sold = 0) {
    this.#grace = grace;
    this.#stock = new Stock(size, this.#grace);
    this.#sold = count(sold);
  }

  /** Allotments charged so far. */
  get sold(): number {
    return this.#sold;
  }

  /** How many a message with this cumulative count would buy now: 0 for a repeated or older one. Throws `AMOUNT_INVALID`. */
  wanted(cumulative: number): number {
    return Math.max(0, count(cumulative) - this.#sold);
  }

  /**
   * Sells up to the buyer's cumulative count and returns how many were new: charge that many. Look first whether the
   * account has room for them.
   */
  sell(cumulative: number, nowMs: number): number {
    const fresh = this.wanted(cumulative);
    if (fresh === 0) return 0;
    this.#sold += fresh;
    this.#stock.add(fresh, nowMs);
    return fresh;
  }

  /** True while what was bought lasts, and in the grace time after it. */
  serves(nowMs: number): boolean {
    return this.#stock.left(nowMs) > -this.#grace;
  }
}

/**
 * How far a buyer's orders are ahead of time, by the provider's clock. Each passes as if it had been sold when it came:
 * what the provider has no room to sell is no fault of who ordered it.
 */
export class AllotmentOrders {
  #ordered = 0;
  #last: { readonly ahead: number; readonly atMs: number; readonly ms: number } | undefined;

  /**
   * Takes a buyer's cumulative count and returns how many were new: 0 for a repeated or older one. Throws `AMOUNT_INVALID`,
   * and `ALLOTMENT_AHEAD`, taking nothing, where it would be more than `MAX_ALLOTMENTS_AHEAD` ahead.
   */
  take(cumulative: number, size: AllotmentSize, nowMs: number): number {
    const fresh = count(cumulative) - this.#ordered;
    if (fresh <= 0) return 0;
    const ahead = this.#ahead(nowMs) + fresh;
    if (ahead > MAX_ALLOTMENTS_AHEAD) {
      throw new WayleaveError('ALLOTMENT_AHEAD', { wanted: fresh, most: MAX_ALLOTMENTS_AHEAD });
    }
    this.#ordered = cumulative;
    this.#last = { ahead, atMs: nowMs, ms: size.ms };
    return fresh;
  }

  /** In allotments, each as long as the newest of them: where their size changes, time bought before counts for no more. */
  #ahead(nowMs: number): number {
    if (this.#last === undefined) return 0;
    const { ahead, atMs, ms } = this.#last;
    return Math.max(0, ahead - (nowMs - atMs) / ms);
  }
}

function count(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new WayleaveError('AMOUNT_INVALID', { allotments: value });
  return value;
}
