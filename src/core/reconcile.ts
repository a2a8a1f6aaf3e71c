import type { Units } from './units.ts';

/** One service in one direction, as the two ends count it when a connection is made again. Corrections are included. */
export interface Claim {
  /** What the provider charged. */
  readonly provided: Units;
  /** Of it, the least that the user must have got: what it admitted on the old connection, or has paid for. */
  readonly admitted: Units;
  /** What the user charged itself. */
  readonly consumed: Units;
}

/**
 * The total both ends go on from, after a connection broke or a process was killed. It is a function of three numbers
 * that both ends know, so that both come to the same one and need not agree on anything else:
 *
 * - the user counted more (the provider lost records): the user's word, which is against its own interest;
 * - the user counted less, but at least what it admitted before: the rest was written to a socket and never arrived, and
 *   is credited back;
 * - the user counted less than it had admitted (it lost records, or lies): what it had admitted stands.
 */
export function agreedTotal(claim: Claim): Units {
  if (claim.consumed >= claim.provided) return claim.consumed;
  return Math.max(claim.consumed, Math.min(claim.admitted, claim.provided));
}
