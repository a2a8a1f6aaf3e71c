import type { NodeId } from './node-id.ts';

/** Swarm's cheque, exactly: Cheque(address chequebook,address beneficiary,uint256 cumulativePayout). */
export interface Cheque {
  readonly chequebook: NodeId;
  readonly beneficiary: NodeId;
  /** All that was ever paid to this beneficiary from this chequebook, in wei. Only grows. */
  readonly cumulativeWei: bigint;
}

export interface SignedCheque extends Cheque {
  /** r, s, v: 65 bytes, v 27 or 28, s in the lower half. */
  readonly signature: Uint8Array;
}
