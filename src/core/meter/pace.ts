import type { Units } from '../units.ts';

/** Above their payAt a debtor is still served at full speed for a quarter of the room to dropAt: a payment in flight is no fault. */
const TOLERANCE_PERCENT = 25;
// For speed, as in `ledger.ts`.
const tolerancePercent = TOLERANCE_PERCENT;

export { tolerancePercent as TOLERANCE_PERCENT };

/** What a throttled neighbour keeps at the least: enough to load a page slowly and see why it is slow. */
export const FLOOR_BYTES_PER_SECOND = 8_000;

/** How much may leave at once after a pause: small against what a screen or a shaper notices. */
export const BURST_MS = 50;

/** Bursts and pieces are at least one data frame, so that slow rates still move whole frames now and then. */
export const MIN_BURST_BYTES = 16_384;

/** Below this the bucket says "later" rather than hand out crumbs. */
export const MIN_PIECE_BYTES = 1_024;
const PIECE_MS = 5;

/** How a neighbour is served because of its debt (DESIGN §3). `closed` (too long choked, or conduct) is decided elsewhere. */
export type DebtState = 'open' | 'throttled' | 'choked';

/** The two thresholds of a neighbour's debt, in units; payAt ≤ dropAt. */
export interface DebtLimits {
  /** Their debt at which they are asked to pay. */
  readonly payAt: Units;
  /** Their debt past which nothing is served. */
  readonly dropAt: Units;
}

/** The debt from which the neighbour is slowed down: payAt plus the tolerance. */
export function throttleAt(limits: DebtLimits): Units {
  const room = Math.max(0, limits.dropAt - limits.payAt);
  return limits.payAt + Math.floor((room / 100) * TOLERANCE_PERCENT);
}

/**
 * The state that follows from `debt` (negative: I owe them). `nextCharge` is the price of the smallest next piece; 0 for
 * a free service, which is never choked for debt. A payment lifts the state at once, since it only depends on the debt.
 */
export function debtState(debt: number, limits: DebtLimits, nextCharge: Units = 1): DebtState {
  if (nextCharge === 0) return 'open';
  if (debt + nextCharge > limits.dropAt) return 'choked';
  return debt < throttleAt(limits) ? 'open' : 'throttled';
}

/** The speeds between which debt moves a neighbour. */
export interface RateRange {
  /** Bytes a second when open; `Infinity` when the link is not shaped. */
  readonly full: number;
  /**
   * Where slowing down begins when `full` is `Infinity`: the bytes a second this link moved while it was last open. Not
   * what it moves now, or each slowing would be taken from the last one and end at the floor.
   */
  readonly measured?: number;
  readonly floor?: number;
}

/** Bytes a second at which to serve: full, then falling linearly from the throttle point to the floor at dropAt. */
export function serviceRate(debt: number, limits: DebtLimits, range: RateRange): number {
  const from = throttleAt(limits);
  if (debt < from) return range.full;
  const floor = range.floor ?? FLOOR_BYTES_PER_SECOND;
  const full = range.full === Number.POSITIVE_INFINITY ? Math.max(range.measured ?? floor, floor) : range.full;
  if (full <= floor) return full;
  const room = limits.dropAt - from;
  const left = room <= 0 ? 0 : Math.min(1, Math.max(0, (limits.dropAt - debt) / room));
  return Math.floor(floor + (full - floor) * left);
}

/** How much may go now, and if less than wanted, when to ask again (absent: wait for a change). As in `core/ledger/door.ts`. */
export interface PaceAllowance {
  readonly bytes: number;
  readonly retryMs?: number;
}

/**
 * A token bucket without a clock of its own. Over any time, at most one burst plus rate × time is allowed. Call `allow`
 * to ask and `take` for what was really used; `allow` alone takes nothing.
 */
export class Pace {
  /** Thousandths of a byte, so that rate × milliseconds is exact. Negative after more was taken than allowed. */
  #milliBytes = 0;
  #rate = Number.POSITIVE_INFINITY;
  #lastMs = 0;

  /** `rateBytesPerSecond`, above 0, holds from now on; time since the last call counts at the rate given then. `Infinity` allows all. */
  allow(wanted: number, rateBytesPerSecond: number, nowMs: number): PaceAllowance {
    // Nothing is counted while all is allowed: the time that passes matters from the first rate on.
    if (rateBytesPerSecond === this.#rate && this.#rate === Number.POSITIVE_INFINITY) return { bytes: wanted };
    this.#refill(rateBytesPerSecond, nowMs);
    if (rateBytesPerSecond === Number.POSITIVE_INFINITY) return { bytes: wanted };
    const there = Math.max(0, Math.floor(this.#milliBytes / 1000));
    const piece = Math.min(wanted, Math.max(MIN_PIECE_BYTES, Math.floor((rateBytesPerSecond * PIECE_MS) / 1000)));
    const bytes = there >= Math.min(piece, burstBytes(rateBytesPerSecond)) ? Math.min(wanted, there) : 0;
    if (bytes >= wanted) return { bytes };
    const next = Math.min(wanted - bytes, piece, burstBytes(rateBytesPerSecond));
    const missing = next * 1000 - (this.#milliBytes - bytes * 1000);
    return { bytes, retryMs: Math.max(1, Math.ceil(missing / rateBytesPerSecond)) };
  }

  /** Counts `bytes` that were served. */
  take(bytes: number): void {
    if (this.#rate === Number.POSITIVE_INFINITY) return;
    this.#milliBytes -= bytes * 1000;
  }

  #refill(rate: number, nowMs: number): void {
    const before = this.#rate;
    const cap = rate === Number.POSITIVE_INFINITY ? 0 : burstBytes(rate) * 1000;
    if (before === Number.POSITIVE_INFINITY) {
      this.#milliBytes = cap;
    } else {
      const elapsedMs = Math.max(0, nowMs - this.#lastMs);
      this.#milliBytes = Math.min(cap, this.#milliBytes + Math.floor(before * elapsedMs));
    }
    this.#lastMs = Math.max(this.#lastMs, nowMs);
    this.#rate = rate;
  }
}

function burstBytes(rate: number): number {
  return Math.max(MIN_BURST_BYTES, Math.floor((rate * BURST_MS) / 1000));
}
