import type { NodeId } from '../node-id.ts';
import { MAX_SEQUENCE } from './route.ts';

/**
 * A sequence is the seconds of its origin's clock when it started, and little more: what is further ahead of this node's
 * own clock is a lie, told so that nothing truer can ever be newer. A week: clocks are wrong, and mostly late.
 */
export const MOST_AHEAD_S = 604_800;
/** The same node is asked for newer news of the same destination so often in so long. Milliseconds. */
export const REQUEST_MS = 2_000;
export const REQUESTS_AT_ONCE = 4;

/** How far sequences may be. */
export class SequenceLimit {
  readonly #firstSequence: number;
  readonly #startMs: number;

  constructor(firstSequence: number, startMs: number) {
    this.#firstSequence = firstSequence;
    this.#startMs = startMs;
  }

  /** The largest that is believed now. */
  latest(nowMs: number): number {
    const seconds = Math.floor((nowMs - this.#startMs) / 1_000);
    return Math.min(MAX_SEQUENCE, this.#firstSequence + seconds + MOST_AHEAD_S);
  }
}

/** What was asked for of one destination. */
export class RequestPace {
  readonly #asked = new Map<NodeId, { sequence: number; sinceMs: number; times: number }>();

  /** Whether `to` may be asked for `sequence` now; a yes counts. */
  mayAsk(to: NodeId, sequence: number, nowMs: number): boolean {
    const last = this.#asked.get(to);
    if (last === undefined || nowMs - last.sinceMs >= REQUEST_MS) {
      this.#asked.set(to, { sequence, sinceMs: nowMs, times: 1 });
      return true;
    }
    if (sequence <= last.sequence || last.times >= REQUESTS_AT_ONCE) return false;
    last.sequence = sequence;
    last.times += 1;
    return true;
  }

  /** Nothing was asked for lately. */
  idle(nowMs: number): boolean {
    for (const { sinceMs } of this.#asked.values()) if (nowMs - sinceMs < REQUEST_MS) return false;
    return true;
  }
}
