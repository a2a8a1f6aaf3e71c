import type { Clock, Timer } from '../core/clock.ts';
import type { Life } from './life.ts';
import type { Timeline } from './timeline.ts';

/** What the calendar says when a world begins: 2030-01-01. Any date would do; it must be one. */
export const WORLD_BEGINS_MS = Date.UTC(2030, 0, 1);

/** Added to a timer of a drifting clock, so that the rounding of its rate never makes it fire early. */
const ROUNDING_MS = 1 / 1024;

export interface VirtualClockOptions {
  readonly timeline: Timeline;
  readonly life: Life;
  /** What its calendar is ahead of the true one. */
  readonly wallOffsetMs?: number;
  /** How much faster than the true time it runs, in millionths; quartz stays within ± 100. Above −10⁶. */
  readonly driftPpm?: number;
}

/** A machine's clock: a view on the timeline that may run fast or slow, and show a wrong date. */
export class VirtualClock implements Clock {
  /** May be set while it runs: somebody corrects the date, forwards or backwards. */
  wallOffsetMs: number;
  readonly #timeline: Timeline;
  readonly #life: Life;
  readonly #rate: number;

  constructor({ timeline, life, wallOffsetMs = 0, driftPpm = 0 }: VirtualClockOptions) {
    this.#timeline = timeline;
    this.#life = life;
    this.wallOffsetMs = wallOffsetMs;
    this.#rate = 1 + driftPpm / 1_000_000;
  }

  wallMs(): number {
    return Math.floor(WORLD_BEGINS_MS + this.wallOffsetMs + this.nowMs());
  }

  nowMs(): number {
    return this.#timeline.nowMs * this.#rate;
  }

  after(delayMs: number, fire: () => void): Timer {
    const life = this.#life;
    if (!life.touch('clock.after')) return NEVER;
    const delay = this.#rate === 1 ? delayMs : delayMs / this.#rate + ROUNDING_MS;
    return this.#timeline.after(delay, () => {
      if (life.alive) fire();
    });
  }
}

/** What a dead process sets never fires. */
const NEVER: Timer = { cancel: () => {} };
