import type { Clock, Timer } from '../core/clock.ts';

/** The longest delay the system's timers know, 25 days; beyond it they fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine’s own time. Delays may be of any length: a year of `cash_every_days` is more than a system timer takes. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after(delayMs, fire) {
    if (delayMs > MAX_DELAY_MS) return afterLong(delayMs, fire);
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

function afterLong(delayMs: number, fire: () => void): Timer {
  const again = (): Timer => systemClock.after(delayMs - MAX_DELAY_MS, fire);
  let timer = systemClock.after(MAX_DELAY_MS, () => {
    timer = again();
  });
  return { cancel: () => timer.cancel() };
}
