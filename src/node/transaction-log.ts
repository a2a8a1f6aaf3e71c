import type { OutgoingTransaction, TransactionLog } from '../chain/outgoing.ts';
import type { NoteRecord, Store } from '../store/store.ts';

const NAME = 'transaction ';
/** Nonces share so many places, so that the store does not grow for ever. Never are so many under way at once. */
const PLACES = 512;

/** What this node sends to the chain, remembered among the small facts of its store. */
export function storedTransactions(store: Store, notes: readonly NoteRecord[]): TransactionLog {
  const known = notes.filter(({ name }) => name.startsWith(NAME)).map(({ text }) => readTransaction(text));
  return {
    known: known.sort((a, b) => a.nonce - b.nonce),
    keep: (transaction) =>
      store.commit([{ kind: 'note', name: NAME + String(transaction.nonce % PLACES), text: print(transaction) }]),
  };
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
