import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord, Store } from '../store/store.ts';

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
}

/**
 * So long it counts that no chequebook stood there: a reorganisation takes one back for a moment, and an endpoint may be
 * behind. A cheque then costs one more look, and those that come more often none. Milliseconds.
 */
const ABSENT_MS = 10_000;

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
  readonly #looking = new Map<NodeId, Promise<void>>();

  constructor(options: ChequebookFactsOptions) {
    this.#nowMs = options.nowMs;
    this.#chain = options.chain;
    this.#store = options.store;
    this.#me = options.me;
    this.#epoch = options.epoch ?? 1;
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

  /** Looks a chequebook up unless it is known or being looked up. Never rejects: what failed stays unread. */
  async learn(chequebook: NodeId, again = false): Promise<void> {
    if (!again && (this.of(chequebook) !== 'unread' || this.#chain === undefined)) return;
    const running = this.#looking.get(chequebook) ?? this.#read(chequebook);
    this.#looking.set(chequebook, running);
    await running;
  }

  /** It was read for another reason: newer than what is known. Kept in the store when it is looked up the next time. */
  saw(chequebook: NodeId, facts: ChequebookFacts): void {
    if (this.#known.has(chequebook)) this.#known.set(chequebook, facts);
  }

  async #read(chequebook: NodeId): Promise<void> {
    try {
      const facts = await this.#chain?.chequebook(chequebook, this.#me);
      if (facts === undefined) return this.#missed(chequebook);
      if (this.#known.size >= MAX_CHEQUEBOOKS) this.#known.clear();
      this.#known.set(chequebook, facts);
      await this.#store.commit([{ kind: 'note', name: PREFIX + chequebook, text: format(facts, this.#epoch) }]);
    } catch {
      // Unread: the cheque that needs it is refused for now, and the payer tries again.
    } finally {
      this.#looking.delete(chequebook);
    }
  }

  #missed(chequebook: NodeId): void {
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
