import { BYTES_PER_MB, chargeFor, type PricePerMb, type Units } from '../units.ts';

/**
 * A part of one service's traffic, counted exactly on its own. Kept for the rarer half of the frames: those that are
 * charged at the other end of the link from the rest (see `core/ledger/cut.ts`).
 */
export class Tally {
  units: Units = 0;
  /** Millionths of a unit, 0 … 999,999. */
  remainder = 0;
  bytes = 0;

  /** `bytes` at `pricePerMb`. */
  add(bytes: number, pricePerMb: PricePerMb): void {
    const charge = chargeFor(bytes, pricePerMb, this.remainder);
    this.bytes += bytes;
    this.units += charge.amount;
    this.remainder = charge.remainder;
  }

  /** What is charged without bytes. */
  addUnits(units: Units): void {
    this.units += units;
  }

  /** In millionths of a unit. */
  get exact(): bigint {
    return BigInt(this.units) * BigInt(BYTES_PER_MB) + BigInt(this.remainder);
  }
}
