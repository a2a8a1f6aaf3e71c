import type { NodeId } from '../core/node-id.ts';
import type { CreditLease, CreditPool } from '../core/settlement/credit-lease.ts';
import type { IssuedChequeRecord } from './store.ts';

/**
 * The credit port: promising money from a chequebook that several nodes may share. Every cheque goes through it, so
 * that all cheques together never promise more than the chequebook holds, and cheques of two nodes to one beneficiary
 * go on from each other's cumulative amount. `test/conformance/credit-book.ts` runs against every implementation.
 */
export interface CreditBook {
  /**
   * Says what the chequebook holds. Of two reports the one with the higher `asOf` counts. Cheques that were written
   * without the book are taken in. Rejects with the store's errors.
   */
  fund(chequebook: NodeId, funds: ChequebookFunds): Promise<void>;
  /** Makes sure that this node may issue `wei` more. Rejects with `CHEQUEBOOK_MISSING`, `CHEQUEBOOK_EMPTY`. */
  draw(chequebook: NodeId, wei: bigint): Promise<CreditLease>;
  /**
   * Writes a cheque; durable, and counted against the lease, when this resolves. Draws first if need be. Orders
   * to one beneficiary are carried out in call order. Rejects with `CHEQUEBOOK_MISSING`, `CHEQUEBOOK_EMPTY`,
   * `AMOUNT_INVALID`, and the store's errors; then nothing was promised.
   */
  issue(order: ChequeOrder): Promise<IssuedChequeRecord>;
  /**
   * So much was promised to this beneficiary at the least, by whatever books are lost: what is promised next is above it.
   * Rejects with `CHEQUEBOOK_MISSING`, and the store's errors.
   */
  adopt(cheque: Pick<ChequeOrder, 'chequebook' | 'beneficiary'> & { readonly cumulativeWei: bigint }): Promise<void>;
  /** Gives back what this node has drawn and not issued: others may have it at once. */
  giveBack(chequebook: NodeId): Promise<void>;
  /** How it stands, for people and checks; undefined for a chequebook that was never funded. */
  standing(chequebook: NodeId): Promise<CreditStanding | undefined>;
}

export interface ChequebookFunds {
  /** Balance plus all that was paid out, wei. */
  readonly capacityWei: bigint;
  /** Of that, what must not be promised, wei. */
  readonly reservedWei: bigint;
  /** The number of the block at which this was read. */
  readonly asOf: number;
}

export interface ChequeOrder {
  readonly chequebook: NodeId;
  readonly beneficiary: NodeId;
  /** What the cheque adds. */
  readonly wei: bigint;
  /**
   * Makes the signed cheque over this cumulative amount, with `chequebook` and `beneficiary` as above. May be called again
   * with a higher amount when another node was quicker: a cheque that was replaced so must not be sent.
   */
  readonly write: (cumulativeWei: bigint) => IssuedChequeRecord;
}

export interface CreditStanding extends CreditPool {
  /** Of the committed sum, what was promised before the book was kept here. */
  readonly adoptedWei: bigint;
  readonly leases: readonly NodeLease[];
}

export interface NodeLease extends CreditLease {
  readonly node: NodeId;
}
