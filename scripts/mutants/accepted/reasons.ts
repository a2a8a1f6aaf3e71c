/** Why a mutant may go unnoticed. */
export const REASONS = {
  room: 'room that is only reserved: the first size of a table and how it grows change memory and no result',
  number:
    'a number that only has to differ from its neighbours, or is never read: a column, a mark, the kind of a refusal',
  spread: 'how keys are spread over a table: what is found is the same, sooner or later',
  belt: 'a belt beside braces: another check makes it unreachable, and it is kept for another caller or a broken one',
  general: 'a case that the general rule covers: the line says it to the reader, or saves the way round',
  edge: 'an edge where both sides are equal: the two branches give the same',
  figure: 'a figure that could as well be a little larger or smaller; what it does is tested',
  input: 'bad input that no simulated node can make: an operator’s, a caller’s, or one that the wire cannot carry',
  bounded: 'what it lets through is bounded by riskAt like any other cheque, so that no law of the simulation breaks',
  when: 'when a thing is done, not whether: it moves costs and patience, of which the laws of the simulation say nothing',
  operator: 'asked for by an operator, which nobody does in a simulated world',
  shared:
    'nodes of one operator that pay from one chequebook: no simulated world has any; processes on one database test it',
  told: 'only tells people, or wakes somebody who would look a moment later by himself',
  ahead: 'what is only read ahead, so that it is near when it is needed: nothing that is decided depends on it',
} as const;
