import type { Clock } from '../core/clock.ts';
import { MAX_WINDOW_BYTES, START_WINDOW_BYTES, USUAL_WINDOW_BYTES, WINDOW_POOL_BYTES } from './limits.ts';

/** A channel that empties half its window within this many round trips is held back by it. */
const FAST_ROUND_TRIPS = 2;
/** Round trips are taken as at least this, so that a shaped stream on a fast wire does not grow a queue. Milliseconds. */
const LEAST_ROUND_TRIP_MS = 5;
/** Before the first measurement. Milliseconds. */
const UNKNOWN_ROUND_TRIP_MS = 50;
/** With less than this left, large windows shrink as they turn over. */
const SCARCE_BYTES = WINDOW_POOL_BYTES / 8;

/** Shares out what all receive windows of a link may hold beyond the least each channel has. */
export class WindowPool {
  readonly #clock: Clock;
  #free = WINDOW_POOL_BYTES;
  roundTripMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  /** The window a new channel is given, `START_WINDOW_BYTES` or more. */
  first(): number {
    return this.#move(START_WINDOW_BYTES, USUAL_WINDOW_BYTES);
  }

  /** The window of a channel that emptied half of its `window` in `elapsedMs`. */
  next(window: number, elapsedMs: number): number {
    if (this.#free < SCARCE_BYTES && window > USUAL_WINDOW_BYTES) return this.#move(window, window / 2);
    const roundTripMs = Math.max(this.roundTripMs ?? UNKNOWN_ROUND_TRIP_MS, LEAST_ROUND_TRIP_MS);
    if (window >= MAX_WINDOW_BYTES || elapsedMs > FAST_ROUND_TRIPS * roundTripMs) return window;
    return this.#move(window, window * 2);
  }

  /** Takes back the window of a channel that is gone. */
  free(window: number): void {
    this.#free += window - START_WINDOW_BYTES;
  }

  /** `wanted`, or `window` where the pool has not enough: no channel may take the last half of it at once. */
  #move(window: number, wanted: number): number {
    const more = wanted - window;
    if (more > 0 && more * 2 > this.#free) return window;
    this.#free -= more;
    return wanted;
  }
}
