import type { Chain, ChequebookFacts, Receipt } from '../chain/chain.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { IssuedChequeRecord, NoteRecord, Store, StoreRecord } from '../store/store.ts';
import type { SharedChequebook } from './shared-chequebook.ts';

/** What is remembered of one chequebook. Amounts in wei. */
export interface OwnBook {
  readonly address: NodeId;
  /** Everything ever deposited and not withdrawn as far as known: balance plus all that was paid out. Cashing does not change it. */
  readonly capacityWei: bigint;
  /** Of it, what must not be promised: set aside for somebody, or announced to be withdrawn. */
  readonly reservedWei: bigint;
  /** Paid out to beneficiaries this node does not remember: it found the chequebook after it had lost its store. */
  readonly forgottenWei: bigint;
  /** 0 for the first of this key, 1 for the one that replaced it, and so on. */
  readonly nonce: number;
  /** It is the operator's, and another key signs its cheques. */
  readonly delegated?: boolean;
}

interface Written {
  readonly address: NodeId;
  readonly capacityWei: string;
  readonly reservedWei?: string;
  readonly forgottenWei?: string;
  readonly nonce?: number;
  readonly delegated?: boolean;
  readonly former?: readonly Written[];
}

/** What was done, once it is mined, and with which chequebook. */
export interface Ordered {
  readonly chequebook: NodeId;
  readonly transaction: Receipt;
}

const NOTE = 'own-chequebook';
/** Has nothing set aside in any chequebook. */
const NOBODY: NodeId = `0x${'0'.repeat(40)}`;
/** Chequebooks that were replaced and are remembered: beyond that the oldest is forgotten, long after its last cheque. */
const MAX_FORMER = 8;

export interface OwnChequebookOptions {
  readonly chain: Chain | undefined;
  readonly store: Store;
  readonly notes: readonly NoteRecord[];
  /** Takes the place of one of its own. */
  readonly shared?: SharedChequebook | undefined;
}

/**
 * This node's chequebook, and those it paid from before: found in the store, or deployed. Knows how much may still be
 * promised on each without a call.
 */
export class OwnChequebook {
  readonly #chain: Chain | undefined;
  readonly #store: Store;
  readonly #shared: SharedChequebook | undefined;
  #current: OwnBook | undefined;
  #former: readonly OwnBook[] = [];
  /** Changes are written one after the other, each by what the one before has left: none takes another back. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: OwnChequebookOptions) {
    this.#chain = options.chain;
    this.#store = options.store;
    this.#shared = options.shared;
    const note = options.notes.find(({ name }) => name === NOTE);
    if (note === undefined) return;
    const written = JSON.parse(note.text) as Written;
    this.#current = readBook(written);
    this.#former = (written.former ?? []).map(readBook);
  }

  get address(): NodeId | undefined {
    return this.#current?.address;
  }

  /** The newest first. */
  get books(): readonly OwnBook[] {
    return this.#current === undefined ? [] : [this.#current, ...this.#former];
  }

  of(chequebook: NodeId): OwnBook | undefined {
    return this.books.find(({ address }) => address === chequebook);
  }

