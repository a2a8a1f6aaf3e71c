import type { Clock, Timer } from '../../core/clock.ts';

/** Timers of at most this delay are due "soon": they fire in any order, without time passing. Milliseconds. */
const SOON_MS = 50;
/** What one long step of a node's clock is: longer than any interval of a session here. Milliseconds. */
const STEP_MS = 600;

interface Waiting {
  readonly delayMs: number;
  readonly fire: () => void;
}

/**
 * The clock of one small node. Only the order of things matters to a search, so time stands still but for long steps,
 * and each node's clock goes by itself: a slow machine and a late timer are the same thing.
 */
export class SmallClock implements Clock {
  #nowMs = 1_000_000;
  #timers: Waiting[] = [];

  wallMs(): number {
    return this.#nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): Timer {
    const waiting = { delayMs, fire };
    this.#timers.push(waiting);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== waiting);
      },
    };
  }

  /** The delays of the timers that wait, for telling states apart. */
  get delays(): readonly number[] {
    return this.#timers.map(({ delayMs }) => delayMs);
  }

  /** True when a timer of exactly this delay waits. */
  waits(delayMs: number): boolean {
    return this.#timers.some((each) => each.delayMs === delayMs);
  }

  /** Fires the oldest timer of this delay, at this very moment. */
  fire(delayMs: number): void {
    const at = this.#timers.findIndex((each) => each.delayMs === delayMs);
    const [timer] = at < 0 ? [] : this.#timers.splice(at, 1);
    timer?.fire();
  }

  /** Time passes: whatever waits for it happens. */
  step(ms: number = STEP_MS): void {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ delayMs }) => delayMs > SOON_MS);
    this.#timers = this.#timers.filter(({ delayMs }) => delayMs <= SOON_MS);
    for (const { fire } of due) fire();
  }

  /** The process is gone, and its timers with it. */
  clear(): void {
    this.#timers = [];
  }
}
