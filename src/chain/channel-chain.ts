import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { Receipt } from './chain.ts';
import type { ChannelClose, ChannelParties, ChannelWithdrawal } from './channel-signing.ts';

/** What a channel is made of beside the money this node settles in; its address follows from them. */
export interface ChannelPlace {
  readonly parties: ChannelParties;
  readonly freezeSeconds: number;
  /** 0 for the first channel of two parties; a closed one is followed by the next. */
  readonly nonce: number;
}

/** Tells that a transaction is about to leave: waited for, and if it rejects, nothing is sent. */
export type Sent = (transaction: string) => Promise<void>;

/**
 * The part of the chain port that is about channels (contracts/Channel.sol). Errors are those of `Chain`; a contract that
 * refuses is `TRANSACTION_REVERTED` with its reason, before anything is sent where that can be foreseen.
 */
export interface ChannelChain {
  /** Where the channel stands, or will. */
  address(place: ChannelPlace): Promise<NodeId>;
  /**
   * Read in one call as of one block: the newest, or the one that `depth` blocks stand on, itself included. Undefined where
   * no code stands. Throws `CHAIN_NOT_FACTORY` for a block before the factory, and what the endpoint says of one it forgot.
   */
  facts(channel: NodeId, depth?: number): Promise<ChannelFacts | undefined>;
  /**
   * Opens it if it does not stand yet, with a deposit of the party that is paid at `payee`. In a token the deposit is a
   * transaction of its own, after one that approves it, which a crash may leave out.
   */
  open(place: ChannelPlace, deposit: { readonly payee: NodeId; readonly wei: bigint }, sent?: Sent): Promise<Receipt>;
  /** Adds to what the party of this payee has there. */
  deposit(channel: NodeId, deposit: { readonly payee: NodeId; readonly wei: bigint }, sent?: Sent): Promise<Receipt>;
  /** Hands in newer totals, also while a close is pending. */
  submit(channel: NodeId, cheques: readonly SignedCheque[], sent?: Sent): Promise<Receipt>;
  /** Starts the freeze period; newer totals may come along. */
  startClose(channel: NodeId, cheques: readonly SignedCheque[], sent?: Sent): Promise<Receipt>;
  /** Pays both out once the freeze period is over. */
  finish(channel: NodeId, sent?: Sent): Promise<Receipt>;
  closeTogether(channel: NodeId, agreed: ChannelClose & BothSignatures, sent?: Sent): Promise<Receipt>;
  withdrawTogether(channel: NodeId, agreed: ChannelWithdrawal & BothSignatures, sent?: Sent): Promise<Receipt>;
  /** Pays a payee what it could not be paid before. */
  claim(channel: NodeId, payee: NodeId, sent?: Sent): Promise<Receipt>;
}

/** r, s, v of each party, 65 bytes. */
export interface BothSignatures {
  readonly byA: Uint8Array;
  readonly byB: Uint8Array;
}

export interface ChannelFacts {
  /** From the factory this node trusts, and in the money this node settles in. Of another one nothing else is asked. */
  readonly fromFactory: boolean;
  readonly parties: ChannelParties;
  readonly freezeSeconds: number;
  readonly nonce: number;
  readonly a: ChannelBooks;
  readonly b: ChannelBooks;
  /** From when a pending close can be finished, in seconds since the epoch. */
  readonly closesAtS?: number;
  readonly closed: boolean;
}

/** What the chain knows of one party. */
export interface ChannelBooks {
  readonly depositedWei: bigint;
  readonly withdrawnWei: bigint;
  /** The newest total handed in of what it has paid the other. */
  readonly paidWei: bigint;
  /** What it refused when it was paid out, and can still have. */
  readonly unclaimedWei: bigint;
}
