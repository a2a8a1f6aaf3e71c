import type { Units } from '../core/units.ts';

/** How a server divides what it does not keep over its replies: the rest, if any, stays with it where it rounds down. */
export interface ChangeRule {
  /** What it keeps of a request. Units. */
  readonly price: Units;
  readonly replies: number;
  /** `floor`: every reply carries the same, rounded down. `exact`: some carry one unit more, so that nothing is left over. */
  readonly split: 'floor' | 'exact';
}

/** What each reply to a request of `value` carries; no replies where it does not pay the price. */
export function changeOf(value: Units, { price, replies, split }: ChangeRule): Units[] {
  // Who does not pay the price gets no service; what it paid stays, as at any counter with a posted price.
  if (value < price) return [];
  const rest = value - price;
  const each = Math.floor(rest / replies);
  const extra = split === 'exact' ? rest - each * replies : 0;
  return Array.from({ length: replies }, (_, n) => each + (n < extra ? 1 : 0));
}
