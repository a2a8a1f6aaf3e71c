import type { Accepted, Reason } from '../accepted.ts';

/** A part of the line, why, and where it matters a part of the change. */
type Row = readonly [code: string, why: Reason, change?: string];

const rows = (file: string, not: Accepted['not'], ...each: readonly Row[]): Accepted[] =>
  each.map(([code, why, change]) => ({ file, code, not, why, ...(change !== undefined && { change }) }));

/** What may go unnoticed of the rules of routes. */
export const OF_ROUTES: readonly Accepted[] = [
  ...rows(
    'feasibility',
    'nobody',
    ['?.length ?? 0) <', 'figure', '0 → 1'],
    ['metric < known.metric) known.metric', 'edge', '< → <='],
  ),
  ...rows(
    'forwarding-table',
    'nobody',
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
  ...rows('forwarding-table', 'simulation', ['this.#used = 0;', 'room']),
  ...rows(
    'route-entry',
    'nobody',
    ['return ra > rb', 'edge', '> → >='],
    ['return a.metric <', 'edge', '< → <='],
    ['return a.price.perPacket <', 'edge', '< → <='],
    ['return a.price.perMb <', 'edge', '< → <='],
    ['return a.via <', 'edge', '< → <='],
  ),
  ...rows('route-table', 'nobody', ['MOST_ROUTES = ', 'figure'], ['options.rank ?? ', 'number', '0 → 1']),
];
