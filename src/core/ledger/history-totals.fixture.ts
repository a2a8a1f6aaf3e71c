import type { HistoryTotals } from './history.ts';

const NONE = [0, 0, 0] as const;

/** An account of which nothing has been told. */
export const EMPTY_TOTALS: HistoryTotals = {
  provided: NONE,
  consumed: NONE,
  providedBytes: NONE,
  consumedBytes: NONE,
  providedCorrection: NONE,
  consumedCorrection: NONE,
  paid: 0,
  received: 0,
};

/** One figure of an account grows by so much; of a service, where each has its own. */
export function grown(totals: HistoryTotals, field: keyof HistoryTotals, service: number, by: number): HistoryTotals {
  const before = totals[field];
  if (typeof before === 'number') return { ...totals, [field]: before + by };
  return { ...totals, [field]: before.map((value, s) => (s === service ? value + by : value)) };
}
