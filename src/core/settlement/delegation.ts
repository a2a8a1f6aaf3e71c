import type { NodeId } from '../node-id.ts';

/**
 * An operator with several nodes lets one of them pay from the operator's chequebook (DESIGN §4): signed by the issuer of
 * the chequebook, sent in the node's terms. The node and the chequebook it names are those of the terms, the chain is the
 * one both settle on.
 */
export interface Delegation {
  /** Where the node is paid. In this version its own address, and different for each node of an operator. */
  readonly payout: NodeId;
  /** Seconds since the Unix epoch from which it is good no more. */
  readonly expiresS: number;
  /** r, s, v of the issuer: 65 bytes. */
  readonly signature: Uint8Array;
}

/** All that is signed. */
export interface DelegationFacts {
  readonly node: NodeId;
  readonly chequebook: NodeId;
  readonly payout: NodeId;
  readonly chainId: number;
  readonly expiresS: number;
}

/** What a delegation is worth to who holds a cheque of that issuer. */
export type DelegationStanding = 'good' | 'expired' | 'none';

/**
 * A delegation ends at a multiple of this, seconds, at most two ahead: it is good for two weeks at the least, so that a
 * node that was off for one can pay when it is back, and a node that its operator gave up cannot pay for over a month.
 */
export const DELEGATION_RENEW_S = 15 * 86_400;

/** True for the same delegation sent again, and for none twice. */
export function sameDelegation(a: Delegation | undefined, b: Delegation | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.payout !== b.payout || a.expiresS !== b.expiresS) return false;
  return a.signature.length === b.signature.length && a.signature.every((byte, at) => byte === b.signature[at]);
}
