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
