import type { Clock, Timer } from '../core/clock.ts';

export interface MarkSeekerOptions {
  readonly clock: Clock;
  /** A mark is to be set. */
  readonly wanted: () => boolean;
  /** Nothing waits to leave, neither on the link nor among the effects. */
  readonly quiet: () => boolean;
  /** Such a moment is now. */
  readonly found: () => void;
}

/** How often a busy link is looked at while a mark is wanted: a few thousand looks at most in every statement's time. */
const LOOK_MS = 10;

/** Finds the moment at which a mark means what it says: all that was charged before it has left (`core/statement/statement.ts`). */
export class MarkSeeker {
  readonly #options: MarkSeekerOptions;
  #timer: Timer | undefined;

  constructor(options: MarkSeekerOptions) {
    this.#options = options;
  }

  /** Looks now, and goes on looking as long as a mark is wanted. */
  look(): void {
    const { clock, found, quiet, wanted } = this.#options;
    if (!wanted()) return;
    if (quiet()) return found();
    this.#timer ??= clock.after(LOOK_MS, () => {
      this.#timer = undefined;
      this.look();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
