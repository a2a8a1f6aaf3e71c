import type { Clock, Timer } from '../core/clock.ts';
import type { AccountRecord } from '../core/ledger/account-record.ts';
import { Column } from '../core/ledger/columns.ts';
import { type HistoryNote, type HistoryRow, LinkHistory } from '../core/ledger/history.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import type { HistoryRecord, LinkRecord, ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import { noteOf } from './history-note.ts';

export interface JournalOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Charges wait at most this long before they are written; what a crash may lose (DESIGN §3). Milliseconds. */
  readonly windowMs: number;
  /** Charges of this long are one row of history; without it none is kept. Milliseconds. */
  readonly historySpanMs?: number;
  /** Writing failed; the records are kept and tried again. Leases run out meanwhile, which stops service by itself. */
  readonly failed: (error: unknown) => void;
}

const NOTHING: readonly StoreRecord[] = [];
const NO_ROWS: readonly HistoryRow[] = [];

/** Wait after a failed write. */
const RETRY_MS = 1_000;

/**
 * Writes accounts to the store: charges in groups, under a lease that was written before; money at once, in one batch
 * with the account it changed. Records that could not be written go with the account's next write, never alone.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #dirty = new Set<LinkAccount>();
  readonly #owed = new Map<LinkAccount, StoreRecord[]>();
  readonly #histories = new Map<LinkAccount, LinkHistory>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** A history is kept of the account from here on, which stands as `record` says, or is new. */
  follow(account: LinkAccount, record: LinkRecord | undefined): void {
    const { historySpanMs } = this.#options;
    if (historySpanMs === undefined) return;
    const from = record === undefined ? undefined : { rows: record.historyRows, totals: record };
    this.#histories.set(account, new LinkHistory(historySpanMs, from));
  }

  /** What is known of what the account's next record will show, or of what moves no counter. */
  note(account: LinkAccount, note: HistoryNote): void {
    this.#histories.get(account)?.note(note);
  }

  /** The account was charged: it is written within the window. */
  touch(account: LinkAccount): void {
    // Of many charges in a window only the first has anything to do.
    if (account.unwritten) return;
    this.#soil(account);
    this.#schedule(this.#options.windowMs);
  }

  /** What is still to be written of an account: whether it was charged since, and the records that go with it. */
  unwritten(account: LinkAccount): { readonly charged: boolean; readonly owed: readonly StoreRecord[] } {
    return { charged: account.unwritten, owed: this.#owed.get(account) ?? [] };
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = this.#options.clock.after(delayMs, () => this.#flush());
  }

  /** Writes what was charged, now. */
  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const accounts: LinkAccount[] = [];
    for (const account of this.#dirty) if (this.#sound(account)) accounts.push(account);
    this.#clean();
    if (accounts.length === 0) return;
    this.#write(accounts).catch((error: unknown) => {
      for (const account of accounts) this.#soil(account);
      this.#options.failed(error);
      this.#schedule(RETRY_MS);
    });
  }

  #soil(account: LinkAccount): void {
    account.unwritten = true;
    this.#dirty.add(account);
  }

  #clean(): void {
    for (const account of this.#dirty) account.unwritten = false;
    this.#dirty.clear();
  }

  /** Books that broke a rule are told of once and never written: that link has stopped (DESIGN §3). */
  #sound(account: LinkAccount): boolean {
    try {
      account.ledger.audit(account.row);
      return true;
    } catch (error) {
      this.#options.failed(error);
      return false;
    }
  }

  /**
   * Makes `records` and the account durable in one batch, with a fresh lease. What was charged elsewhere shares the
   * sync. Rejects with the store's error; the records are then owed and go with the account's next write.
   * `INVARIANT_BROKEN`: nothing is written.
   */
  async commit(account: LinkAccount, records: readonly StoreRecord[] = []): Promise<void> {
    account.ledger.audit(account.row);
    this.owe(account, records);
    this.#dirty.delete(account);
    account.unwritten = false;
    try {
      const written = this.#write([account]);
      // A batch of its own, so that neither can spoil the other.
      if (this.#timer !== undefined) this.#flush();
      await written;
    } catch (error) {
      this.touch(account);
      throw error;
    }
  }

  /** `records` belong to what the account says from now on: no write of the account leaves without them. */
  owe(account: LinkAccount, records: readonly StoreRecord[]): void {
    if (records.length === 0) return;
    this.#owed.set(account, [...(this.#owed.get(account) ?? []), ...records]);
    for (const record of records) {
      if (record.kind === 'received') this.#renew(account, record);
      const note = noteOf(record);
      if (note !== undefined) this.note(account, note);
    }
  }

  /** Nodes of one operator pay from one chequebook: where an older cheque on it still waits elsewhere, the newest goes. */
  #renew(account: LinkAccount, newest: ReceivedChequeRecord): void {
    const isOlder = (each: StoreRecord) => each.kind === 'received' && each.chequebook === newest.chequebook;
    for (const [other, owed] of this.#owed)
      if (other !== account && owed.some(isOlder))
        this.#owed.set(
          other,
          owed.map((each) => (isOlder(each) ? newest : each)),
        );
  }

  /** Not `async`: most writes are a few charges each 50 ms, of which nobody waits for more than this one promise. */
  #write(accounts: readonly LinkAccount[]): Promise<void> {
    const { clock, store } = this.#options;
    const wallMs = clock.wallMs();
    const owedFirst: StoreRecord[] = [];
    const links: StoreRecord[] = [];
    const taken = accounts.map((account) => {
      const owed = this.#owed.get(account) ?? NOTHING;
      for (const record of owed) owedFirst.push(record);
      const history = this.#histories.get(account);
      const record = this.#record(account);
      const rows = history?.take(record, wallMs) ?? NO_ROWS;
      for (const row of rows) links.push(historyRecord(account.neighbour, row));
      const times = { chokedSinceMs: 0, updatedMs: wallMs, historyRows: history?.rows ?? 0 };
      links.push({ kind: 'link', neighbour: account.neighbour, ...record, ...times });
      return { account, owed, rows, history, snapshot: account.lease.snapshot };
    });
    // Owed until it is durable: a later write may be taken where this one fails, and must not leave without them.
    return store.commit(owedFirst.length === 0 ? links : [...owedFirst, ...links]).then(() => {
      for (const { account, history, owed, rows, snapshot } of taken) {
        this.#paid(account, owed);
        history?.durable(rows);
        account.durable(snapshot);
      }
    });
  }

  #record(account: LinkAccount): AccountRecord {
    // What a crash may have lost stays assumed until the neighbour has compared books, however often this node stops.
    const assumed = account.ledger.get(account.row, Column.assumed);
    return account.record(this.#stopped ? assumed : Math.max(assumed, account.leaseUnits()));
  }

  #paid(account: LinkAccount, written: readonly StoreRecord[]): void {
    const owed = this.#owed.get(account);
    if (owed === undefined || written.length === 0) return;
    const left = owed.filter((record) => !written.includes(record));
    if (left.length > 0) this.#owed.set(account, left);
    else this.#owed.delete(account);
  }

  /**
   * Writes every account with a lease of zero: nothing more may be charged, and a restart assumes nothing beyond what an
   * earlier crash left open. A neighbour that comes back at the last moment gets none either.
   */
  async close(accounts: readonly LinkAccount[]): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#clean();
    if (accounts.length > 0) await this.#write(accounts);
  }
}

function historyRecord(neighbour: NodeId, row: HistoryRow): HistoryRecord {
  return { kind: 'history', neighbour, ...row };
}
