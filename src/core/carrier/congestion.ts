import type { PathPrice } from '../routes/route.ts';
import { MAX_PRICE } from '../units.ts';

/** How many times its usual toll a carrier takes while a link's line is long. Bounded: nobody is held to ransom. */
export const SURGES = [1, 2, 4] as const;
export type Surge = (typeof SURGES)[number];

/** The line's share of its bounds from which a surge begins, and below which it ends: apart, so that tolls do not flap. */
const BEGIN = { 2: 0.5, 4: 0.75 } as const;
const END = { 2: 0.25, 4: 0.5 } as const;

/**
 * The surge of a link whose line is filled to `fill` (0 … 1): what waits costs everybody time, so a place in a long line is
 * dearer (seed 004, congestion: a switch whose queue grows raises the toll on that link).
 */
export function surgeFor(fill: number, present: Surge): Surge {
  if (fill >= BEGIN[4]) return 4;
  if (present === 4 && fill >= END[4]) return 4;
  if (fill >= BEGIN[2]) return 2;
  if (present !== 1 && fill >= END[2]) return 2;
  return 1;
}

/** The toll under a surge; one unit a step where the usual one is nothing, so that a free carrier has a line too. */
export function surgedToll({ perPacket, perMb }: PathPrice, surge: Surge): PathPrice {
  return {
    perPacket: Math.min(MAX_PRICE, perPacket * surge + surge - 1),
    perMb: Math.min(MAX_PRICE, perMb * surge),
  };
}
