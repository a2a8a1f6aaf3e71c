import type { Accepted } from '../accepted.ts';
import { rowsOf } from './rows-of.ts';

const rows = rowsOf('nobody');

/** What may go unnoticed of the window of packets, and of what a node's own packets may cost. */
export const OF_PACKET_WINDOWS: readonly Accepted[] = [
  ...rows(
    'packet-window',
    ['const FIRST_SLOTS = 2 ** 10', 'room', '10 → 11'],
    // A word more of each entry, never written; columns are counted from the entry's own beginning.
    ['const WORDS = 8', 'room', '8 → 9'],
    // The first column is read as the entry's beginning itself.
    ['const At = { idHigh: 0', 'number', '0 → 1'],
    // No link is numbered so.
    ['const TAKEN = -9', 'number', '9 → 10'],
    // Entries are numbered to 2¹⁸: a bit more for their numbers is one less of the hash to compare before the id itself.
    ['const ENTRY = 2 ** 19 - 1', 'spread', '19 → 20'],
    // The slot that is looked at next: at least half of all are free.
    ['slot = (slot + 1) & mask', 'spread', '+ → -'],
    ['slot = (slot + 1) & mask', 'spread', '1 → 2'],
    // `has` writes them before `add` reads them.
    ['#idHigh = 0', 'number', '0 → 1'],
    ['#idLow = 0', 'number', '0 → 1'],
    ['#hash = 0', 'number', '0 → 1'],
    ['#place = 0', 'number', '0 → 1'],
    // All of it is written anew before anybody gets it.
    ['readonly #found: Passed = {', 'number'],
    // With how much room the young begin: they grow as they need it.
    ['const slots = old.used === 0 ? FIRST_SLOTS : old.slots', 'room'],
    ['oldest.slots === slots ? oldest : new Generation(slots)', 'room', '=== → !=='],
    ['oldest.slots === slots ? oldest : new Generation(slots)', 'room', '→ !('],
    ['const hash = Math.imul((idLow ^ salt) | 0, 0x9e3779b1)', 'spread', '0 → 1'],
    ['const hash = Math.imul((idLow ^ salt) | 0, 0x9e3779b1)', 'spread', '0x85ebca6b →'],
    ['return hash ^ (hash >>> 15)', 'spread', '15 → 16'],
  ),
  // The first packet begins a day, in which nothing is spent yet.
  ...rows('send-budget', ['#spent: Units = 0', 'number', '0 → 1']),
];
