import { SERVICES } from '../service.ts';
import type { Units } from '../units.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

/** One service in one direction, as the two ends count it when a connection is made again. Corrections are included. */
export interface Claim {
  /** What the provider charged. */
  readonly provided: Units;
  /** Of it, the least that the user must have got: what it admitted on the old connection. */
  readonly admitted: Units;
  /** What the user charged itself. */
  readonly consumed: Units;
}

/** What comparing books came to: corrections of what I provided and consumed, in units. */
export interface Reconciled {
  readonly provided: number;
  readonly consumed: number;
  /** The neighbour claims that I admitted more than I have counted. */
  readonly inflated: boolean;
}

/**
 * The total both ends go on from, after a connection broke or a process was killed. It is a function of three numbers
 * that both ends know, so that both come to the same one and need not agree on anything else:
 *
 * - the user counted more (the provider lost records): the user's word, which is against its own interest;
 * - the user counted less, but at least what it admitted before: the rest was written to a socket and never arrived, and
 *   is credited back;
 * - the user counted less than it had admitted (its books were restored, or it lies): what it had admitted stands. A crash
 *   does not bring that about: nothing is admitted that is not on disk.
 */
export function agreedTotal(claim: Claim): Units {
  if (claim.consumed >= claim.provided) return claim.consumed;
  return Math.max(claim.consumed, Math.min(claim.admitted, claim.provided));
}

/** The most, in MB at my highest price, that I believe to have used since a copy was made of my books. */
export const CLAIM_MB = 16;

/**
 * What a restored copy of my books may not know that I used, at the most: what its lease assumes, what the credit I have
 * had room for, and a bound of its own. The neighbour grants what credit it likes, so that alone must not decide.
 */
export function mayHaveUsed({ ledger, mine, row }: LinkAccount): Units {
  const room = ledger.get(row, Column.peerDropAt) + ledger.get(row, Column.balance) + ledger.get(row, Column.pending);
  let perMb = 0;
  for (const service of SERVICES) {
    const { askPerMb = 0, bidPerMb = 0 } = mine.newest?.services[service] ?? {};
    perMb = Math.max(perMb, askPerMb, bidPerMb);
  }
  const most = Math.max(0, Math.min(ledger.get(row, Column.assumed), room));
  return perMb === 0 ? most : Math.min(most, CLAIM_MB * perMb);
}
