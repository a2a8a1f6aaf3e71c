import type { NodeId } from '../core/node-id.ts';
import type { PaymentMessage, PaymentProof } from '../core/session/message.ts';
import type { PendingPayment } from '../core/session/payments.ts';
import type { PaymentOutcome } from '../core/session/session-effect.ts';
import type { Acceptance, Voided } from '../core/settlement/accepted-total.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { Units } from '../core/units.ts';
import type { StoreRecord } from '../store/store.ts';

/**
 * What a session needs of settlement, whatever is paid by. Whatever it returns as records is written in one batch with
 * the account. What it learns later than it is asked, it tells with `Neighbour.step`: `paymentChecked` for a payment
 * that counts only now, `paymentFailed` for one that never will, `paymentWritten` for another proof of the same one,
 * `paymentUndone` and `cleared` for what the chain takes back and gives again.
 */
export interface PaymentDesk {
  /** Makes a payment to `neighbour` over `units`, at the ratio of its terms, durable before it resolves. Rejects: nothing left. */
  write(neighbour: NodeId, payment: { id: number; units: Units; method: PaymentMethod }): Promise<PaymentProof>;
  /** The last payment made by a method, if it was never acknowledged. */
  unacknowledged(neighbour: NodeId, method: PaymentMethod): { id: number; proof: PaymentProof } | undefined;
  /** Can a payment of mine never count any more? Then also the records that say so. */
  voided(
    neighbour: NodeId,
    payment: { id: number; method: PaymentMethod },
  ): Promise<(Voided & { records: StoreRecord[] }) | undefined>;
  /** Is it worth something? Undefined: not known yet, and told later; it may be asked again before. */
  check(neighbour: NodeId, payment: PaymentMessage): Promise<CheckedPayment | undefined>;
  /** Takes over what was just found good; its record, to be written with the account. */
  accepted(neighbour: NodeId, payment: { method: PaymentMethod; id: number | undefined }): StoreRecord[];
  /** The neighbour accepted up to `acceptedWei`, which pays `units` of what is pending. */
  acknowledged(neighbour: NodeId, payment: Acceptance & { method: PaymentMethod; id: number }): StoreRecord[];
  /** What was paid before a restart, by each method. */
  pending(neighbour: NodeId): readonly PendingPayment[];
  /** What it took from me last, to be said again where it has lost its books: it has forgotten that it was paid. */
  restated(neighbour: NodeId): readonly PaymentMessage[];
  /** My books were lost, and it says to have had `units` that they do not know of. The records that remember it. */
  forgot(neighbour: NodeId, units: Units): StoreRecord[];
  /** The cheques held from it, to be given back when it connects: it may have lost its store. */
  held(neighbour: NodeId): readonly SignedCheque[];
  /** It gave a cheque of mine back: what it promises was promised, whatever is remembered here. */
  recover(neighbour: NodeId, returned: SignedCheque): Promise<void>;
}

export interface CheckedPayment {
  readonly method: PaymentMethod;
  readonly outcome: PaymentOutcome;
}
