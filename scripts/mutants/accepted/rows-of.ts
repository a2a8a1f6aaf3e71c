import type { Accepted, Reason } from '../accepted.ts';

/** A part of the line, why, and where it matters a part of the change, which has an arrow, or the method it stands in. */
type Row = readonly [code: string, why: Reason, where?: `${string}→${string}` | `${string}.${string}`];

/** Makes entries of one file at a time, a row each, that `not` need not notice. */
export function rowsOf(not: Accepted['not']): (file: string, ...each: readonly Row[]) => Accepted[] {
  return (file, ...each) => each.map(([code, why, where]) => ({ file, code, not, why, ...narrowed(where) }));
}

function narrowed(where: Row[2]): Pick<Accepted, 'change' | 'place'> {
  if (where === undefined) return {};
  return where.includes('→') ? { change: where } : { place: where };
}
