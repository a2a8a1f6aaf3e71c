import type { Chain } from '../chain/chain.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { PaymentOutcome, SessionEvent } from '../core/session/session-effect.ts';
import {
  type ArrivedTransfer,
  lookedAt,
  matured,
  NO_TRANSFERS,
  REORGANISED_BLOCKS,
  type TransferBook,
  undoneUnits,
} from '../core/settlement/transfers.ts';
import type { Units } from '../core/units.ts';
import type { NoteRecord, Store, StoreRecord } from '../store/store.ts';
import type { DeskNeighbour } from './cheque-desk.ts';
import { actNote, bookNote, type Searched, searchedNote } from './transfer-notes.ts';

export interface TransferIntakeOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly store: Store;
  readonly confirmations: number;
  readonly books: ReadonlyMap<NodeId, TransferBook>;
  readonly searched: Searched | undefined;
  readonly neighbour: (id: NodeId) => DeskNeighbour;
  readonly tell: (id: NodeId, event: SessionEvent) => boolean;
  readonly keep: (id: NodeId, records: readonly StoreRecord[]) => Promise<void>;
  readonly cleared: (id: NodeId) => void;
  readonly emit: (kind: 'fault', facts: Record<string, string | number>) => void;
}

/** How often the chain is asked for a new block: no chain has blocks much faster, and each look is one call. */
const LOOK_MS = 1_000;
/** Blocks taken in one look; a node that was away for long catches up over several. */
const MAX_BLOCKS_A_LOOK = 200;

/** The hash of no block: whoever searched to there searches the last blocks again. */
const NO_BLOCK = '';

/** Strangers may pay too, and each takes a line of memory; it costs them gas. */
const MAX_PAYERS = 10_000;

interface Announced {
  readonly id: number;
  readonly transaction: string;
}

/**
 * Watches this node's own address. Each block is searched once; after a reorganisation the last ones are searched again.
 * What a neighbour paid is credited once it is deep enough, whether or not it was announced, and only together with the
 * record that says so.
 */
export class TransferIntake {
  readonly #options: TransferIntakeOptions;
  readonly #books: Map<NodeId, TransferBook>;
  /** Whose book may be another one on disk: blocks are not searched before it is written. */
  readonly #unwritten = new Set<NodeId>();
  /** Payments of each that stand again, to be told of with its book. */
  readonly #redone = new Map<NodeId, readonly NoteRecord[]>();
  /** The last payment each neighbour told of: all it can be waiting for. */
  readonly #announced = new Map<NodeId, Announced>();
  #searched: Searched | undefined;
  #timer: Timer | undefined;
  #looking: Promise<number> | undefined;
  #failing = false;
  #stopped = false;
  #ready: () => void = () => undefined;

  constructor(options: TransferIntakeOptions) {
    this.#options = options;
    this.#books = new Map(options.books);
    this.#searched = options.searched;
  }

