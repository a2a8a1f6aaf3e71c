import type { NodeId } from '../core/node-id.ts';
import type { Fees } from './fees.ts';
import type { Hex } from './json-rpc.ts';

/** One transaction of this key, through all its versions. A nonce has one purpose, and a purpose has one nonce. */
export interface OutgoingTransaction {
  readonly nonce: number;
  /** What it is for, in the words of whoever sends it: while it is under way the same is not sent again. */
  readonly purpose: string;
  /** Undefined for a deployment. */
  readonly to: NodeId | undefined;
  readonly data: Hex;
  readonly wei: bigint;
  readonly gas: bigint;
  /** As signed, the oldest first; each raises the fees of the one before. At least one. */
  readonly versions: readonly OutgoingVersion[];
  /**
   * `open`: it may be mined, or not yet. `mined`: a version of it is in a block, which a reorganisation may still undo.
   * `final`: so deep that nobody looks any more. `void`: it never can be mined.
   */
  readonly state: 'open' | 'mined' | 'final' | 'void';
}

export interface OutgoingVersion extends Fees {
  readonly hash: Hex;
  /** Signed, as it is broadcast. */
  readonly raw: Hex;
}

/** Remembers what left or may have left, over restarts. */
export interface TransactionLog {
  /** All that is not final or void, and as many of the others as are remembered. */
  readonly known: readonly OutgoingTransaction[];
  /** Resolves when it is durable; replaces the one with the same nonce. What is not durable does not leave. */
  keep(transaction: OutgoingTransaction): Promise<void>;
}

/** For a chain that is used without a store: nothing outlives the process. */
export const NO_LOG: TransactionLog = { known: [], keep: () => Promise.resolve() };
