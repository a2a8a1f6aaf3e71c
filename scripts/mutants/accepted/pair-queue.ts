import type { Accepted } from '../accepted.ts';
import { rowsOf } from './rows-of.ts';

const rows = rowsOf('nobody');

/** What may go unnoticed of lines that wait for a link, and of what became of packets. */
export const OF_LINES: readonly Accepted[] = [
  ...rows(
    'pair-queue',
    ['const TURN_BYTES = ', 'figure'],
    ['const LEAST_TURN_BYTES = ', 'figure'],
    ['const MOST_PAIRS_KEPT = ', 'figure'],
    // Said anew before anybody reads it: the weight when a pair is made, its credit when it gets something to send.
    ['weight = 0;', 'number', '0 → 1'],
    // When what was sent is cut off the front of the list, not what stands behind it.
    ['if (this.#head >= 64 && ', 'room', '&& → ||'],
    ['if (this.#head >= 64 && ', 'room', '>= → >'],
    ['if (this.#head >= 64 && ', 'room', '64 → 65'],
    ['if (this.#head >= 64 && ', 'room', '* → +'],
    ['if (this.#head >= 64 && ', 'room', '2 → 3'],
    // The one band of all, under `weighted`.
    ["'strict' ? pair.weight : 0", 'number', '0 → 1'],
  ),
  { file: 'pair-queue', place: 'Pair.deficit', change: '0 → 1', not: 'nobody', why: 'number' },
  ...rows(
    'deliveries',
    ['export const ', 'figure'],
    // What is used as any other gets worse at once, whatever the time, and what arrived is counted anew then. (For how
    // long it was left, on the same line, is tested.)
    ['untilMs: 0, demotedMs: 0, arrivedSince: 0', 'general', '0 → 1'],
    // No count reaches 2^60.
    ['2 ** Math.min(times, 60)', 'figure', '60 → 61'],
  ),
];
