import { MAX_CHARGE_BYTES } from '../../core/units.ts';

/**
 * A frame on its way is one number, the argument of its event: whom it reaches (20 bits), its size (21), and the last
 * bits of its tag and of the connection it left on (6 each). So nothing is allocated for it, and no queue is kept.
 */
const ENDS = 2 ** 20;
const TAGS = 2 ** 6;
/** Sizes, tags and connections. */
const BELOW_END = MAX_CHARGE_BYTES * TAGS * TAGS;

/** Ends of links that can be told apart. */
export const MOST_ENDS = ENDS;

/** A frame of less than `MAX_CHARGE_BYTES` bytes for the end of this number. */
export function frameOf(
  end: number,
  { bytes, connection, epoch }: { readonly bytes: number; readonly epoch: number; readonly connection: number },
): number {
  return end * BELOW_END + (((epoch % TAGS) * TAGS + (connection % TAGS)) * MAX_CHARGE_BYTES + bytes);
}

/** Whom a frame reaches. */
export function endOf(frame: number): number {
  return Math.floor(frame / BELOW_END);
}

/** Its size. */
export function bytesOf(frame: number): number {
  return frame % MAX_CHARGE_BYTES;
}

/** True where it left on this connection. So many breaks as would be mistaken do not fit into one delay. */
export function goesWith(frame: number, connection: number): boolean {
  return Math.floor(frame / MAX_CHARGE_BYTES) % TAGS === connection % TAGS;
}

/** Its tag: the latest epoch up to the newest that ends in these bits. Fewer epochs are kept than that. */
export function epochAt(frame: number, newest: number): number {
  const last = Math.floor(frame / (MAX_CHARGE_BYTES * TAGS)) % TAGS;
  return newest - ((newest - last) & (TAGS - 1));
}
