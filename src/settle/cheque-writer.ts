import type { Chain } from '../chain/chain.ts';
import { recoverChequeIssuer, signCheque } from '../chain/cheque-signing.ts';
import type { Signer } from '../chain/signer.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Ratio, unitsToWei } from '../core/ratio.ts';
import type { PaymentMessage } from '../core/session/message.ts';
import { type Acceptance, withAccepted } from '../core/settlement/accepted-total.ts';
import { nextCumulative, recoveredCumulative, type SignedCheque } from '../core/settlement/cheque.ts';
import { type IssuedToday, issueWithin } from '../core/settlement/issue-cap.ts';
import type { Units } from '../core/units.ts';
import type { ChequeOrder } from '../store/credit-book.ts';
import type { IssuedChequeRecord, NoteRecord, Store, StoreRecord } from '../store/store.ts';
import { chequeOf, IssuedCheques, isPending } from './issued-cheques.ts';
import type { OwnChequebook } from './own-chequebook.ts';
import type { SharedChequebook } from './shared-chequebook.ts';

export interface ChequeWriterOptions {
  /** The node: the issuer of its own chequebooks. */
  readonly signer: Signer;
  readonly chainId: number;
  readonly store: Store;
  readonly own: OwnChequebook;
  readonly issued: readonly IssuedChequeRecord[];
  readonly notes?: readonly NoteRecord[] | undefined;
  /** To look up what was paid out, where this node may have forgotten cheques: it runs on a restored or a new store. */
  readonly chain?: Chain | undefined;
  readonly restored?: boolean | undefined;
  /** The most to promise in a day of UTC, wei; 0 for no limit. */
  readonly maxPerDayWei?: bigint | undefined;
  /** Days of UTC since 1970. */
  readonly day?: (() => number) | undefined;
  /** The operator's chequebook, delegated to this node: cheques on it go through its credit book. */
  readonly shared?: SharedChequebook | undefined;
  readonly recover?: typeof recoverChequeIssuer | undefined;
}

interface Order {
  readonly beneficiary: NodeId;
  readonly wei: bigint;
  /** What it must be drawn on; undefined: the newest. */
  readonly on: NodeId | undefined;
  readonly write: (chequebook: NodeId, cumulativeWei: bigint) => IssuedChequeRecord;
}

const TODAY = 'issued-today';

/** Writes cheques, durably, within what the chequebook holds and the day allows; goes on from what a lost store forgot. */
export class ChequeWriter {
  readonly #options: ChequeWriterOptions;
  readonly #issued: IssuedCheques;
  /** Beneficiaries whose payouts were looked up, where they may have been forgotten. */
  readonly #lookedUp = new Set<string>();
  #today: IssuedToday = { day: 0, wei: 0n };

  constructor(options: ChequeWriterOptions) {
    this.#options = options;
    this.#issued = new IssuedCheques(options.issued);
    const note = options.notes?.find(({ name }) => name === TODAY);
    if (note === undefined) return;
    const { day, wei } = JSON.parse(note.text) as { day: number; wei: string };
    this.#today = { day, wei: BigInt(wei) };
  }

  pending(beneficiary: NodeId): { units: Units; lastPaymentId: number } {
    return this.#issued.pending(beneficiary);
  }

  promisedWei(chequebook: NodeId): bigint {
    return this.#issued.promisedWei(chequebook);
  }

