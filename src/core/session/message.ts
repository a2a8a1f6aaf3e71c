import type { Service } from '../service.ts';
import type { SignedCheque } from '../settlement/cheque.ts';
import type { SignedStatement } from '../statement/statement.ts';
import type { Terms } from '../terms/terms.ts';
import type { Units } from '../units.ts';

/** What two neighbours say to each other beside carrying traffic. `src/wire/message.ts` gives each its bytes. */
export type Message =
  | TermsMessage
  | TermsAckMessage
  | CountsMessage
  | AllotmentMessage
  | PaymentMessage
  | PaymentAckMessage
  | MarkMessage
  | StatementMessage;

/** First on every connection, and again whenever they change (DESIGN §4). */
export interface TermsMessage {
  readonly kind: 'terms';
  readonly terms: Terms;
}

/** The newest epoch taken. From then on frames may be priced by it. */
export interface TermsAckMessage {
  readonly kind: 'termsAck';
  readonly epoch: number;
}

/**
 * Cumulative counts, corrections included. `opening` ones follow the terms on a new connection and settle what was lost
 * with the old one; later ones say how much the sender admits to have consumed.
 */
export interface CountsMessage {
  readonly kind: 'counts';
  readonly opening: boolean;
  /** Counts restores of the sender's store (DESIGN §3, statements). */
  readonly storeEpoch: number;
  readonly provided: PerService;
  /** Of `provided`, the least that the receiver must have got: what it admitted, or paid for. */
  readonly admitted: PerService;
  readonly consumed: PerService;
}

/** Units by service, in the order of `SERVICES`. */
export type PerService = readonly [transit: Units, chunks: Units, packets: Units];

/**
 * Time metering: the buyer has bought `count` allotments of a service on this connection, all in all (DESIGN §7). The
 * buyer charges itself when it sends this, the seller when it sells: at once, or as soon as its limit has room.
 */
export interface AllotmentMessage {
  readonly kind: 'allotment';
  readonly service: Service;
  readonly count: number;
  /** The terms that price those not yet sold. */
  readonly epoch: number;
}

/** A payment. Sent again with the same id until it is acknowledged. */
export interface PaymentMessage {
  readonly kind: 'payment';
  readonly id: number;
  /** What the payer books, for the receiver to compare; the proof decides. */
  readonly units: Units;
  readonly proof: PaymentProof;
}

/** What shows that a payment was made. A payment in a channel is a cheque drawn on the channel (DESIGN §12). */
export type PaymentProof =
  | { readonly kind: 'cheque'; readonly cheque: SignedCheque }
  /** The hash of the payment on the chain: `0x` and 64 small hex digits. A replacement has another one, and the same id. */
  | { readonly kind: 'transfer'; readonly transaction: string };

/** The receiver's answer: `code` is empty when the payment counts, else the error that refused it. */
export interface PaymentAckMessage {
  readonly kind: 'paymentAck';
  readonly id: number;
  /**
   * The highest cumulative amount accepted on this chequebook or channel, or by transfers from this payer, in wei: lets a
   * payer that lost its store recover.
   */
  readonly acceptedWei: bigint;
  readonly code: string;
}

/** Leaves when nothing else waits to leave: all that its sender charged at sending has arrived before it (DESIGN §3, statements). */
export interface MarkMessage {
  readonly kind: 'mark';
  /** The number of the statement that will speak of this moment. */
  readonly sequence: number;
  /** The mark of the receiver that it was set in answer to; 0: it was set for itself, and wants an answer. */
  readonly answers: number;
}

/** A signed statement of totals, for the mark that went before. */
export interface StatementMessage {
  readonly kind: 'statement';
  readonly statement: SignedStatement;
}