  /**
   * Deploys the chequebook with `depositWei` unless there is one. One that is known is looked at: a reorganisation may
   * have undone it, and then it is deployed again at the same address. Throws the chain's errors.
   */
  async ensure(depositWei: bigint, owner?: NodeId): Promise<NodeId> {
    if (this.#shared !== undefined) return this.#join(this.#shared);
    const known = this.#ownBooks()[0];
    // What was ordered just before a crash, or by its owner meanwhile, is known before anything is promised.
    if (known !== undefined && known === this.#current && (await this.refresh(known.address)) !== undefined)
      return known.address;
    const { chequebook } = await this.#deploy({ depositWei, nonce: known?.nonce ?? 0, owner });
    return chequebook;
  }

  /** Deploys another one, which payments go out from once neighbours know of it. Throws the chain's errors. */
  async rotate(depositWei: bigint, owner?: NodeId): Promise<Ordered> {
    if (this.#shared !== undefined) throw new WayleaveError('CHEQUEBOOK_DELEGATED');
    const known = this.#ownBooks()[0];
    return this.#deploy({ depositWei, nonce: known === undefined ? 0 : known.nonce + 1, owner });
  }

  /** Those whose cheques this node's key signs, the newest first. */
  #ownBooks(): OwnBook[] {
    return this.books.filter(({ delegated }) => delegated !== true);
  }

  /** Payments go out from the operator's chequebook. */
  async #join(shared: SharedChequebook): Promise<NodeId> {
    const { address } = shared;
    const { facts, forgottenWei } = await shared.fund();
    const book: OwnBook = { address, nonce: 0, ...sums(facts), forgottenWei, delegated: true };
    const before = this.of(address);
    if (before !== undefined && this.#current === before && isSame(before, book)) return address;
    await this.#lead(book);
    return address;
  }

  async #deploy(order: { depositWei: bigint; nonce: number; owner: NodeId | undefined }): Promise<Ordered> {
    const { depositWei, nonce, owner } = order;
    const chain = this.#demandChain();
    const kind = owner === undefined ? { nonce } : { nonce, owner };
    const { address, transaction } = await chain.deployChequebook(depositWei, kind);
    const facts = await chain.chequebook(address, NOBODY);
    await this.#lead({
      address,
      nonce,
      ...(facts === undefined ? { capacityWei: depositWei, reservedWei: 0n } : sums(facts)),
      forgottenWei: this.of(address)?.forgottenWei ?? facts?.totalPaidOutWei ?? 0n,
    });
    return { chequebook: address, transaction };
  }

  #demandChain(): Chain {
    if (this.#chain === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING');
    return this.#chain;
  }

  /** What may still be promised on it, where `promisedWei` were promised so far. */
  freeWei(chequebook: NodeId, promisedWei: bigint): bigint {
    const book = this.of(chequebook);
    if (book === undefined) return 0n;
    const free = book.capacityWei - book.reservedWei - book.forgottenWei - promisedWei;
    return free > 0n ? free : 0n;
  }

  /** Throws `CHEQUEBOOK_MISSING`, or `CHEQUEBOOK_EMPTY` when all cheques on it together would promise more than there is. */
  demand(chequebook: NodeId | undefined, promisedWei: bigint): NodeId {
    const current = this.#current;
    const book = chequebook === undefined || chequebook === current?.address ? current : this.of(chequebook);
    if (book === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING');
    const missingWei = promisedWei + book.reservedWei + book.forgottenWei - book.capacityWei;
    if (missingWei > 0n) throw new WayleaveError('CHEQUEBOOK_EMPTY', { chequebook: book.address, missingWei });
    return book.address;
  }

  /** Reads what a chequebook holds again. Throws the chain's errors. */
  async refresh(chequebook: NodeId): Promise<ChequebookFacts | undefined> {
    if (this.#shared?.address === chequebook) {
      const { facts, forgottenWei } = await this.#shared.fund();
      await this.#change(chequebook, { ...sums(facts), forgottenWei });
      return facts;
    }
    const facts = await this.#chain?.chequebook(chequebook, NOBODY);
    if (facts !== undefined) await this.#change(chequebook, sums(facts));
    return facts;
  }

  /** Writes `promised` down, and with it that so much less of what was paid out was to who is forgotten. */
  remembered(promised: IssuedChequeRecord): Promise<void> {
    const { chequebook, cumulative: wei } = promised;
    return this.#inTurn(async () => {
      const book = this.of(chequebook);
      if (book === undefined || book.forgottenWei === 0n) return this.#store.commit([promised]);
      const left = wei < book.forgottenWei ? book.forgottenWei - wei : 0n;
      await this.#replace({ ...book, forgottenWei: left }, [promised]);
    });
  }

  /** Writes down what is new of one that is known: most looks find nothing. */
  async #change(chequebook: NodeId, news: Partial<OwnBook>): Promise<void> {
    await this.#inTurn(async () => {
      const before = this.of(chequebook);
      if (before === undefined) return;
      const book = { ...before, ...news };
      if (!isSame(before, book)) await this.#replace(book);
    });
  }

  /** `book` takes the place of the one that is known under its address. `others`: in the same batch. */
  async #replace(book: OwnBook, others: readonly StoreRecord[] = []): Promise<void> {
    const [current = book, ...former] = this.books.map((each) => (each.address === book.address ? book : each));
    await this.#remember(current, former, others);
  }

  /** From now on payments go out from `book`. */
  #lead(book: OwnBook): Promise<void> {
    return this.#inTurn(() => {
      const others = this.books.filter(({ address }) => address !== book.address);
      return this.#remember(book, others.slice(0, MAX_FORMER));
    });
  }

  async #remember(current: OwnBook, former: readonly OwnBook[], others: readonly StoreRecord[] = []): Promise<void> {
    const text = JSON.stringify({ ...current, former }, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    await this.#store.commit([...others, { kind: 'note', name: NOTE, text }]);
    this.#current = current;
    this.#former = former;
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

/** In one block: what is paid out in between can make neither too much nor too little of it. */
function sums(facts: ChequebookFacts): { capacityWei: bigint; reservedWei: bigint } {
  const { availableWei, balanceWei, totalPaidOutWei, withdrawalWei } = facts;
  return { capacityWei: balanceWei + totalPaidOutWei, reservedWei: balanceWei - availableWei + withdrawalWei };
}

function isSame(a: OwnBook, b: OwnBook): boolean {
  return a.capacityWei === b.capacityWei && a.reservedWei === b.reservedWei && a.forgottenWei === b.forgottenWei;
}

function readBook(written: Written): OwnBook {
  const { address, capacityWei, forgottenWei = '0', nonce = 0, reservedWei = '0' } = written;
  const amounts = { capacityWei: BigInt(capacityWei), reservedWei: BigInt(reservedWei) };
  return {
    address,
    ...amounts,
    forgottenWei: BigInt(forgottenWei),
    nonce,
    ...(written.delegated && { delegated: true }),
  };
}
