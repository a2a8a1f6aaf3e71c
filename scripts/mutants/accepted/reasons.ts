/** Why a mutant may go unnoticed. */
export const REASONS = {
  room: 'room that is only reserved: the first size of a table and how it grows change memory and no result',
  number: 'a number that only has to differ from its neighbours: a column, a mark, the kind of a refusal',
  belt: 'a belt beside braces: an earlier check makes it unreachable, and it is kept for another caller',
  general: 'a case that the general rule covers: the line says it to the reader, or saves the way round',
  edge: 'an edge where both sides are equal: the two branches give the same',
  figure: 'a default that could as well be a little larger or smaller; tests say what it does, not what it is',
} as const;
