/** How long one window of the measurement lasts. */
const WINDOW_MS = 500;

/** Bytes a second over the last whole window or two: what "the speed so far" means when a link is not shaped. */
export class RateMeter {
  #startMs = 0;
  #bytes = 0;
  #last = 0;

  /** Counts `bytes` that moved at `nowMs`. */
  add(bytes: number, nowMs: number): void {
    this.#roll(nowMs);
    this.#bytes += bytes;
  }

  /** The rate of the last window, or of this one where it is already higher. */
  perSecond(nowMs: number): number {
    this.#roll(nowMs);
    return Math.max(this.#last, Math.floor((this.#bytes * 1000) / WINDOW_MS));
  }

  #roll(nowMs: number): void {
    const elapsed = nowMs - this.#startMs;
    if (elapsed < WINDOW_MS) return;
    // After a quiet window the speed before it still says what the link can do.
    if (this.#bytes > 0) this.#last = Math.floor((this.#bytes * 1000) / Math.min(elapsed, 2 * WINDOW_MS));
    this.#bytes = 0;
    this.#startMs = nowMs;
  }
}
