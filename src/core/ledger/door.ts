import type { NodeId } from '../node-id.ts';

/**
 * The narrow door between a service and the core: one per neighbour and service. A service asks "may I?", gets a
 * decision, and reports "done" or "failed"; it never touches money. All calls are pure bookkeeping: they return at once.
 */
export interface ServiceDoor {
  readonly neighbour: NodeId;
  /**
   * False until both sides have exchanged terms on the present connection, and after conduct closed the link. Who was
   * choked for too long is not served, but may still serve.
   */
  readonly ready: boolean;
  /** I offer this service to the neighbour. */
  readonly selling: boolean;
  /** The neighbour offers it, at a price I accept or can repay in kind. */
  readonly buying: boolean;
  /** The neighbour's ask in units per MB; what a unit of use costs me. */
  readonly buyPricePerMb: number;

  /** Epochs of the terms under which I sell and buy now. They travel with each frame as its tag. */
  readonly sellEpoch: number;
  readonly buyEpoch: number;

  /**
   * Serving (bytes I send to a buyer). How many of `wanted` bytes may be served now: limits, work in flight, lease and
   * pace together. `retryMs` says when to ask again; without it, wait for `watch`.
   */
  servable(wanted: number, nowMs: number): Allowance;
  /** Reserves the price of `bytes` just allowed. End it exactly once, with `commit` after the send or `release`. */
  serve(bytes: number, nowMs: number): Hold;

  /** Serving (bytes a buyer sends through me): reserves room for up to `wanted` more and says how much; grant that to the link. */
  reserveForward(wanted: number, nowMs: number): Allowance;
  /** Bytes that arrived under such a grant, with their tag. Throws `EPOCH_STALE`, `EPOCH_UNKNOWN`. */
  arrived(bytes: number, epoch: number, nowMs: number): void;
  /** Forgets every grant: the connection they were given on is gone. */
  forgetForward(): void;

  /** Using (bytes I send through the neighbour): how many of `wanted` may be used now. */
  usable(wanted: number): number;
  /** Reserves their price against the neighbour's announced limit. End it exactly once. */
  use(bytes: number): Hold;
  /**
   * Using (bytes the neighbour delivered), with their tag. They are here, so they are always booked. `buyer` is the
   * neighbour they are for; undefined for this node's own users. Throws `EPOCH_UNKNOWN`.
   */
  delivered(bytes: number, epoch: number, buyer?: NodeId): void;

  commit(hold: Hold, buyer?: NodeId): void;
  release(hold: Hold): void;

  /** Calls back after anything that may turn a "no" into a "yes": payment, new terms, a lease renewed, a state lifted. */
  watch(changed: () => void): () => void;
}

/** How many bytes may go now (0: none), and in how many milliseconds to ask again. */
export interface Allowance {
  readonly bytes: number;
  readonly retryMs?: number;
}

/** A reservation's handle: a slot number with a generation. Opaque. */
export type Hold = number;
