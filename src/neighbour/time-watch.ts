import type { Clock, Timer } from '../core/clock.ts';
import { BEAT_MS, type Beat } from './beat.ts';

export interface TimeWatchOptions {
  readonly clock: Clock;
  readonly beat: Beat;
  /** From when on something may come about by time alone; Infinity for never. Clock milliseconds. */
  readonly dueMs: (nowMs: number) => number;
  /** Called with a beat. */
  readonly look: (nowMs: number) => void;
}

/** Has one link looked at when time alone may bring something about. One on which it cannot costs no beats. */
export class TimeWatch {
  readonly #options: TimeWatchOptions;
  #awake = false;
  #later: Timer | undefined;
  #laterMs = Number.POSITIVE_INFINITY;

  constructor(options: TimeWatchOptions) {
    this.#options = options;
  }

  /** The link is looked at with the next beat. */
  wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#options.beat.join(this.#onBeat);
  }

  /** Something happened: when is the link to be looked at now? */
  watch(): void {
    if (this.#awake) return;
    const { clock, dueMs } = this.#options;
    const nowMs = clock.nowMs();
    const atMs = dueMs(nowMs);
    if (atMs >= this.#laterMs) return;
    if (atMs <= nowMs + BEAT_MS) return this.wake();
    this.#later?.cancel();
    this.#laterMs = atMs;
    this.#later = clock.after(atMs - nowMs, () => {
      this.#laterMs = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }

  stop(): void {
    this.#options.beat.leave(this.#onBeat);
    this.#awake = false;
    this.#later?.cancel();
    this.#laterMs = Number.POSITIVE_INFINITY;
  }

  readonly #onBeat = (): void => {
    this.#awake = false;
    this.#options.look(this.#options.clock.nowMs());
  };
}
