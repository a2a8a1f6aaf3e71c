import { type ErrorCode, WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { PaymentMessage, PaymentProof } from '../../core/session/message.ts';
import type { PaymentOutcome } from '../../core/session/session-effect.ts';
import type { Acceptance, Voided } from '../../core/settlement/accepted-total.ts';
import type { Units } from '../../core/units.ts';
import type { MethodDesk } from '../../settle/method-desk.ts';
import { WEI_PER_UNIT } from './small-node.ts';

/** A contract of no chequebook that a small node knows: a payment drawn on it is one in a channel. */
export const TOLD_CHANNEL: NodeId = `0x${'cc'.repeat(20)}`;

interface Written {
  readonly id: number;
  readonly units: Units;
}

/** A desk that does what a story tells it: sessions decide when and what is paid, whatever the method does. */
export class ToldDesk implements MethodDesk {
  /** What is written is refused for this. */
  refuses: ErrorCode | undefined;
  /** What comes in is. */
  answers: ErrorCode | undefined;
  /** What comes in is neither good nor bad yet. */
  silent = false;
  /** The highest id that an earlier life has used. */
  lastPaymentId = 0;
  /** What is written is only when this is done. */
  busy: Promise<void> | undefined;
  /** The chain says that what is open can never count. */
  void = false;
  /** And so much of it counted all the same. Units. */
  paidByClose = 0;
  readonly written: Written[] = [];
  readonly #kind: PaymentProof['kind'];
  #open: Written | undefined;
  #creditedUnits = 0;

  constructor(kind: PaymentProof['kind']) {
    this.#kind = kind;
  }

  async write(_: NodeId, payment: Written): Promise<PaymentProof> {
    await this.busy;
    if (this.refuses !== undefined) throw new WayleaveError(this.refuses, { id: payment.id });
    this.written.push({ id: payment.id, units: payment.units });
    this.#open = { ...payment, units: payment.units + (this.#open?.units ?? 0) };
    return this.#proof(payment.id);
  }

  #proof(id: number): PaymentProof {
    if (this.#kind === 'transfer') return { kind: 'transfer', transaction: `0x${String(id).padStart(64, '0')}` };
    const paid = this.written.reduce((sum, { units }) => sum + units, 0);
    const cheque = { chequebook: TOLD_CHANNEL, beneficiary: TOLD_CHANNEL, cumulativeWei: BigInt(paid) * WEI_PER_UNIT };
    return { kind: 'cheque', cheque: { ...cheque, signature: new Uint8Array(65) } };
  }

  unacknowledged(): { id: number; proof: PaymentProof } | undefined {
    return this.#open === undefined ? undefined : { id: this.#open.id, proof: this.#proof(this.#open.id) };
  }

  async voided(): Promise<(Voided & { records: [] }) | undefined> {
    const open = this.#open;
    if (!this.void || open === undefined) return undefined;
    this.#open = undefined;
    return { units: open.units - this.paidByClose, paidUnits: this.paidByClose, records: [] };
  }

  async check(_: NodeId, { proof, units: named }: PaymentMessage): Promise<PaymentOutcome | undefined> {
    if (this.silent) return undefined;
    if (this.answers !== undefined) return { accepted: false, code: this.answers, acceptedWei: 0n };
    const said = proof.kind === 'cheque' ? Number(proof.cheque.cumulativeWei / WEI_PER_UNIT) : undefined;
    const units = said === undefined ? named : Math.max(0, said - this.#creditedUnits);
    this.#creditedUnits += units;
    return { accepted: true, units, clearing: units, acceptedWei: BigInt(this.#creditedUnits) * WEI_PER_UNIT };
  }

  accepted(): [] {
    return [];
  }

  acknowledged(_: NodeId, { id, units }: Acceptance & { id: number }): [] {
    const open = this.#open;
    this.#open = open === undefined || open.id === id ? undefined : { ...open, units: open.units - units };
    return [];
  }

  pending(): { readonly units: Units; readonly lastPaymentId: number } {
    return { units: this.#open?.units ?? 0, lastPaymentId: this.lastPaymentId };
  }

  uncashedUnits(): Units {
    return 0;
  }
}
