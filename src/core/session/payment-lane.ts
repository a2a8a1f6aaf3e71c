import type { PaymentMethod } from '../terms/terms.ts';
import type { Units } from '../units.ts';
import type { PaymentAckMessage, PaymentProof } from './message.ts';

/**
 * Payments by cheque or in a channel that may wait for their answers at once. What falls due within a long round trip is
 * paid then and not after it; more would only be more to go on with when the neighbour answers nothing.
 */
export const MOST_UNDER_WAY = 4;

/** Each of these pays all that is pending and more: none has to wait for the answer to the one before. */
const CUMULATIVE: ReadonlySet<PaymentMethod> = new Set(['cheque', 'channel']);

/** Made durable just now; `demanded`: by the operator, though it was not due. */
interface Writing {
  readonly id: number;
  readonly units: Units;
  readonly demanded: boolean;
}

interface Sent {
  readonly id: number;
  /** What it pays beyond the one before it. */
  units: Units;
  /** What it promises in all; undefined where that is for the chain to say. */
  readonly wei: bigint | undefined;
}

/** What an answer says of a payment. */
export interface Taken {
  readonly units: Units;
  /** At most what was sent with this id, whatever the neighbour says. */
  readonly acceptedWei: bigint;
}

/**
 * Payments by one method to one neighbour. One is written at a time, and each counts on those before it; several may be
 * under way. What is pending stays with the method: a refused cheque can still be cashed.
 */
export class PaymentLane {
  readonly method: PaymentMethod;
  /** Part of what is pending in the ledger: written, or being written, and not taken. */
  pendingUnits: Units = 0;
  /** It could not be used: the next method is, until then. */
  shutUntilMs = Number.NEGATIVE_INFINITY;
  #writing: Writing | undefined;
  /** On this connection and not answered, oldest first. */
  readonly #sent: Sent[] = [];
  /** Came while a payment was being written, which goes on from what was pending when that began. */
  readonly #answers: PaymentAckMessage[] = [];
  #drains = false;

  constructor(method: PaymentMethod) {
    this.method = method;
  }

  /** All that decides what it does next. */
  standing(nowMs: number): readonly (number | boolean | string)[] {
    const { id = -1, units = 0, demanded = false } = this.#writing ?? {};
    const shutForMs = Math.max(0, this.shutUntilMs - nowMs);
    return [
      this.method,
      this.pendingUnits,
      shutForMs,
      this.#drains,
      ...[id, units, demanded, this.#sent.length, this.#answers.length],
      ...this.#sent.flatMap((each) => [each.id, each.units, String(each.wei)]),
      ...this.#answers.flatMap((each) => [each.id, String(each.acceptedWei), each.code]),
    ];
  }

  /** The next payment has to wait: for the disk, or for an answer. */
  get waits(): boolean {
    if (this.#writing !== undefined || this.#drains) return true;
    return CUMULATIVE.has(this.method) ? this.#sent.length >= MOST_UNDER_WAY : this.pendingUnits > 0;
  }

  /** Something is pending and not on its way. */
  get unanswered(): boolean {
    return this.pendingUnits > 0 && this.#idle;
  }

  get #idle(): boolean {
    return this.#writing === undefined && this.#sent.length === 0;
  }

  /** The connection is gone: what was sent may or may not have arrived. */
  interrupted(): void {
    this.#writing = undefined;
    this.#forget();
  }

  #forget(): void {
    this.#sent.length = 0;
    this.#answers.length = 0;
    this.#drains = false;
  }

  /** The next one may be drawn on another chequebook, or come to another amount: what is under way is answered first. */
  drain(): void {
    this.#drains = !this.#idle;
  }

  begin(payment: Writing): void {
    this.#writing = payment;
    this.pendingUnits += payment.units;
  }

  /** It is durable and leaves now, again where it did before with another proof. Returns all units that it covers. */
  sent(id: number, proof: PaymentProof): Units {
    if (this.#writing?.id === id) this.#writing = undefined;
    const wei = proof.kind === 'cheque' ? proof.cheque.cumulativeWei : undefined;
    const at = this.#sent.findIndex((each) => each.id === id);
    const before = at === -1 ? this.#sent.length : at;
    const covered = this.pendingUnits - (this.#writing?.units ?? 0);
    const earlier = this.#sent.slice(0, before).reduce((sum, { units }) => sum + units, 0);
    const later = this.#sent.slice(before + 1).reduce((sum, { units }) => sum + units, 0);
    this.#sent.splice(before, 1, { id, wei, units: covered - earlier - later });
    return covered - later;
  }

  /** `units` are owed as before. True where it had been demanded, and was never sent. */
  failed(id: number, units: Units): boolean {
    this.pendingUnits -= units;
    const writing = this.#writing;
    if (writing?.id !== id) {
      this.#forget();
      return false;
    }
    this.#writing = undefined;
    this.#drained();
    return writing.demanded;
  }

  /** Was a payment with this id sent, so that it may be answered? Ids can be guessed. */
  has(id: number): boolean {
    return this.#sent.some((each) => each.id === id);
  }

  /** True where the answer has to wait until what is being written is written. */
  postpones(ack: PaymentAckMessage): boolean {
    if (this.#writing === undefined) return false;
    if (!this.#answers.some(({ id }) => id === ack.id)) this.#answers.push(ack);
    return true;
  }

  /** Answers that wait no longer. */
  postponed(): readonly PaymentAckMessage[] {
    return this.#writing === undefined ? this.#answers.splice(0) : [];
  }

  /** It was taken, and with it all before it: they are contained in it. */
  taken(ack: PaymentAckMessage): Taken {
    const done = this.#sent.splice(0, this.#sent.findIndex(({ id }) => id === ack.id) + 1);
    const units = done.reduce((sum, each) => sum + each.units, 0);
    const wei = done.at(-1)?.wei ?? ack.acceptedWei;
    this.pendingUnits -= units;
    this.#drained();
    return { units, acceptedWei: ack.acceptedWei < wei ? ack.acceptedWei : wei };
  }

  /** It was refused: the one after it pays its part too. */
  refused({ id }: PaymentAckMessage): void {
    const at = this.#sent.findIndex((each) => each.id === id);
    const [{ units }] = this.#sent.splice(at, 1) as [Sent];
    const next = this.#sent[at];
    if (next !== undefined) next.units += units;
    this.#drained();
  }

  #drained(): void {
    if (this.#idle) this.#drains = false;
  }
}
