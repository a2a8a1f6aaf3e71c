import type { Clock } from '../core/clock.ts';

/** Resolves after so long by that clock. */
export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}
