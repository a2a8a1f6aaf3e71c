import type { Clock, Timer } from '../core/clock.ts';

/** How often time itself is looked at while something is to be looked at: choke grace, retries, counts. Milliseconds. */
export const BEAT_MS = 500;

/** One timer for all links of a node that are busy: each is looked at once a beat for as long as it asks to be. */
export class Beat {
  readonly #clock: Clock;
  #next = new Set<() => void>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `look` once, with the next beat: within `BEAT_MS`. */
  join(look: () => void): void {
    this.#next.add(look);
    this.#timer ??= this.#clock.after(BEAT_MS, () => this.#all());
  }

  leave(look: () => void): void {
    this.#next.delete(look);
    if (this.#next.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #all(): void {
    this.#timer = undefined;
    const due = this.#next;
    this.#next = new Set();
    for (const look of due) look();
  }
}
