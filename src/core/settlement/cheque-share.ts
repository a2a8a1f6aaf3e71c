/**
 * Several nodes of one operator may pay the same neighbour from the same chequebook. Their cheques are one row of growing
 * amounts, and overtake each other: the higher one contains the lower. So each says beside the amount what its own node
 * has paid of it in all, and the receiver credits each node's link with what is new of that, never more than the cheques
 * are worth together. Amounts in wei.
 */

/** What the receiver remembers before a cheque. */
export interface ChequeShare {
  /** What the neighbour has said it paid so far, in the cheque of its that was taken last; 0: none yet. */
  readonly paidWei: bigint;
  /** What the highest cheque is worth and nobody has said is his: cheques on their way, that were overtaken. */
  readonly poolWei: bigint;
}

/** A cheque of one of the nodes, and the highest amount before it. */
export interface SharedAmounts {
  readonly cumulativeWei: bigint;
  readonly baseWei: bigint;
  readonly ownWei: bigint;
}

/** What the neighbour is credited with; 0 or less for nothing. */
export function shareOf(share: ChequeShare, cheque: SharedAmounts): bigint {
  const higher = cheque.cumulativeWei - cheque.baseWei;
  const pool = share.poolWei + (higher > 0n ? higher : 0n);
  const own = cheque.ownWei - share.paidWei;
  return own < pool ? own : pool;
}
