import { mulDivCeil, type Units } from '../units.ts';

/**
 * Of what a neighbour has paid and was not paid back, this much is forgiven where a connection broke and it counts less than was sent to it:
 * honest links lose a little with each break. What goes beyond stays in its exposure, or it could live on breaks.
 */
export const FORGIVEN_PERCENT = 2;

/**
 * What goes beyond fades: a day takes so many times what a new key may owe. Else an honest link that broke often enough
 * would stay choked for good. A neighbour that lives on breaks gets no more by it than by coming with a new key each day.
 */
export const FADING_CREDITS_PER_DAY = 1;

const DAY_MS = 86_400_000;

/** What was written off in a neighbour's favour, and what stands against it. Units. */
export interface WriteOffs {
  /** Signed: below zero it was corrected in mine. */
  readonly written: number;
  /** Paid to me, less what I paid and am paying. Signed. */
  readonly kept: number;
  /** Of what was beyond, so much has faded. */
  readonly faded: Units;
}

/** What of it stays in the neighbour's exposure: beyond what it made good by paying, and not faded. Money that merely circulates makes nothing good. */
export function standing({ faded, kept, written }: WriteOffs): Units {
  const madeGood = Math.floor((Math.max(0, kept) * FORGIVEN_PERCENT) / 100);
  return Math.max(0, written - madeGood - faded);
}

/**
 * How much has faded, by a clock that does not go back. Time counts while something stands and a process knows of it: what
 * a restart does not remember begins anew, so that restarting gains nothing.
 */
export class Fading {
  #fromMs: number | undefined;

  /** Whole units of `left` that fade by now; `newKeyCredit` is what a new key may owe. What is less than a unit is not lost. */
  take(left: Units, newKeyCredit: Units, nowMs: number): Units {
    const perDay = newKeyCredit * FADING_CREDITS_PER_DAY;
    const fromMs = this.#fromMs ?? nowMs;
    const passedMs = Math.floor(nowMs - fromMs);
    if (left === 0 || perDay === 0) {
      this.#fromMs = nowMs;
      return 0;
    }
    this.#fromMs = fromMs;
    // Limited by what is left, so that no pause makes the product large.
    const units = passedMs <= 0 ? 0 : Math.min(left, Number((BigInt(perDay) * BigInt(passedMs)) / BigInt(DAY_MS)));
    if (units > 0) this.#fromMs = units === left ? nowMs : fromMs + mulDivCeil(units, DAY_MS, perDay);
    return units;
  }
}
