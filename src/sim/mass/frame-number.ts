import { MAX_CHARGE_BYTES as maxChargeBytes } from '../../core/units.ts';

// A constant of its own, for speed (core/ledger/ledger.ts).
const MAX_CHARGE_BYTES = maxChargeBytes;

/**
 * A frame on its way is one number: its size (21 bits), and the last bits of its tag and of the connection it left on (4
 * each). So nothing is allocated for it, and it needs no queue but that of all events.
 */
const TAG_BITS = 4;
const SIZE_BITS = 21;
const TAG_MASK = 2 ** TAG_BITS - 1;

/** A frame of less than `MAX_CHARGE_BYTES` bytes. Below 2²⁹, so that what is made of it is a small number too. */
export function frameOf(bytes: number, epoch: number, connection: number): number {
  return ((((connection & TAG_MASK) << TAG_BITS) | (epoch & TAG_MASK)) << SIZE_BITS) | bytes;
}

/** Its size. */
export function bytesOf(frame: number): number {
  return frame & (MAX_CHARGE_BYTES - 1);
}

/** True where it left on this connection. No delay is so long that so many breaks fit into it. */
export function goesWith(frame: number, connection: number): boolean {
  return frame >> (SIZE_BITS + TAG_BITS) === (connection & TAG_MASK);
}

/** Its tag: the latest epoch up to the newest that ends in these bits. Terms do not change so often in any delay. */
export function epochAt(frame: number, newest: number): number {
  return newest - ((newest - (frame >> SIZE_BITS)) & TAG_MASK);
}
