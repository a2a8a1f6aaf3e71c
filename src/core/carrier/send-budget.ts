import type { Units } from '../units.ts';

/** A budget is for 24 hours from the first packet on. Milliseconds. */
export const BUDGET_WINDOW_MS = 86_400_000;

/**
 * The most that this node's own packets may cost it in a day: what they carry counts as spent until it comes back, as
 * change or with a packet that could not go on. Pure. A restart begins a new day.
 */
export class SendBudget {
  readonly perDay: Units;
  #spent: Units = 0;
  #sinceMs = Number.NEGATIVE_INFINITY;

  /** `perDay` units; 0: no limit. */
  constructor(perDay: Units) {
    this.perDay = perDay;
  }

  /** Spent and not come back, today. */
  spent(nowMs: number): Units {
    if (nowMs - this.#sinceMs >= BUDGET_WINDOW_MS) {
      this.#sinceMs = nowMs;
      this.#spent = 0;
    }
    return this.#spent;
  }

  /** False, and nothing is spent, where that is more than is left of today's. */
  spend(value: Units, nowMs: number): boolean {
    const after = this.spent(nowMs) + value;
    if (this.perDay > 0 && after > this.perDay) return false;
    this.#spent = after;
    return true;
  }

  /** Some of it came back. What was sent on another day makes no room today beyond the whole. */
  cameBack(value: Units, nowMs: number): void {
    this.#spent = Math.max(0, this.spent(nowMs) - value);
  }
}
