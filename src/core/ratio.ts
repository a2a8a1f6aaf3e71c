import { WayleaveError } from './errors.ts';
import type { Units } from './units.ts';

/**
 * What a unit of account is worth in the token: `numerator / denominator` wei per unit (DESIGN §4). The payer pays at
 * the ratio the receiver announced. Both parts are 1 … `MAX_RATIO_PART`. Lab: 10¹⁰ / 1.
 */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Largest part of a ratio. Room for one unit = 0.009 ether; small enough to travel as eight bytes and be shown as a number. */
export const MAX_RATIO_PART = 2n ** 53n - 1n;

/** True when both parts are in range. */
export function isRatio(ratio: Ratio): boolean {
  return inRange(ratio.numerator) && inRange(ratio.denominator);
}

function inRange(part: bigint): boolean {
  return part >= 1n && part <= MAX_RATIO_PART;
}

/** An amount in wei, with what was left over, as a numerator over the ratio's denominator (0 … denominator − 1). */
export interface WeiAmount {
  readonly wei: bigint;
  readonly remainder: bigint;
}

/** An amount in units, with the wei that are not worth a whole unit yet, times the denominator (0 … numerator − 1). */
export interface UnitsAmount {
  readonly units: Units;
  readonly remainder: bigint;
}

/**
 * The payer's direction, rounding down and carrying: over any sequence at one ratio, Σ wei = ⌊Σ units × num ÷ den⌋.
 * Throws `AMOUNT_INVALID` when `units` is not a safe integer ≥ 0 or `remainder` is not one this function returned.
 */
export function unitsToWei(units: Units, ratio: Ratio, remainder = 0n): WeiAmount {
  if (!Number.isSafeInteger(units) || units < 0) throw new WayleaveError('AMOUNT_INVALID', { units });
  if (remainder < 0n) throw new WayleaveError('AMOUNT_INVALID', { remainder });
  const total = BigInt(units) * ratio.numerator + remainder;
  const wei = total / ratio.denominator;
  return { wei, remainder: total - wei * ratio.denominator };
}

/**
 * The receiver's direction: Σ units = ⌊Σ wei × den ÷ num⌋. Throws `AMOUNT_INVALID` on a negative amount and
 * `AMOUNT_OVERFLOW` when the units would not be a safe integer.
 */
export function weiToUnits(wei: bigint, ratio: Ratio, remainder = 0n): UnitsAmount {
  if (wei < 0n || remainder < 0n) throw new WayleaveError('AMOUNT_INVALID', { wei, remainder });
  const total = wei * ratio.denominator + remainder;
  const units = total / ratio.numerator;
  if (units > BigInt(Number.MAX_SAFE_INTEGER)) throw new WayleaveError('AMOUNT_OVERFLOW', { wei });
  return { units: Number(units), remainder: total - units * ratio.numerator };
}