  /** The first look is at once: a new node searches from there on. `ready`: it is on disk from where, so it may be paid. */
  start(ready: () => void): void {
    this.#ready = ready;
    void this.look().then(() => this.#lookLater());
  }

  /** It is on disk from which block on payments are searched for. What is paid before that would be lost. */
  get begun(): boolean {
    return this.#searched !== undefined;
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(LOOK_MS, () => {
      void this.look().then(() => this.#lookLater());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  undoneUnits(payer: NodeId): Units {
    return undoneUnits(this.#bookOf(payer));
  }

  /** A neighbour says that it paid. Undefined: it does not count yet. */
  announced(payer: NodeId, id: number, transaction: string): PaymentOutcome | undefined {
    this.#announced.set(payer, { id, transaction });
    const book = this.#bookOf(payer);
    const known = book.recent.find(({ key }) => transactionOf(key) === transaction);
    if (known === undefined || known.state === 'seen') return undefined;
    return { accepted: true, units: 0, clearing: 0, acceptedWei: book.creditedWei };
  }

  /** The account was credited with what this book says: its record, for the same batch. */
  accepted(payer: NodeId): StoreRecord[] {
    const book = this.#books.get(payer);
    const redone = this.#redone.get(payer) ?? [];
    this.#redone.delete(payer);
    return book === undefined ? [] : [bookNote(payer, book), ...redone];
  }

  #bookOf(payer: NodeId): TransferBook {
    return this.#books.get(payer) ?? NO_TRANSFERS;
  }

  /** Looks at the chain now. Returns how many payments were credited. Never rejects. */
  look(): Promise<number> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        this.#failed(error);
        return 0;
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  /** Told once, not at every look. */
  #failed(error: unknown): void {
    const code = codeOf(error) ?? 'RPC_FAILED';
    if (!this.#failing && !this.#stopped && code !== 'CHAIN_CLOSED') {
      this.#options.emit('fault', { code, what: 'incoming transfers' });
    }
    this.#failing = true;
  }

  async #look(): Promise<number> {
    const { chain } = this.#options;
    const { hash, number } = await chain.head();
    const head = { number: Number(number), hash };
    if (this.#searched === undefined) {
      // Nobody can have paid a node that is new: it has not offered to be.
      await this.#advance(head);
      this.#ready();
      return 0;
    }
    if (head.hash !== this.#searched.hash) await this.#search(this.#searched, head);
    this.#failing = false;
    return this.#stopped ? 0 : this.#credit(this.#searched.number);
  }

  async #search(last: Searched, head: Searched): Promise<void> {
    const { chain } = this.#options;
    const stands = (await chain.blockHash(last.number)) === last.hash;
    const fromBlock = stands ? last.number + 1 : Math.max(0, last.number - REORGANISED_BLOCKS);
    const toBlock = Math.min(head.number, fromBlock + MAX_BLOCKS_A_LOOK);
    if (toBlock < fromBlock) return;
    // Its hash as it was before anything else was asked: where another branch wins in between, the next look finds that it
    // does not stand. Further back none wins.
    const hash = toBlock === head.number ? head.hash : await chain.blockHash(toBlock);
    const found = await chain.incoming(fromBlock, toBlock);
    if (hash === undefined || found === undefined || this.#stopped) return;
    // Written before any book is: else one that forgets what stood in a lost branch, and is all that could be written, would
    // never be told when that branch wins after all.
    if (!stands) await this.#advance({ number: last.number, hash: NO_BLOCK });
    const payers = new Set([...this.#books.keys(), ...found.map(({ from }) => from)]);
    for (const payer of payers) {
      const theirs = found
        .filter(({ from }) => from === payer)
        .map(({ transaction, index, wei, block }) => ({ key: `${transaction}/${index}`, wei, block }));
      await this.#saw(payer, fromBlock, theirs);
    }
    await this.#advance({ number: toBlock, hash });
  }

  async #saw(payer: NodeId, fromBlock: number, found: Parameters<typeof lookedAt>[2]): Promise<void> {
    const { tell, keep } = this.#options;
    const before = this.#bookOf(payer);
    const { book, undoneUnits: units } = lookedAt(before, fromBlock, found);
    if (sameTransfers(before, book) && !this.#unwritten.has(payer)) return;
    if (!this.#books.has(payer) && this.#books.size >= MAX_PAYERS) return;
    this.#books.set(payer, book);
    this.#unwritten.add(payer);
    // Who is no neighbour has no account to credit; its payment waits in its book for the day it is one.
    if (units > 0) tell(payer, { kind: 'paymentUndone', units });
    const undone = changed(before, book, 'undone').map((each) => actNote('undone', each));
    await keep(payer, [bookNote(payer, book), ...undone]);
    this.#unwritten.delete(payer);
  }

  async #advance(searched: Searched): Promise<void> {
    await this.#options.store.commit([searchedNote(searched)]);
    this.#searched = searched;
  }

  /** Credits what is deep enough, with each neighbour whose ratio is known. */
  #credit(headBlock: number): number {
    const { confirmations, neighbour } = this.#options;
    let credited = 0;
    for (const [payer, before] of this.#books) {
      const ratio = neighbour(payer).myRatio;
      if (ratio === undefined || before.recent.every(({ state, block }) => state === 'credited' || block < 0)) continue;
      const { book, keys, newUnits, againUnits } = matured(before, { headBlock, confirmations, ratio });
      if (keys.length === 0) continue;
      this.#books.set(payer, book);
      const redone = changed(before, book, 'credited').map((each) => actNote('redone', each));
      this.#redone.set(payer, redone);
      // The account and the book go to disk together: `accepted` gives the record while the account is credited.
      const done = this.#tellCredit(payer, keys, { newUnits, acceptedWei: book.creditedWei });
      if (!done) {
        this.#redone.delete(payer);
        this.#books.set(payer, before);
        continue;
      }
      credited += keys.length;
      if (againUnits > 0) this.#options.cleared(payer);
    }
    return credited;
  }

  #tellCredit(payer: NodeId, keys: readonly string[], credit: { newUnits: Units; acceptedWei: bigint }): boolean {
    const { newUnits: units, acceptedWei } = credit;
    const told = this.#announced.get(payer);
    const id = told !== undefined && keys.some((key) => transactionOf(key) === told.transaction) ? told.id : undefined;
    const outcome = { accepted: true, units, clearing: units, acceptedWei } as const;
    return this.#options.tell(payer, { kind: 'paymentChecked', id, method: 'transfer', outcome });
  }
}

function transactionOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/** Those that are in this state now and were credited, or undone, in another one before. */
function changed(before: TransferBook, now: TransferBook, state: ArrivedTransfer['state']): readonly ArrivedTransfer[] {
  return now.recent.filter((each) => {
    const was = before.recent.find(({ key }) => key === each.key)?.state ?? 'seen';
    return each.state === state && was !== state && was !== 'seen';
  });
}

function sameTransfers(a: TransferBook, b: TransferBook): boolean {
  return (
    a.recent.length === b.recent.length &&
    a.recent.every(({ key, block, state }, at) => {
      const other = b.recent[at];
      return other !== undefined && other.key === key && other.block === block && other.state === state;
    })
  );
}
