import type { ErrorCode } from '../errors.ts';
import type { SignedStatement, Statement } from '../statement/statement.ts';
import type { PaymentMethod, Terms } from '../terms/terms.ts';
import type { Units } from '../units.ts';
import type { Message, PaymentMessage, PaymentProof } from './message.ts';

/** What happens to a neighbour's session. Whoever runs it turns sockets, timers, the store and the chain into these. */
export type SessionEvent =
  | { readonly kind: 'linkUp' }
  | { readonly kind: 'linkDown' }
  | { readonly kind: 'message'; readonly message: Message }
  /** The account moved, a timer fired, or a pause was lifted: look again. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'termsChanged'; readonly terms: Terms }
  /** The first record of this connection, lease included, is durable. */
  | { readonly kind: 'leaseDurable' }
  | PaymentEvent
  | { readonly kind: 'pause'; readonly paused: boolean }
  /** The operator wants what is owed to be paid, though it is not due yet, and so much beyond it. */
  | { readonly kind: 'settle'; readonly aheadUnits?: Units }
  /** A mark is wanted (`Session.markWanted`), and nothing waits to leave. What is sent in answer must leave at once. */
  | { readonly kind: 'quiet' }
  /** The connection is about to be ended in order. */
  | { readonly kind: 'finish' }
  | { readonly kind: 'statementKept'; readonly statement: SignedStatement }
  | { readonly kind: 'statementChecked'; readonly statement: SignedStatement; readonly genuine: boolean }
  /** The neighbour broke a rule that someone else noticed. */
  | { readonly kind: 'fault'; readonly code: ErrorCode };

/** What happens to payments, whatever they are made by. */
export type PaymentEvent =
  /** It is durable, or was before; its proof may leave. Again with the same id where the proof is another one. */
  | {
      readonly kind: 'paymentWritten';
      readonly id: number;
      readonly method: PaymentMethod;
      readonly proof: PaymentProof;
    }
  /** Of a payment of mine, `units` were not paid and will not be: they are owed again. `paidUnits` were, all the same. */
  | {
      readonly kind: 'paymentFailed';
      readonly id: number;
      readonly method: PaymentMethod;
      readonly units: Units;
      readonly paidUnits?: Units;
      readonly code: ErrorCode;
    }
  /** `id` is undefined for one that nobody told me of: it is not answered. */
  | {
      readonly kind: 'paymentChecked';
      readonly id: number | undefined;
      readonly method: PaymentMethod;
      readonly outcome: PaymentOutcome;
    }
  /** What was taken is on disk with the account: it clears debt from now on. */
  | { readonly kind: 'paymentKept' }
  /** A method that could not be used can be used now. */
  | { readonly kind: 'methodOpened'; readonly method: PaymentMethod }
  /** `units` of uncleared payments are final now. */
  | { readonly kind: 'cleared'; readonly units: Units }
  /** The chain took `units` back that the neighbour had paid: they clear no debt until they are `cleared` again. */
  | { readonly kind: 'paymentUndone'; readonly units: Units };

const PAYMENT_EVENTS: ReadonlySet<SessionEvent['kind']> = new Set<PaymentEvent['kind']>([
  'paymentWritten',
  'paymentFailed',
  'paymentChecked',
  'paymentKept',
  'paymentUndone',
  'methodOpened',
  'cleared',
]);

/** True for what concerns payments. */
export function isPaymentEvent(event: SessionEvent): event is PaymentEvent {
  return PAYMENT_EVENTS.has(event.kind);
}

/** What looking at a payment came to. `clearing` of the units reduce the debt now; the rest waits until it is final. */
export type PaymentOutcome =
  | { readonly accepted: true; readonly units: Units; readonly clearing: Units; readonly acceptedWei: bigint }
  | { readonly accepted: false; readonly code: ErrorCode; readonly acceptedWei: bigint };

/** What must be done about it, in this order; an effect that takes time ends before the next one starts. */
export type SessionEffect =
  | { readonly kind: 'send'; readonly message: Message }
  /** Make the account's record durable with a fresh lease, then report `leaseDurable`. */
  | { readonly kind: 'lease' }
  /** Remember terms: mine as sent, theirs as taken. */
  | { readonly kind: 'rememberTerms'; readonly side: 'mine' | 'theirs'; readonly terms: Terms }
  /** Make a payment over `units` durable, then report `paymentWritten` or `paymentFailed`. Nothing leaves before. */
  | { readonly kind: 'writePayment'; readonly id: number; readonly method: PaymentMethod; readonly units: Units }
  /** Send the last payment of a method again, as it stands in the store; report `paymentWritten` with its id. */
  | { readonly kind: 'resendPayment'; readonly method: PaymentMethod }
  /** The neighbour has lost its books: what it took from me last is said again, with the ids it had. */
  | { readonly kind: 'restatePayments' }
  /** My books were lost, and the neighbour says to have had `units` that they do not know of. Goes with the account's next record. */
  | { readonly kind: 'forgot'; readonly units: Units }
  /** It is said that it can never count: where that is so, report `paymentFailed`. */
  | { readonly kind: 'voidPayment'; readonly id: number; readonly method: PaymentMethod }
  /** Check a payment that came in; report `paymentChecked`, now or whenever it is known. */
  | { readonly kind: 'checkPayment'; readonly payment: PaymentMessage }
  /** Make the accepted payment and the account's record durable in one batch, then report `paymentKept`. The acknowledgement follows. */
  | { readonly kind: 'keepPayment'; readonly id: number | undefined; readonly method: PaymentMethod }
  /** Make "accepted up to" and the account's record durable in one batch. */
  | {
      readonly kind: 'keepPaid';
      readonly id: number;
      readonly method: PaymentMethod;
      readonly acceptedWei: bigint;
      readonly units: Units;
    }
  /** Sign it and make it durable, with the account's record in one batch, then report `statementKept`. */
  | { readonly kind: 'keepStatement'; readonly statement: Statement }
  /** Look at its signature, then report `statementChecked`. */
  | { readonly kind: 'checkStatement'; readonly statement: SignedStatement }
  /** Remember a statement of the neighbour: its last one, or one kept as evidence. */
  | {
      readonly kind: 'rememberStatement';
      readonly party: 'theirs' | 'disputed';
      readonly statement: SignedStatement;
    }
  /** End the connection; `banned` closes the account for service until the operator opens it again. */
  | { readonly kind: 'close'; readonly code: ErrorCode; readonly banned: boolean }
  /** Wake whoever waits at a service door. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'emit'; readonly event: SessionNews };

/** For the event stream. */
export interface SessionNews {
  readonly kind:
    | 'terms'
    | 'state'
    | 'paying'
    | 'paid'
    | 'paymentRejected'
    | 'received'
    | 'refused'
    | 'undone'
    | 'writeOff'
    | 'verdict'
    | 'wouldEnforce'
    | 'divergence'
    | 'restored'
    | 'fault';
  readonly facts: Readonly<Record<string, string | number | undefined>>;
}

/** The effect that tells the event stream of something. */
export function news(kind: SessionNews['kind'], facts: SessionNews['facts']): SessionEffect {
  return { kind: 'emit', event: { kind, facts } };
}
