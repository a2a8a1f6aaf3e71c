import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import { bouncedForGood } from './young-bounces.ts';

/** Chequebooks remembered at once. A neighbour announces one at a time, so more is somebody changing them in a loop. */
const MAX_CHEQUEBOOKS = 4096;

export interface ChequebookFactsOptions {
  readonly chain: Chain | undefined;
  readonly store: Store;
  readonly me: NodeId;
  readonly notes: readonly NoteRecord[];
  /** Of the store: what was noted under an earlier one is as old as the copy that was restored, and is read anew. */
  readonly epoch?: number | undefined;
  /** Of a clock that does not go back. */
  readonly nowMs: () => number;
  /** Blocks, its own included, until a bounce counts; 1 unless given. */
  readonly confirmations?: number;
}

/**
 * So long it counts that no chequebook stood there: a reorganisation takes one back for a moment, and an endpoint may be
 * behind. A cheque then costs one more look, and those that come more often none. Milliseconds.
 */
const ABSENT_MS = 10_000;

/** The same where a bounce may still be undone. */
const DOUBTED_MS = 10_000;

/**
 * What is known of neighbours' chequebooks. They are looked up when their terms arrive, in the background, and kept in
 * the store: accepting a cheque makes no call (DESIGN §12).
 */
export class ChequebookFactsBook {
  readonly #chain: Chain | undefined;
  readonly #store: Store;
  readonly #me: NodeId;
  readonly #epoch: number;
  readonly #nowMs: () => number;
  readonly #known = new Map<NodeId, ChequebookFacts>();
  /** Where none stood, and when that was seen. */
  readonly #absent = new Map<NodeId, number>();
  /** Bounced, where another branch of the chain may win, and when that was seen. */
  readonly #doubted = new Map<NodeId, number>();
  readonly #looking = new Map<NodeId, Promise<void>>();
  readonly #confirmations: number;

  constructor(options: ChequebookFactsOptions) {
    this.#nowMs = options.nowMs;
    this.#chain = options.chain;
    this.#store = options.store;
    this.#me = options.me;
    this.#epoch = options.epoch ?? 1;
    this.#confirmations = options.confirmations ?? 1;
    for (const { name, text } of options.notes) {
      const facts = name.startsWith(PREFIX) ? parse(text, this.#epoch) : undefined;
      if (facts !== undefined) this.#known.set(name.slice(PREFIX.length), facts);
    }
  }

  /** As far as known now. */
  of(chequebook: NodeId): ChequebookFacts | 'unread' | 'absent' {
    const absentMs = this.#nowMs() - (this.#absent.get(chequebook) ?? Number.NEGATIVE_INFINITY);
    return this.#known.get(chequebook) ?? (absentMs < ABSENT_MS ? 'absent' : 'unread');
  }

  /** It has bounced, but not so deep that no other branch of the chain can win. */
  doubts(chequebook: NodeId): boolean {
    return this.#doubted.has(chequebook);
  }

  /** Looks a chequebook up unless it is known or being looked up. Never rejects: what failed stays unread. */
  async learn(chequebook: NodeId, again = false): Promise<void> {
    if (!again && (!this.#open(chequebook) || this.#chain === undefined)) return;
    const running = this.#looking.get(chequebook) ?? this.#read(chequebook);
    this.#looking.set(chequebook, running);
    await running;
  }

  #open(chequebook: NodeId): boolean {
    const doubtedMs = this.#doubted.get(chequebook);
    if (doubtedMs !== undefined) return this.#nowMs() - doubtedMs >= DOUBTED_MS;
    return this.of(chequebook) === 'unread';
  }

  /** It was read for another reason: newer than what is known. Kept in the store when it is looked up the next time. */
  saw(chequebook: NodeId, facts: ChequebookFacts): void {
    const before = this.#known.get(chequebook);
    if (before === undefined) return;
    this.#known.set(chequebook, facts);
    // How deep it stands is seen when a cheque on it comes.
    if (!facts.bounced) this.#doubted.delete(chequebook);
    else if (!before.bounced && this.#confirmations > 1) this.#doubted.set(chequebook, Number.NEGATIVE_INFINITY);
  }

  async #read(chequebook: NodeId): Promise<void> {
    try {
      const facts = await this.#chain?.chequebook(chequebook, this.#me);
      if (facts === undefined) return this.#missed(chequebook);
      const stands = await this.#stands(chequebook, facts);
      if (this.#known.size >= MAX_CHEQUEBOOKS) this.#forgetAll();
      this.#known.set(chequebook, facts);
      if (stands) this.#doubted.delete(chequebook);
      else this.#doubted.set(chequebook, this.#nowMs());
      // What may be undone is read anew after a restart.
      const text = format(facts, stands ? this.#epoch : 0);
      await this.#store.commit([{ kind: 'note', name: PREFIX + chequebook, text }]);
    } catch {
      // Unread: the cheque that needs it is refused for now, and the payer tries again.
    } finally {
      this.#looking.delete(chequebook);
    }
  }

  async #stands(chequebook: NodeId, { bounced }: ChequebookFacts): Promise<boolean> {
    if (!bounced || this.#chain === undefined || this.#confirmations <= 1) return true;
    return bouncedForGood(this.#chain, { chequebook, me: this.#me, confirmations: this.#confirmations });
  }

  #forgetAll(): void {
    this.#known.clear();
    this.#doubted.clear();
  }

  #missed(chequebook: NodeId): void {
    this.#doubted.delete(chequebook);
    this.#known.delete(chequebook);
    if (this.#absent.size >= MAX_CHEQUEBOOKS) this.#absent.clear();
    this.#absent.set(chequebook, this.#nowMs());
  }
}

const PREFIX = 'chequebook:';

/** Amounts of the facts, which JSON cannot hold. */
const AMOUNTS = [
  'balanceWei',
  'paidOutWei',
  'availableWei',
  'reservedWei',
  'totalPaidOutWei',
  'withdrawalWei',
] as const satisfies readonly (keyof ChequebookFacts)[];

type Written = Omit<ChequebookFacts, (typeof AMOUNTS)[number]> &
  Partial<Record<(typeof AMOUNTS)[number], string>> & { readonly epoch?: number };

function format(facts: ChequebookFacts, epoch: number): string {
  return JSON.stringify({ ...facts, epoch }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

function parse(text: string, now: number): ChequebookFacts | undefined {
  const { epoch = 1, ...raw } = JSON.parse(text) as Written;
  if (epoch < now) return undefined;
  // What an older version did not write.
  const amount = (name: (typeof AMOUNTS)[number]) => BigInt(raw[name] ?? 0);
  return {
    ...raw,
    balanceWei: amount('balanceWei'),
    paidOutWei: amount('paidOutWei'),
    availableWei: amount(raw.availableWei === undefined ? 'balanceWei' : 'availableWei'),
    reservedWei: amount('reservedWei'),
    totalPaidOutWei: amount(raw.totalPaidOutWei === undefined ? 'paidOutWei' : 'totalPaidOutWei'),
    withdrawalWei: amount('withdrawalWei'),
  };
}
