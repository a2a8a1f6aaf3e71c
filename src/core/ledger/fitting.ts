import { BYTES_PER_MB as bytesPerMb, type PricePerMb, type Units } from '../units.ts';

// A constant of its own, for speed (core/ledger/ledger.ts).
const BYTES_PER_MB = bytesPerMb;

/** Where room is short, less than this is not served: crumbs cost more to move than they bring. Bytes. */
export const PIECE_BYTES = 1024;

/** The most that `bytes` can cost, whatever remainder other charges leave meanwhile. */
export function upperBound(bytes: number, pricePerMb: PricePerMb): Units {
  return pricePerMb === 0 ? 0 : Math.floor((bytes * pricePerMb + BYTES_PER_MB - 1) / BYTES_PER_MB);
}

/** How many of `bytes` cost at most `room` units, whatever remainder they meet; all, or at least one piece, or none. */
export function fitting(bytes: number, pricePerMb: PricePerMb, room: Units): number {
  // The upper bound is at most `room`: rooms for which the right side is no safe integer are far above any left one.
  if (pricePerMb === 0 || bytes * pricePerMb <= room * BYTES_PER_MB) return bytes;
  // Here room is below bytes × price ÷ 10⁶ + 1 ≤ 2³³, so the product below is a safe integer.
  const most = Math.floor(((room - 1) * BYTES_PER_MB) / pricePerMb);
  return most < PIECE_BYTES ? 0 : Math.min(bytes, most);
}
