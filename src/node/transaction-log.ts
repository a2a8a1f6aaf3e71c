import type { OutgoingTransaction, TransactionLog } from '../chain/outgoing.ts';
import type { NoteRecord, Store } from '../store/store.ts';

const NAME = 'transaction ';
/** Nonces share so many places, so that the store does not grow for ever. Never are so many under way at once. */
const PLACES = 512;

/** What this node sends to the chain, remembered among the small facts of its store. */
export class StoredTransactions implements TransactionLog {
  readonly known: readonly OutgoingTransaction[];
  readonly #store: Store;
  /** The newest version of each that is not mined, by nonce. */
  readonly #open = new Map<number, string>();

  constructor(store: Store, notes: readonly NoteRecord[]) {
    const known = notes.filter(({ name }) => name.startsWith(NAME)).map(({ text }) => readTransaction(text));
    this.known = known.sort((a, b) => a.nonce - b.nonce);
    this.#store = store;
    for (const transaction of known) this.#note(transaction);
  }

  keep(transaction: OutgoingTransaction): Promise<void> {
    this.#note(transaction);
    const name = NAME + String(transaction.nonce % PLACES);
    return this.#store.commit([{ kind: 'note', name, text: print(transaction) }]);
  }

  /** Hashes of what left, or may have left, and is in no block yet. */
  open(): string[] {
    return [...this.#open.values()];
  }

  #note({ nonce, state, versions }: OutgoingTransaction): void {
    const hash = versions.at(-1)?.hash;
    if (state === 'open' && hash !== undefined) this.#open.set(nonce, hash);
    else this.#open.delete(nonce);
  }
}

/** What is over needs no bytes any more: only its hashes are asked for. */
function print(transaction: OutgoingTransaction): string {
  const over = transaction.state === 'final' || transaction.state === 'void';
  const versions = transaction.versions.map((version) => (over ? { ...version, raw: '0x' } : version));
  const written = { ...transaction, data: over ? '0x' : transaction.data, versions };
  return JSON.stringify(written, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));
}

function readTransaction(text: string): OutgoingTransaction {
  return JSON.parse(text, (_key, each: unknown) =>
    typeof each === 'string' && /^\d+n$/.test(each) ? BigInt(each.slice(0, -1)) : each,
  ) as OutgoingTransaction;
}
