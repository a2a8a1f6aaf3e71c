import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { ChannelChain } from './channel-chain.ts';
import type { EndpointNews, Head } from './endpoints.ts';
import type { TransactionLog } from './outgoing.ts';

/**
 * The chain port: what settlement needs of an EVM. Implementations translate transport failures to `RPC_UNREACHABLE`,
 * a wrong chain to `CHAIN_WRONG`, reverts to `TRANSACTION_REVERTED`. All amounts are wei.
 */
export interface Chain {
  /** Told of endpoints that are left out or back. Set by the node. */
  told?: ((news: EndpointNews) => void) | undefined;
  /** Takes up transactions that an earlier process left under way. Called once, before anything is sent. */
  resume(log: TransactionLog): void;
  /** Throws `CHAIN_WRONG` when the endpoint answers with another chain id than configured. */
  chainId(): Promise<number>;
  /** The newest block that as many endpoints as the quorum have. */
  head(): Promise<Head>;
  /** The hash of the block with this number; undefined while there is none. */
  blockHash(number: number): Promise<string | undefined>;
  /** Native coin of an account. */
  balance(address: NodeId): Promise<bigint>;
  /** What an account holds of the money this node settles in: a token, or native coin. */
  money(address: NodeId): Promise<bigint>;
  /**
   * Facts of a chequebook, read in one call as of one block: the newest, or the one that `depth` blocks stand on, itself
   * included. Undefined where no code stands. Of a contract that is not from the factory nothing else is asked: its issuer
   * is the zero address and its amounts are 0. Throws as `ChannelChain.facts` for a block that is too old.
   */
  chequebook(address: NodeId, beneficiary: NodeId, depth?: number): Promise<ChequebookFacts | undefined>;
  /**
   * Deploys a chequebook issued by this node's key through the factory, with `depositWei`. Safe to repeat: one that stands
   * already is returned with its own receipt and no second deposit.
   */
  deployChequebook(
    depositWei: bigint,
    kind?: ChequebookKind,
  ): Promise<{ readonly address: NodeId; readonly transaction: Receipt }>;
  /** Sends coin into a chequebook. */
  deposit(chequebook: NodeId, wei: bigint): Promise<Receipt>;
  /**
   * Submits a cheque for its beneficiary; returns when mined. `sent` is told the hash, and waited for, before it is
   * broadcast; if it rejects, nothing is sent. Throws `TRANSACTION_REVERTED`, without telling `sent` when that can be
   * foreseen, and `TRANSACTION_PENDING` when it takes too long.
   */
  cash(cheque: SignedCheque, sent: (transaction: string) => Promise<void>): Promise<CashReceipt>;
  /**
   * Submits cheques on different chequebooks in one transaction, as `cash` does one. One that cannot be paid is passed
   * over, at 0. Throws `TRANSACTION_REVERTED`, and sends nothing, when none of them could be paid now.
   */
  cashMany(cheques: readonly SignedCheque[], sent: (transaction: string) => Promise<void>): Promise<CashManyReceipt>;
  /** What the owner, or the issuer, of a chequebook does with it. Throws `TRANSACTION_REVERTED` with the contract's reason. */
  administer(chequebook: NodeId, order: ChequebookOrder): Promise<Receipt>;
  /** What a unit of gas costs now, tip included. */
  gasPriceWei(): Promise<bigint>;
  /** The outcome of a transaction sent earlier, undefined while it is not mined or not known. Throws `TRANSACTION_REVERTED`. */
  outcome(transaction: string, chequebook: NodeId): Promise<CashReceipt | undefined>;
  /**
   * Pays in the money this node settles in; returns when mined. `purpose` names the payment for good: asked for again, it
   * is not made again, its outcome is waited for or looked up. `sent` as in `cash`. After `sent` was told, `TRANSACTION_REVERTED`
   * and `TRANSACTION_REPLACED` mean that it never will be paid; any other error that it still may be.
   */
  pay(payment: OutgoingPayment, sent: (transaction: string) => Promise<void>): Promise<PayReceipt>;
  /** The outcome of a payment sent earlier, undefined while it is not mined or not known. Throws as `pay`. */
  paid(transaction: string, to: NodeId): Promise<PayReceipt | undefined>;
  /** What arrived for this node in these blocks, both included, in their order; undefined while one of them is not known. */
  incoming(fromBlock: number, toBlock: number): Promise<readonly IncomingPayment[] | undefined>;
  /** What it can do with channels; undefined where it knows none. */
  readonly channels?: ChannelChain;
  close(): Promise<void>;
}

export interface OutgoingPayment {
  readonly to: NodeId;
  readonly wei: bigint;
  readonly purpose: string;
}

/** A payment as its receiver finds it in a block. */
export interface IncomingPayment {
  /** Who signed it, or whose tokens moved. */
  readonly from: NodeId;
  readonly wei: bigint;
  readonly transaction: string;
  /** Its place among the payments to this node in one transaction. With the hash it names the payment for good. */
  readonly index: number;
  readonly block: number;
}

export interface ChequebookFacts {
  /** Deployed by the factory this node trusts. */
  readonly fromFactory: boolean;
  readonly issuer: NodeId;
  readonly balanceWei: bigint;
  /** Paid to the beneficiary so far, cumulative. */
  readonly paidOutWei: bigint;
  readonly bounced: boolean;
  /** The most this beneficiary could be paid now: the balance without what is set aside for others. */
  readonly availableWei: bigint;
  /** Of the balance, what is set aside for this beneficiary alone. */
  readonly reservedWei: bigint;
  /** Paid to everybody so far, cumulative. */
  readonly totalPaidOutWei: bigint;
  /** Announced by the owner, wei; 0 without an announcement. */
  readonly withdrawalWei: bigint;
  /** Set while the owner has announced a withdrawal: seconds since the epoch from which it can be taken. */
  readonly withdrawableAtS?: number;
}

export interface Receipt {
  readonly hash: string;
  readonly gasWei: bigint;
}

export interface CashReceipt extends Receipt {
  readonly paidWei: bigint;
  readonly bounced: boolean;
}

export interface CashManyReceipt extends Receipt {
  /** In the order of the cheques. */
  readonly paid: readonly { readonly paidWei: bigint; readonly bounced: boolean }[];
}

/** Tells apart the chequebooks of one issuer. */
export interface ChequebookKind {
  /** Who alone can take money out; this node unless given. */
  readonly owner?: NodeId;
  /** 0 for the first, 1 for the one that replaces it, and so on. */
  readonly nonce?: number;
}

/** Announcements start a freeze period, during which cheques cash; an amount of 0 takes one back. */
export type ChequebookOrder =
  | { readonly kind: 'announceWithdrawal'; readonly wei: bigint }
  /** Takes what was announced, or what is left of it. */
  | { readonly kind: 'withdraw' }
  /** Sets more aside for one beneficiary: no other cheque and no withdrawal touches it. */
  | { readonly kind: 'reserve'; readonly beneficiary: NodeId; readonly wei: bigint }
  | { readonly kind: 'announceRelease'; readonly beneficiary: NodeId; readonly wei: bigint }
  | { readonly kind: 'release'; readonly beneficiary: NodeId };

export interface PayReceipt extends Receipt {
  /** What was moved to the payee; 0 when a token said that it would not, without failing. */
  readonly paidWei: bigint;
  readonly block: number;
}
