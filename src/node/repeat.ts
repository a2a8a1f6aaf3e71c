import type { Clock, Timer } from '../core/clock.ts';

/** Does something again and again, the first time after one interval. Returns a function that ends it. */
export function repeat(clock: Clock, intervalMs: number, act: () => void): () => void {
  const again = (): Timer =>
    clock.after(intervalMs, () => {
      act();
      timer = again();
    });
  let timer = again();
  return () => timer.cancel();
}
