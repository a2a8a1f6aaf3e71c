import type { IssuerKeys } from '../chain/issuer-keys.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Ratio } from '../core/ratio.ts';
import type { PaymentMessage, PaymentProof } from '../core/session/message.ts';
import type { PaymentOutcome } from '../core/session/session-effect.ts';
import type { Acceptance } from '../core/settlement/accepted-total.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { Units } from '../core/units.ts';
import type { ReceivedChequeRecord, StoreRecord } from '../store/store.ts';
import { ChequeTaker, type Payer } from './cheque-taker.ts';
import { ChequeWriter, type ChequeWriterOptions } from './cheque-writer.ts';
import type { ChequebookFactsBook } from './chequebook-facts.ts';
import type { MethodDesk } from './method-desk.ts';

/** What the desk asks the node about one neighbour. */
export interface DeskNeighbour extends Payer {
  /** Its ratio, at which it is paid. */
  readonly theirRatio: Ratio | undefined;
  /** The channel in my terms, as it acknowledged them. */
  readonly myChannel?: NodeId | undefined;
}

export interface ChequeDeskOptions extends ChequeWriterOptions {
  readonly facts: ChequebookFactsBook;
  readonly neighbour: (id: NodeId) => DeskNeighbour;
  readonly received: readonly ReceivedChequeRecord[];
  /** It may have bounced: nothing is taken on it until that is known. */
  readonly doubts?: ((chequebook: NodeId) => boolean) | undefined;
  /** Milliseconds since the Unix epoch: delegations end. */
  readonly wallMs?: (() => number) | undefined;
  /** Who signed a cheque; the curve's word unless given. */
  readonly issuers?: Pick<IssuerKeys, 'signed' | 'cashable'>;
}

/** Writes cheques to neighbours and takes theirs: one way to pay, as a session meets it. */
export class ChequeDesk implements MethodDesk {
  readonly #options: ChequeDeskOptions;
  readonly #writer: ChequeWriter;
  readonly #taker: ChequeTaker;

  constructor(options: ChequeDeskOptions) {
    this.#options = options;
    this.#writer = new ChequeWriter(options);
    this.#taker = new ChequeTaker({ ...options, me: options.signer.id });
  }

  /** The beneficiary of every cheque taken here. */
  get me(): NodeId {
    return this.#options.signer.id;
  }

  pending(neighbour: NodeId): { units: Units; lastPaymentId: number } {
    return this.#writer.pending(neighbour);
  }

  /** All that was ever promised on a chequebook, wei; by all nodes, where it is shared. */
  promisedWei(chequebook: NodeId): bigint {
    const { shared } = this.#options;
    if (shared?.address === chequebook) return shared.promisedWei;
    return this.#writer.promisedWei(chequebook);
  }

  /** Durable before it returns: nothing is sent that a crash could forget (DESIGN §12). Throws as `ChequeWriter.write`. */
  async write(neighbour: NodeId, payment: { id: number; units: Units }): Promise<PaymentProof> {
    const ratio = this.#options.neighbour(neighbour).theirRatio;
    if (ratio === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING', { neighbour });
    return { kind: 'cheque', cheque: await this.#writer.write(neighbour, payment, ratio) };
  }

  unacknowledged(neighbour: NodeId): { id: number; proof: PaymentProof } | undefined {
    const last = this.#writer.unacknowledged(neighbour);
    return last === undefined ? undefined : { id: last.id, proof: { kind: 'cheque', cheque: last.cheque } };
  }

  acknowledged(neighbour: NodeId, acceptance: Acceptance): StoreRecord[] {
    return this.#writer.acknowledged(neighbour, acceptance);
  }

  async check(neighbour: NodeId, { proof }: PaymentMessage): Promise<PaymentOutcome> {
    if (proof.kind !== 'cheque') return { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei: 0n };
    const learning = this.#taker.learn(neighbour, proof.cheque, this.#options.neighbour(neighbour));
    if (learning !== undefined) await learning;
    return this.#taker.check(neighbour, proof.cheque, this.#options.neighbour(neighbour));
  }

  accepted(neighbour: NodeId): StoreRecord[] {
    return this.#taker.accepted(neighbour);
  }

  restated(neighbour: NodeId): PaymentMessage[] {
    return this.#writer.restated(neighbour);
  }

  forgot(neighbour: NodeId, units: Units): StoreRecord[] {
    return [this.#taker.forgot(neighbour, units)];
  }

  held(neighbour: NodeId): SignedCheque[] {
    return this.#taker.held(neighbour);
  }

  recover(neighbour: NodeId, returned: SignedCheque): Promise<void> {
    return this.#writer.recover(neighbour, returned);
  }

  /** The last cheque from each chequebook of a neighbour. */
  receivedFrom(neighbour: NodeId): readonly ReceivedChequeRecord[] {
    return this.#taker.from(neighbour);
  }

  receivedOn(chequebook: NodeId): ReceivedChequeRecord | undefined {
    return this.#taker.of(chequebook);
  }

  /** Everyone that pays from a chequebook: one, or the nodes that share it. */
  payersOf(chequebook: NodeId): NodeId[] {
    return this.#taker.payersOf(chequebook);
  }

  /** A cheque that was taken, as the contract takes it. */
  cashable(record: ReceivedChequeRecord): SignedCheque {
    return this.#taker.cashable(record);
  }

  /** Every last cheque taken. */
  received(): readonly ReceivedChequeRecord[] {
    return this.#taker.all();
  }

  /** What the neighbour's accepted cheques would pay if cashed now, in units; at `ratio`, where no terms are exchanged yet. */
  uncashedUnits(neighbour: NodeId, ratio = this.#options.neighbour(neighbour).myRatio): Units {
    return this.#taker.uncashedUnits(neighbour, ratio);
  }

  /** The contract has paid `cashedCumulative` in all: less than before, where the chain took a payout back. The record to store. */
  cashed(chequebook: NodeId, cashedCumulative: bigint, bounced: boolean): ReceivedChequeRecord | undefined {
    return this.#taker.cashed(chequebook, cashedCumulative, bounced);
  }
}
