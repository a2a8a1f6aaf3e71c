import { keyName, NEIGHBOUR, SECTIONS, TOP } from './config-table.ts';

/** More letters apart than this, and it is another word. */
const MAX_DISTANCE = 3;

/** The known key that an unknown one was probably meant to be, or undefined. `neighbour[1].adress` → `neighbour.address`. */
export function nearestKey(unknown: string): string | undefined {
  const path = unknown.replace(/\[\d+\]/g, '');
  const [section = '', key = ''] = path.includes('.') ? path.split('.', 2) : ['', path];
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const known of knownKeys()) {
    const dot = known.indexOf('.');
    // A right key under the wrong heading is meant more often than a similar word under the right one.
    const heading = known.slice(0, Math.max(0, dot)) === section ? 0 : 0.5;
    const score = distance(key, known.slice(dot + 1)) + heading;
    if (score < least && score <= Math.min(MAX_DISTANCE, key.length / 2)) {
      least = score;
      best = known;
    }
  }
  return best;
}

function knownKeys(): string[] {
  const inside = (section: string, fields: object): string[] =>
    Object.keys(fields).map((name) => `${section}.${keyName(name)}`);
  return [
    ...Object.keys(TOP).map(keyName),
    ...Object.keys(SECTIONS),
    'neighbour',
    ...Object.entries(SECTIONS).flatMap(([name, section]) => inside(name, section.fields)),
    ...inside('neighbour', NEIGHBOUR.fields),
  ];
}

/** Levenshtein distance: how many letters to insert, delete or exchange. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, exchanged));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
