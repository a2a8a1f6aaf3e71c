import { type Ratio, weiToUnits } from '../ratio.ts';
import type { Units } from '../units.ts';

/** The newest total signed for a neighbour, and what of it was taken. */
export interface SignedTotal {
  /** Wei, as signed. */
  readonly cumulative: bigint;
  /** Wei, as the neighbour has acknowledged. */
  readonly acceptedCumulative: bigint;
  /** What is pending; once all is taken, what was last. Units. */
  readonly amount: Units;
}

/** What a neighbour says to have taken. */
export interface Acceptance {
  readonly acceptedWei: bigint;
  /** What that pays of all that is pending. */
  readonly units: Units;
}

/** It took at most what was signed and no less than before, whatever it says. What was sent since stays pending. */
export function withAccepted<T extends SignedTotal>(last: T, { acceptedWei, units }: Acceptance): T {
  const accepted = acceptedWei < last.cumulative ? acceptedWei : last.cumulative;
  const acceptedCumulative = accepted > last.acceptedCumulative ? accepted : last.acceptedCumulative;
  const isTaken = acceptedCumulative === last.cumulative;
  return { ...last, acceptedCumulative, amount: isTaken ? last.amount : Math.max(0, last.amount - units) };
}

/** A payment that can never count any more. */
export interface Voided {
  /** To be paid once more. */
  readonly units: Units;
  /** What of it was paid after all, though nobody had acknowledged it. */
  readonly paidUnits: Units;
}

/** Its channel was closed with `paidWei`, less than was signed: the answer to what was taken of it may have been lost. */
export function withClosed<T extends SignedTotal>(last: T, paidWei: bigint, ratio: Ratio): Voided & { record: T } {
  const { acceptedCumulative: accepted, amount } = last;
  const cumulative = paidWei > accepted ? paidWei : accepted;
  const paidUnits = Math.min(amount, weiToUnits(cumulative - accepted, ratio).units);
  const record = { ...last, cumulative, acceptedCumulative: cumulative, amount: 0 };
  return { record, units: amount - paidUnits, paidUnits };
}
