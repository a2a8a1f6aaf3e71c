import { IssuerKeys } from '../chain/issuer-keys.ts';
import { clearsNow } from '../core/credit/risk.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Ratio, weiToUnits } from '../core/ratio.ts';
import type { PaymentOutcome } from '../core/session/session-effect.ts';
import {
  type ChequeVerdict,
  checkCheque,
  MAX_UNCASHED_CHEQUEBOOKS,
  MIN_CHEQUE_UNITS,
  type SignedCheque,
} from '../core/settlement/cheque.ts';
import type { Delegation } from '../core/settlement/delegation.ts';
import type { Units } from '../core/units.ts';
import type { NoteRecord, ReceivedChequeRecord, StoreRecord } from '../store/store.ts';
import type { ChequebookFactsBook } from './chequebook-facts.ts';
import { ForgottenUse } from './forgotten-use.ts';
import { chequeFrom, ReceivedCheques } from './received-cheques.ts';
import { SharedCheques } from './shared-cheques.ts';

export interface ChequeTakerOptions {
  /** The beneficiary. */
  readonly me: NodeId;
  readonly chainId: number;
  readonly facts: ChequebookFactsBook;
  readonly received: readonly ReceivedChequeRecord[];
  readonly notes?: readonly NoteRecord[] | undefined;
  /** The books are a restored copy, or were begun anew after a loss. */
  readonly restored?: boolean | undefined;
  /** As in `ChequeDeskOptions`. */
  readonly doubts?: ((chequebook: NodeId) => boolean) | undefined;
  /** Milliseconds since the Unix epoch, for what expires; without it nothing that can is taken. */
  readonly wallMs?: (() => number) | undefined;
  /** Who signed a cheque; the curve's word unless given. */
  readonly issuers?: Pick<IssuerKeys, 'signed' | 'cashable'> | undefined;
}

/** What the terms of a neighbour say of its cheques. */
export interface Payer {
  /** The chequebook in its terms. */
  readonly chequebook: NodeId | undefined;
  /** By which it pays from the chequebook of its operator. */
  readonly delegation?: Delegation | undefined;
  /** My ratio as it acknowledged it, at which it pays. */
  readonly myRatio: Ratio | undefined;
  readonly riskAt: Units;
}

/** What was found good. */
interface Checked {
  readonly record: ReceivedChequeRecord;
  /** What was paid out that these books did not know of. */
  readonly recalled: { readonly units: Units; readonly paidOutWei: bigint } | undefined;
}

/** Takes cheques: every check is in `core/settlement/cheque.ts`, and none of them makes a call. */
export class ChequeTaker {
  readonly #options: ChequeTakerOptions;
  readonly #received: ReceivedCheques;
  /** Found good and not yet in the account: by neighbour, until `accepted`. */
  readonly #checked = new Map<NodeId, Checked>();
  /** The chequebooks of those. */
  readonly #booking = new Set<NodeId>();
  readonly #shared: SharedCheques;
  readonly #forgotten: ForgottenUse;
  readonly #issuers: Pick<IssuerKeys, 'signed' | 'cashable'>;
  /** Chequebooks of each neighbour that were looked up though it does not announce them. */
  readonly #lookedUp = new Map<NodeId, Set<NodeId>>();

  constructor(options: ChequeTakerOptions) {
    this.#options = options;
    this.#received = new ReceivedCheques(options.received);
    this.#issuers = options.issuers ?? new IssuerKeys();
    const { chainId, facts, notes = [], restored = false, wallMs } = options;
    this.#forgotten = new ForgottenUse(restored, notes);
    this.#shared = new SharedCheques({ chainId, facts, notes, wallMs, received: this.#received });
  }

  /** Looks a chequebook up before its first cheque, where that is still to be done; undefined where it is not. */
  learn(neighbour: NodeId, { chequebook }: SignedCheque, payer: Payer): Promise<void> | undefined {
    const { facts } = this.#options;
    if (facts.of(chequebook) !== 'unread' && !facts.doubts(chequebook)) return undefined;
    return chequebook === payer.chequebook || this.#mayBeFormer(neighbour, chequebook)
      ? facts.learn(chequebook)
      : undefined;
  }

