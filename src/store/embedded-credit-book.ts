import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import {
  adviseDraw,
  type CreditLease,
  type CreditPool,
  draw,
  giveBack,
  issue,
  leftWei,
  NO_LEASE,
  type PoolAndLease,
} from '../core/settlement/credit-lease.ts';
import type { ChequebookFunds, ChequeOrder, CreditBook, CreditStanding } from './credit-book.ts';
import type { IssuedChequeRecord, Store, StoredState } from './store.ts';

export interface EmbeddedCreditBookOptions {
  readonly store: Store;
  /** What the store held when it was opened. */
  readonly state: StoredState;
  readonly node: NodeId;
  readonly clock: Clock;
}

/** One chequebook: what the chain said, and what was promised. */
interface Book extends PoolAndLease {
  readonly asOf: number;
  readonly adoptedWei: bigint;
}

const NOTE = 'credit:';
const ADOPTED = 'credit-adopted:';

/**
 * The credit book of a node that is alone with its chequebook: the same rules, with one holder. What was issued stands
 * in the store's own records; a lease needs no memory, for nobody else could have drawn.
 */
export class EmbeddedCreditBook implements CreditBook {
  readonly #options: EmbeddedCreditBookOptions;
  readonly #books = new Map<NodeId, Book>();
  readonly #totals = new Map<string, bigint>();
  /** The last order to each beneficiary: the next one waits for it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: EmbeddedCreditBookOptions) {
    this.#options = options;
    for (const { chequebook, beneficiary, cumulative } of options.state.issued) {
      this.#totals.set(`${chequebook} ${beneficiary}`, cumulative);
    }
    for (const { name, text } of options.state.notes) {
      if (name.startsWith(ADOPTED)) this.#raise(name.slice(ADOPTED.length), BigInt(text));
    }
    for (const { name, text } of options.state.notes) {
      if (name.startsWith(NOTE)) this.#open(name.slice(NOTE.length), readNote(text));
    }
  }

  /** By how much the total of a beneficiary grows to come to `cumulative`. */
  #raise(key: string, cumulative: bigint): bigint {
    const before = this.#totals.get(key) ?? 0n;
    if (cumulative <= before) return 0n;
    this.#totals.set(key, cumulative);
    return cumulative - before;
  }

  async adopt(cheque: Parameters<CreditBook['adopt']>[0]): Promise<void> {
    const { beneficiary, chequebook, cumulativeWei } = cheque;
    this.#book(chequebook);
    const key = `${chequebook} ${beneficiary}`;
    if (cumulativeWei <= (this.#totals.get(key) ?? 0n)) return;
    await this.#options.store.commit([{ kind: 'note', name: ADOPTED + key, text: String(cumulativeWei) }]);
    const by = this.#raise(key, cumulativeWei);
    const { pool, adoptedWei, ...rest } = this.#book(chequebook);
    const grown = { ...pool, committedWei: pool.committedWei + by };
    this.#set(chequebook, { ...rest, pool: grown, adoptedWei: adoptedWei + by });
  }

  #open(chequebook: NodeId, funds: ChequebookFunds): void {
    const issuedWei = this.#issuedOn(chequebook);
    const pool = { ...funds, committedWei: issuedWei };
    this.#books.set(chequebook, { pool, lease: NO_LEASE, asOf: funds.asOf, adoptedWei: issuedWei });
  }

  #issuedOn(chequebook: NodeId): bigint {
    let sum = 0n;
    for (const [key, cumulative] of this.#totals) if (key.startsWith(`${chequebook} `)) sum += cumulative;
    return sum;
  }

  async fund(chequebook: NodeId, funds: ChequebookFunds): Promise<void> {
    const known = this.#books.get(chequebook);
    if (known !== undefined && known.asOf > funds.asOf) return;
    const { capacityWei, reservedWei, asOf } = funds;
    const text = JSON.stringify({ capacityWei: String(capacityWei), reservedWei: String(reservedWei), asOf });
    await this.#options.store.commit([{ kind: 'note', name: NOTE + chequebook, text }]);
    const now = this.#books.get(chequebook);
    if (now === undefined) this.#open(chequebook, funds);
    else this.#books.set(chequebook, { ...now, asOf, pool: { ...now.pool, capacityWei, reservedWei } });
  }

  async draw(chequebook: NodeId, wei: bigint): Promise<CreditLease> {
    return this.#drawn(chequebook, wei).lease;
  }

  #drawn(chequebook: NodeId, wei: bigint): Book {
    const book = this.#book(chequebook);
    const advice = adviseDraw(book.pool, book.lease, wei);
    if (advice.kind === 'enough') return book;
    const missingWei = advice.kind === 'short' ? advice.missingWei : 0n;
    const drawn = advice.kind === 'short' ? undefined : draw(book, advice, this.#options.clock.wallMs());
    if (drawn === undefined) throw new WayleaveError('CHEQUEBOOK_EMPTY', { chequebook, missingWei });
    return this.#set(chequebook, { ...book, ...drawn });
  }

  #book(chequebook: NodeId): Book {
    const book = this.#books.get(chequebook);
    if (book === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING', { chequebook });
    return book;
  }

  #set(chequebook: NodeId, book: Book): Book {
    this.#books.set(chequebook, book);
    return book;
  }

  async issue(order: ChequeOrder): Promise<IssuedChequeRecord> {
    const key = `${order.chequebook} ${order.beneficiary}`;
    const before = this.#turns.get(key) ?? Promise.resolve();
    const turn = before.catch(() => {}).then(() => this.#issue(key, order));
    this.#turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    }
  }

  async #issue(key: string, { chequebook, beneficiary, wei, write }: ChequeOrder): Promise<IssuedChequeRecord> {
    if (wei <= 0n) throw new WayleaveError('AMOUNT_INVALID', { wei });
    const book = this.#drawn(chequebook, wei);
    const cumulative = (this.#totals.get(key) ?? 0n) + wei;
    const record = write(cumulative);
    if (record.cumulative !== cumulative || record.chequebook !== chequebook || record.beneficiary !== beneficiary) {
      throw new WayleaveError('STORE_RECORD_INVALID', { kind: 'issued', field: 'cumulative' });
    }
    // Counted before it is durable, so that orders under way together cannot pass the limit.
    const lease = issue(book.lease, wei, this.#options.clock.wallMs());
    if (lease === undefined) throw new WayleaveError('CHEQUEBOOK_EMPTY', { chequebook, missingWei: wei });
    this.#set(chequebook, { ...book, lease });
    try {
      await this.#options.store.commit([record]);
    } catch (error) {
      const now = this.#book(chequebook);
      this.#set(chequebook, { ...now, lease: { ...now.lease, issuedWei: now.lease.issuedWei - wei } });
      throw error;
    }
    this.#totals.set(key, cumulative);
    return record;
  }

  async giveBack(chequebook: NodeId): Promise<void> {
    const book = this.#books.get(chequebook);
    if (book !== undefined && leftWei(book.lease) > 0n) this.#set(chequebook, { ...book, ...giveBack(book) });
  }

  async standing(chequebook: NodeId): Promise<CreditStanding | undefined> {
    const book = this.#books.get(chequebook);
    if (book === undefined) return undefined;
    const { capacityWei, reservedWei, committedWei }: CreditPool = book.pool;
    const { node } = this.#options;
    const leases = book.lease.grantedWei === 0n ? [] : [{ node, ...book.lease }];
    return { capacityWei, reservedWei, committedWei, adoptedWei: book.adoptedWei, leases };
  }
}

function readNote(text: string): ChequebookFunds {
  const raw = JSON.parse(text) as { capacityWei: string; reservedWei: string; asOf: number };
  return { capacityWei: BigInt(raw.capacityWei), reservedWei: BigInt(raw.reservedWei), asOf: raw.asOf };
}
