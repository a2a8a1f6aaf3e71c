import { add, amount, type PricePerMb, type Units } from './units.ts';

/** The lower positive ask of two: the price of both directions in barter (DESIGN §4). 0 when neither is positive. */
export function barterPrice(a: PricePerMb | undefined, b: PricePerMb | undefined): PricePerMb {
  const positive = [a ?? 0, b ?? 0].filter((ask) => ask > 0);
  return positive.length === 0 ? 0 : Math.min(...positive);
}

/**
 * What was exchanged one for one on one link. Its charges are also in the link's gross totals; this sub-balance says
 * which part is never settled in tokens. Both totals only grow.
 */
export class BarterAccount {
  #provided: Units;
  #consumed: Units;

  /** Continues from stored totals. Throws `AMOUNT_INVALID`. */
  constructor(provided: Units = 0, consumed: Units = 0) {
    this.#provided = amount(provided);
    this.#consumed = amount(consumed);
  }

  get provided(): Units {
    return this.#provided;
  }

  get consumed(): Units {
    return this.#consumed;
  }

  /** Positive: the neighbour has to serve me next. */
  get net(): number {
    return this.#provided - this.#consumed;
  }

  /** May I serve `charge` more? Holds on barter count as part of it. `dropAt` is what I grant. */
  admits(charge: Units, dropAt: Units): boolean {
    return this.net + amount(charge) <= dropAt;
  }

  /** May I ask for `charge` more, within what the neighbour grants? */
  admitsUse(charge: Units, theirDropAt: Units): boolean {
    return amount(charge) - this.net <= theirDropAt;
  }

  /** Books what I served. Throws `AMOUNT_INVALID`, `AMOUNT_OVERFLOW`. */
  provide(charge: Units): void {
    this.#provided = add(this.#provided, amount(charge));
  }

  /** Books what I was served. It has happened, so no limit is looked at. */
  consume(charge: Units): void {
    this.#consumed = add(this.#consumed, amount(charge));
  }
}