  /** After a loss one that it paid from earlier may be unknown; a few are looked up. */
  #mayBeFormer(neighbour: NodeId, chequebook: NodeId): boolean {
    if (this.#forgotten.of(neighbour) === undefined) return false;
    const lookedUp = this.#lookedUp.get(neighbour) ?? new Set();
    if (lookedUp.size < MAX_UNCASHED_CHEQUEBOOKS) this.#lookedUp.set(neighbour, lookedUp.add(chequebook));
    return lookedUp.has(chequebook);
  }

  /** The neighbour says to have had so much that these books do not know of. The note to store with the account. */
  forgot(neighbour: NodeId, units: Units): NoteRecord {
    return this.#forgotten.add(neighbour, units);
  }

  check(neighbour: NodeId, cheque: SignedCheque, payer: Payer): PaymentOutcome {
    const last = this.#received.of(cheque.chequebook);
    const share = this.#shared.says(cheque);
    const acceptedWei = last?.neighbour === neighbour ? last.cumulative : 0n;
    if (payer.myRatio === undefined) return { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei };
    if (this.#shared.mustSay(cheque)) return { accepted: false, code: 'CHEQUE_WRONG_CHEQUEBOOK', acceptedWei };
    const verdict = this.#judge(neighbour, { cheque, last }, { ...payer, myRatio: payer.myRatio });
    if (verdict.kind === 'refused') return { accepted: false, code: verdict.code, acceptedWei };
    const doneWei = share ? cheque.cumulativeWei : acceptedWei;
    if (verdict.kind === 'duplicate') return { accepted: true, units: 0, clearing: 0, acceptedWei: doneWei };
    const { recalledUnits } = verdict;
    const outstanding = this.uncashedUnits(neighbour, payer.myRatio);
    const clearing = recalledUnits + clearsNow(verdict.units - recalledUnits, outstanding, payer.riskAt);
    if (share) this.#shared.take(neighbour, cheque, verdict);
    else
      this.#found(neighbour, {
        record: taken(neighbour, cheque, verdict, last),
        recalled: recalledBy(cheque, verdict, last),
      });
    return { accepted: true, units: verdict.units, clearing, acceptedWei: cheque.cumulativeWei };
  }

  #found(neighbour: NodeId, checked: Checked): void {
    const other = this.#checked.get(neighbour);
    if (other !== undefined) this.#booking.delete(other.record.chequebook);
    this.#checked.set(neighbour, checked);
    this.#booking.add(checked.record.chequebook);
  }

  #judge(
    neighbour: NodeId,
    { cheque, last }: { cheque: SignedCheque; last: ReceivedChequeRecord | undefined },
    payer: Payer & { myRatio: Ratio },
  ): ChequeVerdict {
    const { chainId, doubts, facts, me } = this.#options;
    const contract = facts.of(cheque.chequebook);
    const says = this.#shared.says(cheque);
    const shared = says && this.#shared.paidWei(cheque.chequebook, neighbour) !== undefined;
    const doubted = facts.doubts(cheque.chequebook) || doubts?.(cheque.chequebook) === true;
    return checkCheque({
      cheque,
      me,
      neighbour,
      announced: payer.chequebook,
      // One that was read is known: an earlier one of the same neighbour stays good for what is pending on it.
      former: typeof contract === 'object' && (contract.issuer === neighbour || shared),
      uncashedChequebooks: this.#othersUncashed(neighbour, cheque.chequebook),
      // What its issuer has paid alone is nobody's part, once it is booked, and a bounce may still be undone: until then the
      // payer sends it again, as to who could not look yet.
      contract: doubted || (says && this.#booking.has(cheque.chequebook)) ? 'unread' : contract,
      last:
        last === undefined
          ? undefined
          : { cumulativeWei: last.cumulative, signature: last.signature, neighbour: last.neighbour },
      ratio: payer.myRatio,
      ...(says ? this.#shared.factsFor(neighbour, cheque, payer.delegation) : { remainder: last?.remainderWei ?? 0n }),
      forgottenUnits: this.#forgotten.of(neighbour),
      minimumUnits: MIN_CHEQUE_UNITS,
      signedBy: (issuer) => this.#issuers.signed(chainId, cheque, issuer),
    });
  }

  /** Everyone that pays from a chequebook: one, or the nodes that share it. */
  payersOf(chequebook: NodeId): NodeId[] {
    const sharing = this.#shared.payersOf(chequebook);
    const record = this.#received.of(chequebook);
    return sharing.length > 0 || record === undefined ? sharing : [record.neighbour];
  }

  /** Chequebooks of a neighbour beside this one that still owe something. */
  #othersUncashed(neighbour: NodeId, chequebook: NodeId): number {
    let count = 0;
    for (const record of this.#received.from(neighbour)) {
      if (record.chequebook !== chequebook && record.cumulative > record.cashedCumulative) count += 1;
    }
    return count;
  }

  /** The account has been credited with the cheque just checked: from now on it is one to cash. Its record. */
  accepted(neighbour: NodeId): StoreRecord[] {
    const shared = this.#shared.accepted(neighbour);
    if (shared !== undefined) return shared;
    const checked = this.#checked.get(neighbour);
    if (checked === undefined) return [];
    const { recalled } = checked;
    const { chequebook } = checked.record;
    this.#checked.delete(neighbour);
    this.#booking.delete(chequebook);
    const before = this.#received.of(chequebook);
    // An earlier one may have been cashed, or have bounced, meanwhile.
    const { bounced, cashedCumulative } = before ?? checked.record;
    const record = { ...checked.record, cashedCumulative: recalled?.paidOutWei ?? cashedCumulative, bounced };
    this.#received.put(record);
    return recalled === undefined ? [record] : [record, this.#forgotten.add(neighbour, -recalled.units)];
  }

  /** The cheques held from a neighbour, newest chequebook last: a payer that lost its store goes on from them. */
  held(neighbour: NodeId): SignedCheque[] {
    const { me } = this.#options;
    return this.#received
      .from(neighbour)
      .slice(-MAX_UNCASHED_CHEQUEBOOKS)
      .map((record) => {
        const ownWei = this.#shared.paidWei(record.chequebook, neighbour);
        return { ...chequeFrom(record, me), ...(ownWei !== undefined && { ownWei }) };
      });
  }

  /** A cheque that was taken, as the contract takes it. */
  cashable(record: ReceivedChequeRecord): SignedCheque {
    const { chainId, me } = this.#options;
    return this.#issuers.cashable(chainId, chequeFrom(record, me), record.issuer);
  }

  from(neighbour: NodeId): readonly ReceivedChequeRecord[] {
    return this.#received.from(neighbour);
  }

  of(chequebook: NodeId): ReceivedChequeRecord | undefined {
    return this.#received.of(chequebook);
  }

  all(): readonly ReceivedChequeRecord[] {
    return this.#received.all();
  }

  uncashedUnits(neighbour: NodeId, ratio: Ratio | undefined): Units {
    const wei = this.#received.uncashedWei(neighbour);
    return ratio === undefined || wei <= 0n ? 0 : weiToUnits(wei, ratio).units;
  }

  /** The contract has paid `cashedCumulative` in all: less than before, where the chain took a payout back. The record to store. */
  cashed(chequebook: NodeId, cashedCumulative: bigint, bounced: boolean): ReceivedChequeRecord | undefined {
    const record = this.#received.of(chequebook);
    if (record === undefined) return undefined;
    const next = { ...record, cashedCumulative, bounced: record.bounced || bounced };
    this.#received.put(next);
    return next;
  }
}

function recalledBy(
  { cumulativeWei }: SignedCheque,
  { addedWei, recalledUnits }: ChequeVerdict & { kind: 'accepted' },
  last: ReceivedChequeRecord | undefined,
): Checked['recalled'] {
  const paidOutWei = cumulativeWei - addedWei;
  return paidOutWei > (last?.cumulative ?? 0n) ? { units: recalledUnits, paidOutWei } : undefined;
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
