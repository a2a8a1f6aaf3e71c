import { recoverChequeIssuer, signCheque } from '../chain/cheque-signing.ts';
import type { Signer } from '../chain/signer.ts';
import {
  type ChequeVerdict,
  checkCheque,
  MIN_CHEQUE_UNITS,
  nextCumulative,
  type SignedCheque,
} from '../core/cheque.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { PaymentMessage, PaymentProof } from '../core/message.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Ratio, unitsToWei, weiToUnits } from '../core/ratio.ts';
import { clearsNow } from '../core/risk.ts';
import type { PaymentOutcome } from '../core/session-effect.ts';
import type { Units } from '../core/units.ts';
import type { IssuedChequeRecord, ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import type { ChequebookFactsBook } from './chequebook-facts.ts';
import type { MethodDesk } from './method-desk.ts';
import type { OwnChequebook } from './own-chequebook.ts';

/** What the desk asks the node about one neighbour. */
export interface DeskNeighbour {
  /** The chequebook in its terms. */
  readonly chequebook: NodeId | undefined;
  /** Its ratio, at which it is paid; and mine as it acknowledged it, at which it pays. */
  readonly theirRatio: Ratio | undefined;
  readonly myRatio: Ratio | undefined;
  readonly riskAt: Units;
}

export interface ChequeDeskOptions {
  readonly signer: Signer;
  readonly chainId: number;
  readonly store: Store;
  readonly own: OwnChequebook;
  readonly facts: ChequebookFactsBook;
  readonly neighbour: (id: NodeId) => DeskNeighbour;
  readonly issued: readonly IssuedChequeRecord[];
  readonly received: readonly ReceivedChequeRecord[];
  /** Who signed a cheque. A search through millions of states puts something quicker here. */
  readonly recover?: typeof recoverChequeIssuer;
}

/** Writes cheques to neighbours and takes theirs. Every rule is in `core/cheque.ts`; here are the key and the store. */
export class ChequeDesk implements MethodDesk {
  readonly #options: ChequeDeskOptions;
  /** Last cheque by beneficiary, and last one taken by chequebook. */
  readonly #issued = new Map<NodeId, IssuedChequeRecord>();
  readonly #received = new Map<NodeId, ReceivedChequeRecord>();
  readonly #bookOf = new Map<NodeId, NodeId>();
  /** Found good and not yet in the account: by neighbour, until `accepted`. */
  readonly #checked = new Map<NodeId, ReceivedChequeRecord>();
  /** All that was ever promised, with what is being written: cheques under way together must not promise too much. */
  #promisedWei = 0n;

  constructor(options: ChequeDeskOptions) {
    this.#options = options;
    for (const record of options.issued) this.#issued.set(record.beneficiary, record);
    for (const { cumulative } of this.#issued.values()) this.#promisedWei += cumulative;
    for (const record of options.received) this.#keep(record);
  }

  /** The beneficiary of every cheque taken here. */
  get me(): NodeId {
    return this.#options.signer.id;
  }

  #keep(record: ReceivedChequeRecord): void {
    this.#received.set(record.chequebook, record);
    this.#bookOf.set(record.neighbour, record.chequebook);
  }

  /** Units of the last cheque that were never acknowledged, and its payment id. */
  pending(neighbour: NodeId): { units: Units; lastPaymentId: number } {
    const last = this.#issued.get(neighbour);
    if (last === undefined) return { units: 0, lastPaymentId: 0 };
    return { units: last.cumulative > last.acceptedCumulative ? last.amount : 0, lastPaymentId: last.paymentId };
  }

  /** Durable before it returns: nothing is sent that a crash could forget (DESIGN §12). Throws `CHEQUEBOOK_*`, `STORE_*`. */
  async write(neighbour: NodeId, payment: { id: number; units: Units }): Promise<PaymentProof> {
    const { signer, chainId, store } = this.#options;
    const ratio = this.#options.neighbour(neighbour).theirRatio;
    if (ratio === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING', { neighbour });
    const last = this.#issued.get(neighbour);
    const { wei, remainder } = unitsToWei(payment.units, ratio, last?.remainder ?? 0n);
    const cumulativeWei = nextCumulative(last?.cumulative ?? 0n, wei);
    const chequebook = await this.#covered(wei);
    const cheque = signCheque(signer, chainId, { chequebook, beneficiary: neighbour, cumulativeWei });
    const record: IssuedChequeRecord = {
      kind: 'issued',
      chequebook,
      beneficiary: neighbour,
      cumulative: cumulativeWei,
      signature: cheque.signature,
      amount: payment.units + this.pending(neighbour).units,
      paymentId: payment.id,
      acceptedCumulative: last?.acceptedCumulative ?? 0n,
      remainder,
    };
    try {
      await store.commit([record]);
    } catch (error) {
      this.#promisedWei -= wei;
      throw error;
    }
    this.#issued.set(neighbour, record);
    return { kind: 'cheque', cheque };
  }

  /**
   * The chequebook, if it covers everything promised so far and `wei` more, which then count as promised. Looks at the
   * chain once before it refuses.
   */
  async #covered(wei: bigint): Promise<NodeId> {
    const { own } = this.#options;
    const count = (): NodeId => {
      const chequebook = own.demand(this.#promisedWei + wei);
      this.#promisedWei += wei;
      return chequebook;
    };
    try {
      return count();
    } catch (error) {
      if (codeOf(error) !== 'CHEQUEBOOK_EMPTY') throw error;
      await own.refresh([...this.#issued.keys()]).catch(() => undefined);
      return count();
    }
  }

  unacknowledged(neighbour: NodeId): { id: number; proof: PaymentProof } | undefined {
    const last = this.#issued.get(neighbour);
    if (last === undefined || last.cumulative <= last.acceptedCumulative) return undefined;
    const { chequebook, beneficiary, cumulative, signature } = last;
    const cheque = { chequebook, beneficiary, cumulativeWei: cumulative, signature };
    return { id: last.paymentId, proof: { kind: 'cheque', cheque } };
  }

  acknowledged(neighbour: NodeId, { acceptedWei }: { acceptedWei: bigint }): StoreRecord[] {
    const last = this.#issued.get(neighbour);
    if (last === undefined) return [];
    // What was accepted is at most what was signed, whatever the neighbour says.
    const accepted = acceptedWei < last.cumulative ? acceptedWei : last.cumulative;
    const record = {
      ...last,
      acceptedCumulative: accepted > last.acceptedCumulative ? accepted : last.acceptedCumulative,
    };
    this.#issued.set(neighbour, record);
    return [record];
  }

  async check(neighbour: NodeId, payment: PaymentMessage): Promise<PaymentOutcome> {
    const { proof } = payment;
    if (proof.kind !== 'cheque') return { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei: 0n };
    const { cheque } = proof;
    const known = this.#options.neighbour(neighbour);
    if (cheque.chequebook === known.chequebook) await this.#options.facts.learn(cheque.chequebook);
    const last = this.#received.get(cheque.chequebook);
    const acceptedWei = last?.neighbour === neighbour ? last.cumulative : 0n;
    if (known.myRatio === undefined) return { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei };
    const verdict = this.#judge(neighbour, cheque, { ...known, myRatio: known.myRatio });
    if (verdict.kind === 'refused') return { accepted: false, code: verdict.code, acceptedWei };
    if (verdict.kind === 'duplicate') return { accepted: true, units: 0, clearing: 0, acceptedWei };
    const clearing = clearsNow(verdict.units, this.uncashedUnits(neighbour), known.riskAt);
    this.#checked.set(neighbour, taken(neighbour, cheque, verdict, last));
    return { accepted: true, units: verdict.units, clearing, acceptedWei: cheque.cumulativeWei };
  }

  #judge(neighbour: NodeId, cheque: SignedCheque, known: DeskNeighbour & { myRatio: Ratio }): ChequeVerdict {
    const { chainId, facts, signer } = this.#options;
    const last = this.#received.get(cheque.chequebook);
    return checkCheque({
      cheque,
      me: signer.id,
      neighbour,
      announced: known.chequebook,
      contract: facts.of(cheque.chequebook),
      last: last === undefined ? undefined : { cumulativeWei: last.cumulative, signature: last.signature },
      ratio: known.myRatio,
      remainder: last?.remainderWei ?? 0n,
      minimumUnits: MIN_CHEQUE_UNITS,
      signer: () => (this.#options.recover ?? recoverChequeIssuer)(chainId, cheque),
    });
  }

  /** The account has been credited with the cheque just checked: from now on it is one to cash. Its record. */
  accepted(neighbour: NodeId): StoreRecord[] {
    const checked = this.#checked.get(neighbour);
    if (checked === undefined) return [];
    this.#checked.delete(neighbour);
    const before = this.#received.get(checked.chequebook);
    // An earlier one may have been cashed, or have bounced, meanwhile.
    const record = {
      ...checked,
      cashedCumulative: before?.cashedCumulative ?? checked.cashedCumulative,
      bounced: checked.bounced || before?.bounced === true,
    };
    this.#keep(record);
    return [record];
  }

  receivedFrom(neighbour: NodeId): ReceivedChequeRecord | undefined {
    const chequebook = this.#bookOf.get(neighbour);
    return chequebook === undefined ? undefined : this.#received.get(chequebook);
  }

  /** Every last cheque taken. */
  received(): readonly ReceivedChequeRecord[] {
    return [...this.#received.values()];
  }

  /** What the neighbour's accepted cheques would pay if cashed now, in units; at `ratio`, where no terms are exchanged yet. */
  uncashedUnits(neighbour: NodeId, ratio = this.#options.neighbour(neighbour).myRatio): Units {
    let wei = 0n;
    for (const record of this.#received.values()) {
      if (record.neighbour === neighbour) wei += record.cumulative - record.cashedCumulative;
    }
    return ratio === undefined || wei <= 0n ? 0 : weiToUnits(wei, ratio).units;
  }

  /** The contract has paid `cashedCumulative` in all: less than before, where the chain took a payout back. The record to store. */
  cashed(chequebook: NodeId, cashedCumulative: bigint, bounced: boolean): ReceivedChequeRecord | undefined {
    const record = this.#received.get(chequebook);
    if (record === undefined) return undefined;
    const next = { ...record, cashedCumulative, bounced: record.bounced || bounced };
    this.#received.set(chequebook, next);
    return next;
  }
}

/** The record of a cheque that was accepted, going on from the last one of its chequebook. */
function taken(
  neighbour: NodeId,
  cheque: SignedCheque,
  verdict: ChequeVerdict & { kind: 'accepted' },
  last: ReceivedChequeRecord | undefined,
): ReceivedChequeRecord {
  return {
    kind: 'received',
    chequebook: cheque.chequebook,
    neighbour,
    issuer: neighbour,
    cumulative: cheque.cumulativeWei,
    signature: cheque.signature,
    cashedCumulative: last?.cashedCumulative ?? cheque.cumulativeWei - verdict.addedWei,
    creditedUnits: (last?.creditedUnits ?? 0) + verdict.units,
    remainderWei: verdict.remainder,
    bounced: last?.bounced ?? false,
  };
}
