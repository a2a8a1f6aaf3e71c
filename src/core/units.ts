import { WayleaveError } from './errors.ts';

/** An amount in units of account (default 1 unit = 1 microcent = 10⁻⁸ USD). A safe integer, never a fraction. */
export type Units = number;

/** Units per 10⁶ bytes, an integer from 0 to `MAX_PRICE`. */
export type PricePerMb = number;

/** The largest price or ratio part accepted anywhere (DESIGN §3: prices ≤ 2³¹). */
export const MAX_PRICE = 2 ** 31;

/** 1 MB is 10⁶ bytes. */
const BYTES_PER_MB = 1_000_000;

/** The most bytes one charge may cover, so that bytes × price + remainder stays a safe integer (2²¹ × 2³¹ < 2⁵³). */
const MAX_CHARGE_BYTES = 2 ** 21;
// For speed, as in `ledger.ts`.
const [bytesPerMb, maxChargeBytes] = [BYTES_PER_MB, MAX_CHARGE_BYTES];

export { bytesPerMb as BYTES_PER_MB, maxChargeBytes as MAX_CHARGE_BYTES };

/** Throws `AMOUNT_INVALID` unless `value` is a safe integer ≥ 0. Returns it, so that it can stand inside an expression. */
export function amount(value: number, name = 'amount'): Units {
  if (!Number.isSafeInteger(value) || value < 0) throw new WayleaveError('AMOUNT_INVALID', { [name]: value });
  return value;
}

/** Throws `PRICE_INVALID` unless `value` is an integer from 0 to `MAX_PRICE`. */
export function price(value: number, name = 'price'): PricePerMb {
  if (!Number.isSafeInteger(value) || value < 0 || value > MAX_PRICE) {
    throw new WayleaveError('PRICE_INVALID', { [name]: value });
  }
  return value;
}

/** Sum of two integers; throws `AMOUNT_OVERFLOW` where it would leave the safe range. */
export function add(a: number, b: number): number {
  const sum = a + b;
  if (!Number.isSafeInteger(sum)) throw new WayleaveError('AMOUNT_OVERFLOW', { a, b });
  return sum;
}

/** What `bytes` cost at `pricePerMb`, with the millionths left over from earlier charges (0 … 999,999) carried in and out. */
export interface Charge {
  readonly amount: Units;
  readonly remainder: number;
}

/**
 * Exact price of a quantity with the remainder carried (DESIGN §3, invariant 5): however a transfer is cut into frames,
 * and in whatever order the frames of two directions mix, the sum charged is ⌊Σ bytes × price ÷ 10⁶⌋.
 * `bytes` is 0 … `MAX_CHARGE_BYTES`.
 */
export function chargeFor(bytes: number, pricePerMb: PricePerMb, remainder: number): Charge {
  const millionths = millionthsFor(bytes, pricePerMb, remainder);
  const whole = Math.floor(millionths / BYTES_PER_MB);
  return { amount: whole, remainder: millionths - whole * BYTES_PER_MB };
}

/** The same before the whole units are taken out, for the door through which every frame goes: no object is made. */
export function millionthsFor(bytes: number, pricePerMb: PricePerMb, remainder: number): number {
  if (!(bytes >= 0 && bytes <= MAX_CHARGE_BYTES)) throw new WayleaveError('AMOUNT_INVALID', { bytes });
  return bytes * pricePerMb + remainder;
}

/** ⌈a × b ÷ c⌉ for safe integers a, b ≥ 0 and c > 0, exact also where a × b is not a safe integer. */
export function mulDivCeil(a: number, b: number, c: number): number {
  const product = BigInt(a) * BigInt(b);
  const divisor = BigInt(c);
  const result = Number((product + divisor - 1n) / divisor);
  if (!Number.isSafeInteger(result)) throw new WayleaveError('AMOUNT_OVERFLOW', { a, b, c });
  return result;
}
