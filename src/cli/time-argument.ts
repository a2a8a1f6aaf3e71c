import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A moment as people type it, in wall milliseconds: `30m`, `12h`, `7d` ago; a date or a date with a time (ISO 8601, local
 * time where it names no zone); or milliseconds since 1970. Throws commander's usage error.
 */
export function timeArgument(text: string, nowMs = Date.now()): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Math.max(0, nowMs - Number(count) * (UNIT_MS[unit] ?? 0));
  if (/^\d{5,15}$/.test(text)) return Number(text);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  // A day alone would be read as one of UTC, a day with a time as local.
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(isDay ? `${text}T00:00` : text) : Number.NaN;
  if (Number.isNaN(time) || time < 0) {
    throw new InvalidArgumentError('Write 30m, 12h or 7d (ago), 2026-11-21, 2026-11-21T10:00, or milliseconds.');
  }
  return time;
}
