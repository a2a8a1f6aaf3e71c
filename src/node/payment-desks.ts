import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Ratio } from '../core/ratio.ts';
import type { PaymentMessage, PaymentProof } from '../core/session/message.ts';
import type { PendingPayment } from '../core/session/payments.ts';
import type { Acceptance, Voided } from '../core/settlement/accepted-total.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { Units } from '../core/units.ts';
import type { CheckedPayment, PaymentDesk } from '../neighbour/payment-desk.ts';
import type { MethodDesk } from '../settle/method-desk.ts';
import type { StoreRecord } from '../store/store.ts';

export interface PaymentDesksOptions {
  /** The desk of each method this node knows; `barter` has none. */
  readonly desks: Readonly<Partial<Record<PaymentMethod, MethodDesk>>>;
  /** A cheque drawn on this contract is a payment in a channel. Where nothing is known of it, it has to be looked up. */
  readonly isChannel?: (neighbour: NodeId, contract: NodeId) => boolean | Promise<boolean>;
}

/** Hands each payment to the desk of its method. */
export class PaymentDesks implements PaymentDesk {
  readonly #options: PaymentDesksOptions;
  readonly #desks: readonly (readonly [PaymentMethod, MethodDesk])[];

  constructor(options: PaymentDesksOptions) {
    this.#options = options;
    this.#desks = Object.entries(options.desks) as [PaymentMethod, MethodDesk][];
  }

  #of(method: PaymentMethod): MethodDesk {
    const desk = this.#options.desks[method];
    if (desk === undefined) throw new WayleaveError('PAYMENT_METHOD_MISSING', { method });
    return desk;
  }

  write(neighbour: NodeId, payment: { id: number; units: Units; method: PaymentMethod }): Promise<PaymentProof> {
    return this.#of(payment.method).write(neighbour, payment);
  }

  unacknowledged(neighbour: NodeId, method: PaymentMethod): { id: number; proof: PaymentProof } | undefined {
    return this.#of(method).unacknowledged(neighbour);
  }

  async voided(
    neighbour: NodeId,
    { id, method }: { id: number; method: PaymentMethod },
  ): Promise<(Voided & { records: StoreRecord[] }) | undefined> {
    return this.#of(method).voided?.(neighbour, id);
  }

  async check(neighbour: NodeId, payment: PaymentMessage): Promise<CheckedPayment | undefined> {
    const method = await this.#methodOf(neighbour, payment.proof);
    const desk = this.#options.desks[method];
    if (desk === undefined) {
      return { method, outcome: { accepted: false, code: 'PAYMENT_METHOD_MISSING', acceptedWei: 0n } };
    }
    const outcome = await desk.check(neighbour, payment);
    return outcome === undefined ? undefined : { method, outcome };
  }

  async #methodOf(neighbour: NodeId, proof: PaymentProof): Promise<PaymentMethod> {
    if (proof.kind === 'transfer') return 'transfer';
    const found = this.#options.isChannel?.(neighbour, proof.cheque.chequebook);
    return (typeof found === 'object' ? await found : found) === true ? 'channel' : 'cheque';
  }

  accepted(neighbour: NodeId, payment: { method: PaymentMethod; id: number | undefined }): StoreRecord[] {
    return this.#of(payment.method).accepted(neighbour, payment);
  }

  acknowledged(neighbour: NodeId, payment: Acceptance & { method: PaymentMethod; id: number }): StoreRecord[] {
    return this.#of(payment.method).acknowledged(neighbour, payment);
  }

  pending(neighbour: NodeId): PendingPayment[] {
    return this.#desks.map(([method, desk]) => ({ method, ...desk.pending(neighbour) }));
  }

  restated(neighbour: NodeId): PaymentMessage[] {
    return this.#desks.flatMap(([, desk]) => desk.restated?.(neighbour) ?? []);
  }

  forgot(neighbour: NodeId, units: Units): StoreRecord[] {
    return this.#desks.flatMap(([, desk]) => desk.forgot?.(neighbour, units) ?? []);
  }

  held(neighbour: NodeId): SignedCheque[] {
    return this.#desks.flatMap(([, desk]) => desk.held?.(neighbour) ?? []);
  }

  async recover(neighbour: NodeId, returned: SignedCheque): Promise<void> {
    for (const [, desk] of this.#desks) await desk.recover?.(neighbour, returned);
  }

  /** By all methods together: riskAt is one limit (DESIGN §1). */
  uncashedUnits(neighbour: NodeId, ratio?: Ratio): Units {
    return this.#desks.reduce((sum, [, desk]) => sum + desk.uncashedUnits(neighbour, ratio), 0);
  }
}
