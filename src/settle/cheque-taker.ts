import { recoverChequeIssuer } from '../chain/cheque-signing.ts';
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
  /** Milliseconds since the Unix epoch, for what expires; without it nothing that can is taken. */
  readonly wallMs?: (() => number) | undefined;
  readonly recover?: typeof recoverChequeIssuer | undefined;
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

/** Takes cheques: every check is in `core/settlement/cheque.ts`, and none of them makes a call. */
export class ChequeTaker {
  readonly #options: ChequeTakerOptions;
  readonly #received: ReceivedCheques;
  /** Found good and not yet in the account: by neighbour, until `accepted`. */
  readonly #checked = new Map<NodeId, ReceivedChequeRecord>();
  /** Of them the highest on each chequebook. */
  readonly #checkedOn = new Map<NodeId, ReceivedChequeRecord>();
  readonly #shared: SharedCheques;
  readonly #forgotten: ForgottenUse;
  /** Of what was found good and is not yet in the account: what was paid out that these books did not know of. */
  readonly #recalled = new Map<NodeId, { readonly units: Units; readonly paidOutWei: bigint }>();
  /** Chequebooks of each neighbour that were looked up though it does not announce them. */
  readonly #lookedUp = new Map<NodeId, Set<NodeId>>();

  constructor(options: ChequeTakerOptions) {
    this.#options = options;
    this.#received = new ReceivedCheques(options.received);
    const { chainId, facts, notes = [], restored = false, wallMs } = options;
    this.#forgotten = new ForgottenUse(restored, notes);
    this.#shared = new SharedCheques({ chainId, facts, notes, wallMs, received: this.#received });
  }

  /** Looks a chequebook up before its first cheque, where that is still to be done; undefined where it is not. */
  learn(neighbour: NodeId, { chequebook }: SignedCheque, payer: Payer): Promise<void> | undefined {
    const { facts } = this.#options;
    if (facts.of(chequebook) !== 'unread') return undefined;
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
    const last = this.#lastOn(cheque.chequebook, neighbour);
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
    const paidOutWei = cheque.cumulativeWei - verdict.addedWei;
    // What an earlier one was found to recall, and was not booked, is not this one's.
    this.#recalled.delete(neighbour);
    if (!share && paidOutWei > (last?.cumulative ?? 0n))
      this.#recalled.set(neighbour, { units: recalledUnits, paidOutWei });
    if (share) this.#shared.take(neighbour, cheque, verdict);
    else this.#found(neighbour, taken(neighbour, cheque, verdict, last));
    return { accepted: true, units: verdict.units, clearing, acceptedWei: cheque.cumulativeWei };
  }

  /** The last one, also where another neighbour handed it over a moment ago: the same cheque is worth nothing the second time. */
  #lastOn(chequebook: NodeId, neighbour: NodeId): ReceivedChequeRecord | undefined {
    const last = this.#received.of(chequebook);
    const found = this.#checkedOn.get(chequebook);
    if (found === undefined || found.neighbour === neighbour) return last;
    return found.cumulative > (last?.cumulative ?? 0n) ? found : last;
  }

  #found(neighbour: NodeId, record: ReceivedChequeRecord): void {
    this.#checked.set(neighbour, record);
    const other = this.#checkedOn.get(record.chequebook);
    if (other === undefined || other.neighbour === neighbour || record.cumulative > other.cumulative)
      this.#checkedOn.set(record.chequebook, record);
  }

  #judge(
    neighbour: NodeId,
    { cheque, last }: { cheque: SignedCheque; last: ReceivedChequeRecord | undefined },
    payer: Payer & { myRatio: Ratio },
  ): ChequeVerdict {
    const { chainId, facts, me, recover = recoverChequeIssuer } = this.#options;
    const contract = facts.of(cheque.chequebook);
    const shared = this.#shared.says(cheque) && this.#shared.paidWei(cheque.chequebook, neighbour) !== undefined;
    return checkCheque({
      cheque,
      me,
      neighbour,
      announced: payer.chequebook,
      // One that was read is known: an earlier one of the same neighbour stays good for what is pending on it.
      former: typeof contract === 'object' && (contract.issuer === neighbour || shared),
      uncashedChequebooks: this.#othersUncashed(neighbour, cheque.chequebook),
      contract,
      last:
        last === undefined
          ? undefined
          : { cumulativeWei: last.cumulative, signature: last.signature, neighbour: last.neighbour },
      ratio: payer.myRatio,
      ...(this.#shared.says(cheque)
        ? this.#shared.factsFor(neighbour, cheque, payer.delegation)
        : { remainder: last?.remainderWei ?? 0n }),
      forgottenUnits: this.#forgotten.of(neighbour),
      minimumUnits: MIN_CHEQUE_UNITS,
      signer: () => recover(chainId, cheque),
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
    this.#checked.delete(neighbour);
    const recalled = this.#recalled.get(neighbour);
    this.#recalled.delete(neighbour);
    if (this.#checkedOn.get(checked.chequebook) === checked) this.#checkedOn.delete(checked.chequebook);
    const before = this.#received.of(checked.chequebook);
    // An earlier one may have been cashed, or have bounced, meanwhile.
    const record = {
      ...checked,
      cashedCumulative: recalled?.paidOutWei ?? before?.cashedCumulative ?? checked.cashedCumulative,
      bounced: checked.bounced || before?.bounced === true,
    };
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
