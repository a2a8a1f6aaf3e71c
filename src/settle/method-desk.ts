import type { NodeId } from '../core/node-id.ts';
import type { Ratio } from '../core/ratio.ts';
import type { PaymentMessage, PaymentProof } from '../core/session/message.ts';
import type { PaymentOutcome } from '../core/session/session-effect.ts';
import type { Acceptance, Voided } from '../core/settlement/accepted-total.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { Units } from '../core/units.ts';
import type { StoreRecord } from '../store/store.ts';

/** One way to pay and be paid: what cheques, channels and transfers have in common (ARCHITECTURE.md, "Paying"). */
export interface MethodDesk {
  /** Makes a payment durable before it resolves. Rejects where nothing left; `units` are then owed as before. */
  write(neighbour: NodeId, payment: { id: number; units: Units }): Promise<PaymentProof>;
  /** The last payment, if it was never acknowledged: it covers those before it. */
  unacknowledged(neighbour: NodeId): { id: number; proof: PaymentProof } | undefined;
  /** Can it never count any more? Then also the records that say so. */
  voided?(neighbour: NodeId, id: number): Promise<(Voided & { records: StoreRecord[] }) | undefined>;
  /** Undefined: not known yet; told later with `paymentChecked`. Asked again, it answers again, and credits nothing twice. */
  check(neighbour: NodeId, payment: PaymentMessage): Promise<PaymentOutcome | undefined>;
  /** What was just found good is in the account: its records. */
  accepted(neighbour: NodeId, payment: { id: number | undefined }): StoreRecord[];
  /** The neighbour accepted it, which pays `units` of what is pending, and maybe not all: its records. */
  acknowledged(neighbour: NodeId, payment: Acceptance & { id: number }): StoreRecord[];
  /** Units written and never acknowledged, and the highest payment id used. */
  pending(neighbour: NodeId): { readonly units: Units; readonly lastPaymentId: number };
  /** As in `neighbour/payment-desk.ts`; absent where all that was paid can be seen without it. */
  restated?(neighbour: NodeId): readonly PaymentMessage[];
  forgot?(neighbour: NodeId, units: Units): StoreRecord[];
  /** As in `neighbour/payment-desk.ts`; absent where nothing is held that the payer could need. */
  held?(neighbour: NodeId): readonly SignedCheque[];
  recover?(neighbour: NodeId, returned: SignedCheque): Promise<void>;
  /** Accepted from it and not final: counts against riskAt. At `ratio`, where no terms are exchanged yet. */
  uncashedUnits(neighbour: NodeId, ratio?: Ratio): Units;
}
