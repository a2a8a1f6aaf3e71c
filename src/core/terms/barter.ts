import type { PricePerMb } from '../units.ts';

/** The lower positive ask of two: the price of both directions in barter (DESIGN §4). 0 when neither is positive. */
export function barterPrice(a: PricePerMb | undefined, b: PricePerMb | undefined): PricePerMb {
  const positive = [a ?? 0, b ?? 0].filter((ask) => ask > 0);
  return positive.length === 0 ? 0 : Math.min(...positive);
}
