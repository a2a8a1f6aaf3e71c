import type { Accepted } from '../accepted.ts';
import { rowsOf } from './rows-of.ts';

const rows = rowsOf('nobody');

/** What nobody need notice of the figures of a carrier. */
export const OF_CARRIER_FIGURES: readonly Accepted[] = [
  // Below all rows; the table's own marks are looked at before it.
  ...rows('carrier-decision', ['SELF = -1', 'number', '1 → 2']),
  ...rows(
    'carrier-links',
    ['const CELLS = 8', 'room'],
    ['#cells = new Float64Array(', 'room'],
    ['while ((row + 1) * CELLS > ', 'room', '> → >='],
    ['while ((row + 1) * CELLS > ', 'room', '1 → 2'],
  ),
  ...rows(
    'carrier',
    // Both grow together: what must not be is that the other one is shorter.
    ['#kept = new Float64Array(', 'room'],
    ['#beyond = new Float64Array(', 'room'],
    // Written before each reading.
    ["#decision: Decision = { action: 'drop'", 'number'],
    ['#passed: Passed = { from: SELF', 'number'],
    // Nobody returns what was delivered here.
    ['this.#remember(from, SELF, packet, 0)', 'number', '0 → 1'],
    // The value that is left over is negative here: without a surge it is so still.
    ['return surge > 0 && ', 'edge', '> → >='],
  ),
];
