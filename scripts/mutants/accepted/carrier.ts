import type { Accepted, Reason } from '../accepted.ts';

/** A part of the line, why, and where it matters a part of the change. */
type Row = readonly [code: string, why: Reason, change?: string];

const rows = (file: string, not: Accepted['not'], ...each: readonly Row[]): Accepted[] =>
  each.map(([code, why, change]) => ({ file, code, not, why, ...(change !== undefined && { change }) }));

/** What may go unnoticed of the rules of carriers. */
export const OF_CARRIERS: readonly Accepted[] = [
  ...rows('carrier', 'nobody', ['this.#window.foresee(ids, count)', 'ahead']),
  // A row that is none has no cells: what would be booked on it stands nowhere.
  ...rows(
    'carrier',
    'simulation',
    ['if (from === SELF) return;', 'belt'],
    ["if (from === SELF) return this.#decide('return', SELF, packet.value", 'belt'],
  ),
  ...rows('deliveries', 'nobody', ['if (times <= 0) return;', 'general']),
  // Ways beyond the first ten thousand.
  ...rows(
    'deliveries',
    'simulation',
    ['this.#tallies.delete(name)', 'room'],
    ['this.#tallies.size > MOST_WAYS', 'room'],
  ),
  ...rows('packet-window', 'nobody', ['if ((held & TAG) !== (hash & TAG)) continue;', 'spread', '→ nothing']),
  ...rows(
    'packet-window',
    'simulation',
    ['this.#salt = ', 'spread'],
    ['seen |= ', 'ahead'],
    ['this.seen = seen', 'ahead'],
    ['found.to = sentTo', 'number'],
    // Packets beyond a quarter of a million in twenty seconds.
    ['this.#young.slots >= MOST_SLOTS', 'room'],
  ),
  ...rows(
    'pair-queue',
    'nobody',
    ['this.#items[this.#head] = undefined', 'room'],
    ['if (this.#head === this.#items.length)', 'room', '→ nothing'],
    ['if (this.#head >= 64 && ', 'room', '→ nothing'],
    ['if (this.#last?.from === from) return this.#last;', 'general', '→ nothing'],
    ['this.#last = pair;', 'general'],
  ),
  // Figures of more than 256 pairs.
  ...rows(
    'pair-queue',
    'simulation',
    ['this.#pairs.size >= MOST_PAIRS_KEPT', 'room'],
    ['if (length === 0) return this.forget(from)', 'room'],
  ),
];
