import { WayleaveError } from '../errors.ts';
import { BYTES_PER_MB, chargeFor, MAX_PRICE, mulDivCeil, type PricePerMb, price } from '../units.ts';

/** Profit is typed in per cent and kept in basis points: 10,000 = 100 %. */
export const BASIS_POINTS = 10_000;

/** The highest minimum profit: a hundredfold. More is a slip of the keyboard. */
export const MAX_PROFIT_BP = 1_000_000;

/** The longest time over which prices paid are averaged: one day of minutes, 1,440 small buckets. */
export const MAX_COST_MINUTES = 1_440;

const MINUTE_MS = 60_000;

interface Bucket {
  minute: number;
  bytes: number;
  units: number;
  /** Millionths of a unit, carried, so that many small purchases average exactly. */
  remainder: number;
}

/** What `CostBook.cost` falls back on. */
export interface CostContext {
  readonly nowMs: number;
  /** A node with an uplink has the uplink's price as its cost. */
  readonly uplinkPerMb?: PricePerMb | undefined;
  /** The lowest ask among present neighbours. */
  readonly cheapestAskPerMb?: PricePerMb | undefined;
}

/**
 * What access costs this node: the average of prices paid *by* it over the last X minutes, weighted by amount bought
 * (seed 000, option 1; DESIGN §5). Memory is X buckets.
 */
export class CostBook {
  readonly #minutes: number;
  readonly #buckets: Bucket[] = [];

  /** `minutes`: 1 … `MAX_COST_MINUTES`. Throws `AMOUNT_INVALID`. */
  constructor(minutes: number) {
    if (!Number.isSafeInteger(minutes) || minutes < 1 || minutes > MAX_COST_MINUTES) {
      throw new WayleaveError('AMOUNT_INVALID', { minutes });
    }
    this.#minutes = minutes;
  }

  /** Records a purchase of access: `bytes` up to `MAX_CHARGE_BYTES` at `pricePerMb`. */
  bought(bytes: number, pricePerMb: PricePerMb, nowMs: number): void {
    const bucket = this.#bucketAt(Math.floor(nowMs / MINUTE_MS));
    const charge = chargeFor(bytes, pricePerMb, bucket.remainder);
    bucket.bytes += bytes;
    bucket.units += charge.amount;
    bucket.remainder = charge.remainder;
  }

  /**
   * The cost now, rounded up: the uplink's price; else the average over the window; else, with no purchase in it, the
   * last average there was; else the cheapest ask; else undefined (nothing can be sold: there is no access).
   */
  cost(context: CostContext): PricePerMb | undefined {
    if (context.uplinkPerMb !== undefined) return context.uplinkPerMb;
    const nowMinute = Math.floor(context.nowMs / MINUTE_MS);
    const lastMinute = this.#buckets.at(-1)?.minute ?? nowMinute;
    const end = lastMinute > nowMinute - this.#minutes ? nowMinute : lastMinute;
    return this.#average(end - this.#minutes) ?? context.cheapestAskPerMb;
  }

  #average(afterMinute: number): PricePerMb | undefined {
    let bytes = 0n;
    let millionths = 0n;
    for (const bucket of this.#buckets) {
      if (bucket.minute <= afterMinute) continue;
      bytes += BigInt(bucket.bytes);
      millionths += BigInt(bucket.units) * BigInt(BYTES_PER_MB) + BigInt(bucket.remainder);
    }
    return bytes === 0n ? undefined : Number((millionths + bytes - 1n) / bytes);
  }

  #bucketAt(minute: number): Bucket {
    const last = this.#buckets.at(-1);
    // A clock that steps back books into the newest minute rather than out of order.
    if (last !== undefined && minute <= last.minute) return last;
    const fresh = { minute, bytes: 0, units: 0, remainder: 0 };
    this.#buckets.push(fresh);
    while ((this.#buckets[0]?.minute ?? minute) <= minute - this.#minutes) this.#buckets.shift();
    return fresh;
  }
}

/**
 * The least I sell for: ⌈cost × (1 + profit)⌉; undefined, and nothing is for sale, when that passes `MAX_PRICE`. The cost
 * may be what a neighbour asks, so it must not be an error.
 */
export function askFor(costPerMb: PricePerMb, profitBp: number): PricePerMb | undefined {
  const ask = mulDivCeil(price(costPerMb, 'cost'), BASIS_POINTS + profit(profitBp), BASIS_POINTS);
  return ask > MAX_PRICE ? undefined : ask;
}

/** Profit of a price in basis points, rounded down: (price − cost) ÷ cost. At no cost any price above 0 is `Infinity`. */
export function profitOf(pricePerMb: PricePerMb, costPerMb: PricePerMb): number {
  if (costPerMb === 0) return pricePerMb === 0 ? 0 : Number.POSITIVE_INFINITY;
  return Math.floor(((pricePerMb - costPerMb) * BASIS_POINTS) / costPerMb);
}

/** May a node sell at this price? Never below the minimum profit. */
export function sellsAt(pricePerMb: PricePerMb, costPerMb: PricePerMb, profitBp: number): boolean {
  return BigInt(pricePerMb) * BigInt(BASIS_POINTS) >= BigInt(costPerMb) * BigInt(BASIS_POINTS + profit(profitBp));
}

/** Does a node buy at this ask for traffic it originates or receives? Never above the maximum the operator typed. */
export function buysAt(askPerMb: PricePerMb | undefined, maximumPerMb: PricePerMb): boolean {
  return askPerMb !== undefined && askPerMb <= maximumPerMb;
}

/** What decides a node's bid. */
export interface BidContext {
  /** The operator's maximum for own traffic; undefined for a node with none. */
  readonly maximumPerMb: PricePerMb | undefined;
  /** Bids of the neighbours that buy from this node. */
  readonly customerBidsPerMb: readonly PricePerMb[];
  readonly profitBp: number;
}

/**
 * The highest price at which buying makes sense: for own traffic the maximum; for carried traffic the highest cost that
 * still leaves the minimum profit on the best customer's bid.
 */
export function bidFor(context: BidContext): PricePerMb {
  const best = Math.max(0, ...context.customerBidsPerMb);
  const resale = (BigInt(best) * BigInt(BASIS_POINTS)) / BigInt(BASIS_POINTS + profit(context.profitBp));
  return Math.min(MAX_PRICE, Math.max(context.maximumPerMb ?? 0, Number(resale)));
}

function profit(profitBp: number): number {
  if (!Number.isSafeInteger(profitBp) || profitBp < 0 || profitBp > MAX_PROFIT_BP) {
    throw new WayleaveError('AMOUNT_INVALID', { profitBp });
  }
  return profitBp;
}