  /** The last one, if it was never acknowledged. */
  unacknowledged(beneficiary: NodeId): { id: number; cheque: SignedCheque } | undefined {
    const last = this.#issued.last(beneficiary);
    return last === undefined || !isPending(last) ? undefined : { id: last.paymentId, cheque: this.#chequeOf(last) };
  }

  /** The last ones that were taken, one of each chequebook, oldest payment first: for a beneficiary that lost its books. */
  restated(beneficiary: NodeId): PaymentMessage[] {
    return this.#issued.takenBy(beneficiary).map((record) => ({
      ...{ kind: 'payment', id: record.paymentId, units: record.amount },
      proof: { kind: 'cheque', cheque: this.#chequeOf(record) },
    }));
  }

  #ownWei(chequebook: NodeId, beneficiary: NodeId): bigint {
    return this.#issued.on(chequebook, beneficiary)?.ownCumulative ?? 0n;
  }

  /** As it is sent: where others pay from the chequebook, too, with this node's part of it. */
  #chequeOf(record: IssuedChequeRecord): SignedCheque {
    const isShared = this.#sharedAt(record.chequebook) !== undefined;
    return { ...chequeOf(record), ...(isShared && { ownWei: record.ownCumulative }) };
  }

  #sharedAt(chequebook: NodeId): SharedChequebook | undefined {
    const { shared } = this.#options;
    return shared?.address === chequebook ? shared : undefined;
  }

  /** Throws `CHEQUEBOOK_DELEGATED` for an operator's chequebook that is not the configured one any more. */
  #issuerOf(chequebook: NodeId): Signer {
    const { own, signer } = this.#options;
    const shared = this.#sharedAt(chequebook);
    if (shared === undefined && own.of(chequebook)?.delegated === true) {
      throw new WayleaveError('CHEQUEBOOK_DELEGATED', { chequebook });
    }
    return shared?.issuer ?? signer;
  }

  /** Durable before it returns. Throws `CHEQUEBOOK_*`, `CHEQUEBOOK_DAILY_CAP`, `STORE_*`, and the chain's errors after a lost store. */
  async write(beneficiary: NodeId, payment: { id: number; units: Units }, ratio: Ratio): Promise<SignedCheque> {
    const { chainId } = this.#options;
    const last = this.#issued.last(beneficiary);
    const pending = this.pending(beneficiary).units;
    const { wei, remainder } = unitsToWei(payment.units, ratio, last?.remainder ?? 0n);
    const record = await this.#issue({
      beneficiary,
      wei,
      // One that was not taken yet is replaced where it stands: beside one on another chequebook both could be cashed.
      on: last !== undefined && isPending(last) ? last.chequebook : undefined,
      write: (chequebook, cumulative) => ({
        kind: 'issued',
        chequebook,
        beneficiary,
        cumulative,
        signature: signCheque(this.#issuerOf(chequebook), chainId, {
          chequebook,
          beneficiary,
          cumulativeWei: cumulative,
        }).signature,
        amount: payment.units + pending,
        paymentId: payment.id,
        acceptedCumulative: this.#issued.on(chequebook, beneficiary)?.acceptedCumulative ?? 0n,
        remainder,
        ownCumulative: this.#ownWei(chequebook, beneficiary) + wei,
      }),
    });
    this.#issued.put(record);
    return this.#chequeOf(record);
  }

  async #issue({ beneficiary, on, wei, write }: Order): Promise<IssuedChequeRecord> {
    const { own, store } = this.#options;
    const chequebook = on ?? own.address;
    if (chequebook === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING');
    if (this.#mayHaveForgotten(chequebook)) await this.#lookUp(chequebook, beneficiary);
    const day = this.#withinDay(wei);
    try {
      const shared = this.#sharedAt(chequebook);
      if (shared !== undefined) {
        if (day !== undefined) await store.commit(this.#counted(day));
        return await this.#fromShared({ chequebook, beneficiary, wei, write: (sum) => write(chequebook, sum) }, shared);
      }
      const covering = this.#cover(chequebook, wei);
      if (covering !== undefined) await covering;
      return await this.#keep(write(chequebook, this.#next(chequebook, beneficiary, wei)), wei, day);
    } catch (error) {
      if (day === this.#today.day) this.#today = { day, wei: this.#today.wei - wei };
      throw error;
    }
  }

  /** Looks at the chain once before it gives up: somebody may have filled the chequebook. */
  async #fromShared(order: ChequeOrder, { credit }: SharedChequebook): Promise<IssuedChequeRecord> {
    try {
      return await credit.issue(order);
    } catch (error) {
      if (codeOf(error) !== 'CHEQUEBOOK_EMPTY') throw error;
      await this.#options.own.refresh(order.chequebook).catch(() => undefined);
      return credit.issue(order);
    }
  }

  #next(chequebook: NodeId, beneficiary: NodeId, wei: bigint): bigint {
    return nextCumulative(this.#issued.on(chequebook, beneficiary)?.cumulative ?? 0n, wei);
  }

  async #keep(record: IssuedChequeRecord, wei: bigint, day: number | undefined): Promise<IssuedChequeRecord> {
    try {
      await this.#options.store.commit([record, ...this.#counted(day)]);
      return record;
    } catch (error) {
      this.#issued.promise(record.chequebook, -wei);
      throw error;
    }
  }

  /**
   * `wei` more count as promised, if the chequebook covers them with everything promised so far. Looks at the chain once
   * before it refuses; undefined where there was no need.
   */
  #cover(chequebook: NodeId, wei: bigint): Promise<void> | undefined {
    const { own } = this.#options;
    const count = (): void => {
      own.demand(chequebook, this.#issued.promisedWei(chequebook) + wei);
      this.#issued.promise(chequebook, wei);
    };
    try {
      return count() as undefined;
    } catch (error) {
      if (codeOf(error) !== 'CHEQUEBOOK_EMPTY') throw error;
      return own
        .refresh(chequebook)
        .catch(() => undefined)
        .then(count);
    }
  }

  /** The day that it is counted for; undefined where there is no limit. Throws `CHEQUEBOOK_DAILY_CAP`. */
  #withinDay(wei: bigint): number | undefined {
    const { day, maxPerDayWei = 0n } = this.#options;
    if (maxPerDayWei === 0n || day === undefined) return undefined;
    const today = issueWithin(this.#today, { wei, day: day() }, maxPerDayWei);
    if (today === undefined) throw new WayleaveError('CHEQUEBOOK_DAILY_CAP', { maxPerDayWei, wei });
    this.#today = today;
    return today.day;
  }

  /** What to write down so that the limit survives a restart: all that is counted by now, whatever is written first. */
  #counted(day: number | undefined): StoreRecord[] {
    const { day: today, wei } = this.#today;
    return day === undefined
      ? []
      : [{ kind: 'note', name: TODAY, text: JSON.stringify({ day: today, wei: String(wei) }) }];
  }

  acknowledged(beneficiary: NodeId, acceptance: Acceptance): StoreRecord[] {
    const last = this.#issued.last(beneficiary);
    if (last === undefined) return [];
    const record = withAccepted(last, acceptance);
    this.#issued.put(record);
    return [record];
  }

  // --- a lost store ---------------------------------------------------------------------------------------------

  #mayHaveForgotten(chequebook: NodeId): boolean {
    const { own, restored = false } = this.#options;
    return restored || (own.of(chequebook)?.forgottenWei ?? 0n) > 0n;
  }

  /**
   * What the contract has paid to this beneficiary was signed once, so the next cheque is above it (DESIGN §12). Once in a
   * life; where nothing is known of the beneficiary it must succeed. Throws the chain's errors.
   */
  async #lookUp(chequebook: NodeId, beneficiary: NodeId): Promise<void> {
    const { chain, own } = this.#options;
    const shared = this.#sharedAt(chequebook);
    const key = `${chequebook} ${beneficiary}`;
    if (chain === undefined || this.#lookedUp.has(key)) return;
    const isKnown = this.#issued.on(chequebook, beneficiary) !== undefined;
    const facts = await chain.chequebook(chequebook, beneficiary).catch((error: unknown) => {
      if (isKnown) return undefined;
      throw error;
    });
    if (facts === undefined) return;
    const paidOut = { chequebook, beneficiary, cumulativeWei: facts.paidOutWei };
    if (shared !== undefined) await shared.credit.adopt(paidOut);
    else {
      const write = isKnown ? undefined : (promised: IssuedChequeRecord) => own.remembered(promised);
      await this.#goOnFrom({ ...paidOut, signature: NO_SIGNATURE }, write);
    }
    // Where it could not be written it is looked up again: a cheque below what was promised would be taken by nobody.
    this.#lookedUp.add(key);
  }

  /** A beneficiary gives back a cheque of mine. It counts if I signed it and have forgotten it: the next one is above it. */
  async recover(beneficiary: NodeId, returned: SignedCheque): Promise<void> {
    const { chainId, own, recover = recoverChequeIssuer, signer } = this.#options;
    const { chequebook } = returned;
    const shared = this.#sharedAt(chequebook);
    const book = own.of(chequebook);
    if (book === undefined || (book.delegated === true && shared === undefined)) return;
    const storedWei = this.#issued.on(chequebook, beneficiary)?.cumulative ?? 0n;
    const cumulativeWei = recoveredCumulative({
      chequebook,
      beneficiary,
      me: (shared?.issuer ?? signer).id,
      storedWei,
      paidOutWei: 0n,
      returned,
      signer: () => recover(chainId, returned),
    });
    if (cumulativeWei <= storedWei) return;
    if (shared === undefined) return this.#goOnFrom(returned);
    await shared.credit.adopt({ chequebook, beneficiary, cumulativeWei });
    await this.#recoverOwn(returned);
  }

  /** The books on the server were restored: this node has paid more than they say, and has taken none of it back. */
  async #recoverOwn({ beneficiary, chequebook, cumulativeWei, ownWei = 0n, signature }: SignedCheque): Promise<void> {
    const before = this.#issued.on(chequebook, beneficiary);
    const ownCumulative = ownWei < cumulativeWei ? ownWei : cumulativeWei;
    if (ownCumulative <= (before?.ownCumulative ?? 0n)) return;
    const start = { kind: 'issued', chequebook, beneficiary, amount: 0, paymentId: 0, remainder: 0n } as const;
    const sums = { cumulative: cumulativeWei, acceptedCumulative: cumulativeWei, ownCumulative, signature };
    const record: IssuedChequeRecord = { ...(before ?? start), ...sums };
    await this.#options.store.commit([record]);
    this.#issued.put(record);
  }

  /** This much was promised and taken. A cheque that waits for an answer and promises less is contained in it. */
  async #goOnFrom(
    { beneficiary, chequebook, cumulativeWei, signature }: SignedCheque,
    write = (promised: IssuedChequeRecord) => this.#options.store.commit([promised]),
  ): Promise<void> {
    const before = this.#issued.on(chequebook, beneficiary);
    const storedWei = before?.cumulative ?? 0n;
    if (cumulativeWei <= storedWei) return;
    const record: IssuedChequeRecord = {
      ...(before ?? { kind: 'issued', chequebook, beneficiary, amount: 0, paymentId: 0, remainder: 0n }),
      ownCumulative: cumulativeWei,
      cumulative: cumulativeWei,
      acceptedCumulative: cumulativeWei,
      signature,
    };
    await write(record);
    this.#issued.promise(chequebook, cumulativeWei - storedWei);
    this.#issued.put(record);
  }
}

/** Stands where only the amount is known. Never sent: what it was for is paid. */
const NO_SIGNATURE = new Uint8Array(65);
