import { delegatedBy } from '../chain/delegation-signing.ts';
import type { NodeId } from '../core/node-id.ts';
import type { ChequeVerdict, SignedCheque } from '../core/settlement/cheque.ts';
import type { ChequeShare } from '../core/settlement/cheque-share.ts';
import { type Delegation, type DelegationStanding, sameDelegation } from '../core/settlement/delegation.ts';
import type { NoteRecord, ReceivedChequeRecord, StoreRecord } from '../store/store.ts';
import { ChequeShares } from './cheque-shares.ts';
import type { ChequebookFactsBook } from './chequebook-facts.ts';
import type { ReceivedCheques } from './received-cheques.ts';

export interface SharedChequesOptions {
  readonly chainId: number;
  readonly facts: ChequebookFactsBook;
  readonly received: ReceivedCheques;
  readonly notes: readonly NoteRecord[];
  /** Milliseconds since the Unix epoch, for what expires; without it no delegation is good. */
  readonly wallMs: (() => number) | undefined;
}

/** Cheques of several nodes on one chequebook: whose part is whose, and by what right they pay from it. */
export class SharedCheques {
  readonly #options: SharedChequesOptions;
  readonly #shares: ChequeShares;
  /** Taken and not yet in the account: by neighbour, until `accepted`. */
  readonly #taken = new Map<NodeId, { readonly chequebook: NodeId; readonly note: NoteRecord }>();
  /** Whose signature is on the delegation a neighbour sent: looked at once. */
  readonly #delegations = new Map<NodeId, { readonly delegation: Delegation; readonly by: NodeId | undefined }>();

  constructor(options: SharedChequesOptions) {
    this.#options = options;
    this.#shares = new ChequeShares(options.notes);
    for (const [chequebook, neighbour] of this.#shares.all()) options.received.share(chequebook, neighbour);
  }

  /** One of several nodes pays from its operator's chequebook, and says what part is its own. */
  says({ chequebook, ownWei }: SignedCheque): boolean {
    return ownWei !== undefined && typeof this.#options.facts.of(chequebook) === 'object';
  }

  /** Once nodes share a chequebook, each has to say which part is its own. */
  mustSay(cheque: SignedCheque): boolean {
    return this.#shares.isShared(cheque.chequebook) && !this.says(cheque);
  }

  /** What the node's own part was in the last of its cheques that was taken; undefined where there was none. */
  paidWei(chequebook: NodeId, neighbour: NodeId): bigint | undefined {
    return this.#shares.of(chequebook, neighbour)?.paidWei;
  }

  /** Everyone that has paid from it. */
  payersOf(chequebook: NodeId): NodeId[] {
    return this.#shares.nodesOf(chequebook);
  }

  /** What checking a cheque needs to know beside what it does for any. */
  factsFor(
    neighbour: NodeId,
    { chequebook }: SignedCheque,
    delegation: Delegation | undefined,
  ): { share: ChequeShare; remainder: bigint; delegated: () => DelegationStanding } {
    const share = this.#shares.of(chequebook, neighbour);
    const record = this.#options.received.of(chequebook);
    const poolWei = record === undefined ? 0n : this.#shares.poolWei(chequebook, record.cumulative);
    return {
      share: { paidWei: share?.paidWei ?? 0n, poolWei },
      remainder: share?.remainderWei ?? 0n,
      delegated: () => this.#delegated(neighbour, chequebook, delegation),
    };
  }

  /** Does the issuer of a chequebook let this neighbour pay from it? */
  #delegated(neighbour: NodeId, chequebook: NodeId, delegation: Delegation | undefined): DelegationStanding {
    const { chainId, facts, wallMs } = this.#options;
    const contract = facts.of(chequebook);
    if (delegation === undefined || typeof contract !== 'object') return 'none';
    let known = this.#delegations.get(neighbour);
    if (known === undefined || !sameDelegation(known.delegation, delegation)) {
      known = { delegation, by: delegatedBy(delegation, { node: neighbour, chequebook, chainId }) };
      this.#delegations.set(neighbour, known);
    }
    if (known.by !== contract.issuer || delegation.payout !== neighbour) return 'none';
    return wallMs !== undefined && wallMs() < delegation.expiresS * 1000 ? 'good' : 'expired';
  }

  /** A good cheque: its part is the neighbour's from now on, so that the others' build on it, and the highest one is kept. */
  take(neighbour: NodeId, cheque: SignedCheque, verdict: ChequeVerdict & { kind: 'accepted' }): void {
    const { received } = this.#options;
    const { chequebook, cumulativeWei, ownWei = 0n, signature } = cheque;
    const contract = this.#options.facts.of(chequebook);
    if (typeof contract !== 'object') return;
    const { issuer, paidOutWei } = contract;
    const before: Pick<ReceivedChequeRecord, 'cumulative' | 'signature'> = received.of(chequebook) ?? {
      cumulative: paidOutWei,
      signature,
    };
    this.#shares.begin(chequebook, larger(before.cumulative, paidOutWei));
    const newest = cumulativeWei > before.cumulative ? { cumulative: cumulativeWei, signature } : before;
    const { bounced = false, cashedCumulative = paidOutWei, creditedUnits = 0 } = received.of(chequebook) ?? {};
    const { cumulative } = newest;
    received.share(chequebook, neighbour);
    received.put({
      ...{ kind: 'received', chequebook, neighbour, issuer, cumulative, signature: newest.signature, cashedCumulative },
      creditedUnits: creditedUnits + verdict.units,
      remainderWei: 0n,
      bounced,
    });
    const creditedWei = (this.#shares.of(chequebook, neighbour)?.creditedWei ?? 0n) + verdict.addedWei;
    const share = { paidWei: ownWei, creditedWei, remainderWei: verdict.remainder };
    this.#taken.set(neighbour, { chequebook, note: this.#shares.put(chequebook, neighbour, share) });
  }

  /** Of what was taken last from a neighbour, once; undefined where nothing was. */
  accepted(neighbour: NodeId): StoreRecord[] | undefined {
    const taken = this.#taken.get(neighbour);
    if (taken === undefined) return undefined;
    this.#taken.delete(neighbour);
    const newest = this.#options.received.of(taken.chequebook);
    return newest === undefined ? [taken.note] : [newest, taken.note];
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
