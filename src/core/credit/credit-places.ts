import type { NodeId } from '../node-id.ts';

/**
 * Newcomers' places: so many a day. A key costs nothing, so what is given away to new keys is bounded in sum: whoever
 * takes a place and does not pay keeps it until the day is over, however many keys there are. A place that was not used
 * is given back.
 */
export class CreditPlaces {
  readonly #perDay: number;
  readonly #days = new Map<NodeId, number>();
  #today = 0;
  #taken = 0;

  constructor(perDay: number) {
    this.#perDay = perDay;
  }

  /** Puts back what a store remembered. Days of UTC since 1970; 0: no place was taken. */
  restore(id: NodeId, day: number): void {
    if (day === 0) return;
    this.#days.set(id, day);
    if (day > this.#today) this.#begin(day);
    if (day === this.#today) this.#taken += 1;
  }

  /** The day on which it took its place; 0: it has none. */
  dayOf(id: NodeId): number {
    return this.#days.get(id) ?? 0;
  }

  has(id: NodeId): boolean {
    return this.#days.has(id);
  }

  /** A neighbour comes. True when it has a place, or there is one left for it. */
  take(id: NodeId, day: number): boolean {
    if (this.#days.has(id)) return true;
    if (day > this.#today) this.#begin(day);
    if (this.#taken >= this.#perDay) return false;
    this.#taken += 1;
    this.#days.set(id, Math.max(day, this.#today));
    return true;
  }

  /** It is no newcomer: the operator listed it, or it was here before places were counted. */
  welcome(id: NodeId): void {
    if (!this.#days.has(id)) this.#days.set(id, LONG_AGO);
  }

  /** It has paid for all that a newcomer's credit is worth, or went away without having used anything: its place is free. */
  free(id: NodeId, used: boolean): void {
    const day = this.#days.get(id);
    if (day === undefined) return;
    if (day === this.#today) this.#taken -= 1;
    // Who paid is no newcomer any more; who used nothing may come again as one.
    if (used) this.#days.set(id, LONG_AGO);
    else this.#days.delete(id);
  }

  /** True while it has a place that counts toward today's. */
  isNew(id: NodeId): boolean {
    return (this.#days.get(id) ?? LONG_AGO) !== LONG_AGO;
  }

  #begin(day: number): void {
    this.#today = day;
    this.#taken = 0;
  }
}

/** The day noted for a neighbour that is no newcomer: before any other. */
export const LONG_AGO = 1;
