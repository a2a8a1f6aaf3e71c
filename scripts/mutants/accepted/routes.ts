import type { Accepted } from '../accepted.ts';
import { rowsOf } from './rows-of.ts';

const nobody = rowsOf('nobody');
const simulation = rowsOf('simulation');

/** What may go unnoticed of the rules of routes. */
export const OF_ROUTES: readonly Accepted[] = [
  ...nobody(
    'feasibility',
    ['?.length ?? 0) <', 'figure', '0 → 1'],
    ['metric < known.metric) known.metric', 'edge', '< → <='],
  ),
  ...nobody(
    'forwarding-table',
    ['NOWHERE = -2', 'number', '2 → 3'],
    ['LINK_BASE = 4', 'number'],
    ['WORDS = 6', 'room'],
    ['this.#salt = ', 'spread'],
    ['slot = (slot + 1)', 'spread', '+ → -'],
    ['for (let word = 0', 'spread', '0 → 1'],
    ['for (let word = 0', 'spread', '< → <='],
    ['for (let word = 0', 'spread', '5 → 6'],
    ['for (let word = 0', 'spread', '1 → 2'],
    ['hash = Math.imul', 'spread'],
    ['hash ^= ', 'spread'],
    ['hash >>> 0', 'spread'],
    // A sixth word is written over at once.
    ['old.subarray(at, at + 5)', 'general', '5 → 6'],
  ),
  ...simulation('forwarding-table', ['this.#used = 0;', 'room']),
  ...nobody(
    'route-entry',
    ['return ra > rb', 'edge', '> → >='],
    ['return a.metric <', 'edge', '< → <='],
    ['return ca < cb', 'edge', '< → <='],
    ['return a.via <', 'edge', '< → <='],
  ),
  ...nobody('route-table', ['MOST_ROUTES = ', 'figure'], ['options.rank ?? ', 'number', '0 → 1']),
];
