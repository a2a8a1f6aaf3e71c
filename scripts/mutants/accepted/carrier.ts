import type { Accepted } from '../accepted.ts';
import { rowsOf } from './rows-of.ts';

const nobody = rowsOf('nobody');
const simulation = rowsOf('simulation');

/** What may go unnoticed of the rules of carriers. */
export const OF_CARRIERS: readonly Accepted[] = [
  ...nobody('carrier', ['this.#window.foresee(ids, count)', 'ahead']),
  // A row that is none has no cells: what would be booked on it stands nowhere.
  ...simulation(
    'carrier',
    ['if (from === SELF) return;', 'belt'],
    ["if (from === SELF) return this.#decide('return', SELF, packet.value", 'belt'],
  ),
  ...nobody('deliveries', ['if (times <= 0) return;', 'general']),
  // Ways beyond the first ten thousand.
  ...simulation('deliveries', ['this.#tallies.delete(name)', 'room'], ['this.#tallies.size > MOST_WAYS', 'room']),
  ...nobody('packet-window', ['if ((held & TAG) !== (hash & TAG)) continue;', 'spread', '→ nothing']),
  ...simulation(
    'packet-window',
    ['this.#salt = ', 'spread'],
    ['seen |= ', 'ahead'],
    ['this.seen = seen', 'ahead'],
    ['found.to = sentTo', 'number'],
    // Packets beyond a quarter of a million in twenty seconds.
    ['this.#young.slots >= MOST_SLOTS', 'room'],
  ),
  ...nobody(
    'pair-queue',
    ['this.#items[this.#head] = undefined', 'room'],
    ['if (this.#head === this.#items.length)', 'room', '→ nothing'],
    ['if (this.#head >= 64 && ', 'room', '→ nothing'],
    ['if (this.#last?.from === from) return this.#last;', 'general', '→ nothing'],
    ['this.#last = pair;', 'general'],
  ),
  // Figures of more than 256 pairs.
  ...simulation(
    'pair-queue',
    ['this.#pairs.size >= MOST_PAIRS_KEPT', 'room'],
    ['if (length === 0) return this.forget(from)', 'room'],
  ),
];
