import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { LEASE_MS } from '../core/settlement/credit-lease.ts';
import type { CreditBook } from './credit-book.ts';
import { writeExport } from './export.ts';
import { foldQueries, historyQueries, historyView, POSTGRES_HISTORY, pageQuery } from './history-queries.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { PostgresCreditBook } from './postgres-credit-book.ts';
import { type GroupHead, type GroupRow, groupStatement, loadText } from './postgres-group.ts';
import { readPostgresUrl } from './postgres-url.ts';
import { type Job, type JobSource, PostgresWriter } from './postgres-writer.ts';
import { decodeRow, encodeRecord } from './record-row.ts';
import type { Query } from './sqlite-messages.ts';
import type { HistoryKey, HistoryQuery, HistoryRecord, HistoryView, Store, StoredState, StoreRecord } from './store.ts';
import { LOADED_KINDS } from './tables.ts';

export interface PostgresStoreOptions {
  /** `postgres://USER@HOST:PORT/DATABASE?schema=NAME`; the schema belongs to one operator and is made if it is absent. */
  readonly url: string;
  /** Whose books: one process writes for a node key at a time. */
  readonly nodeId: NodeId;
  readonly clock: Clock;
  /** How long a credit lease of this node lasts unused. Default: `LEASE_MS`. */
  readonly leaseMs?: number;
}

/** Books on a PostgreSQL server, version 15 or later. */
export interface PostgresStore extends Store {
  /** Batches made durable, and the transactions that took (group commit makes them fewer). */
  readonly counts: { readonly batches: number; readonly syncs: number };
  /** Cheques on chequebooks that the operator's nodes share. */
  readonly credit: CreditBook;
  /** Says that these books were restored (see `StoredState`). */
  startEpoch(epoch: number): Promise<void>;
}

/** Rows in one group. Building its statement keeps this thread from its links for a few milliseconds at most. */
const MAX_GROUP_ROWS = 1_000;

/** Rows that wait while the server is away; beyond them commits are refused at once. A row takes about 1 kB. */
const MAX_WAITING_ROWS = 50_000;

interface Batch {
  readonly kind: 'batch';
  readonly rows: readonly GroupRow[];
  readonly atMs: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Task {
  readonly kind: 'task';
  readonly run: (connection: PostgresConnection) => Promise<void>;
  readonly atMs: number;
  readonly reject: (error: Error) => void;
}

/**
 * Opens the books of a node on a server, or makes them. Rejects with `STORE_URL_INVALID`, `STORE_UNREACHABLE`,
 * `STORE_REFUSED`, `STORE_UNFIT`, `STORE_IN_USE`, `STORE_NEWER`, `STORE_CORRUPT`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url, nodeId, clock, leaseMs = LEASE_MS } = options;
  return new ServerStore(await PostgresWriter.open({ place: readPostgresUrl(url), node: nodeId, clock }), leaseMs);
}

/** Batches in call order, and reads between them where they were asked for. */
class ServerStore implements PostgresStore, JobSource {
  readonly counts = { batches: 0, syncs: 0 };
  readonly credit: PostgresCreditBook;
  readonly #writer: PostgresWriter;
  #queue: (Batch | Task)[] = [];
  /** Batches of a group that failed, each by itself; they come before what was handed in later. */
  readonly #alone: Job[] = [];
  #waitingRows = 0;
  #epoch: number;
  #closed: Promise<void> | undefined;

  constructor(writer: PostgresWriter, leaseMs: number) {
    this.#writer = writer;
    this.#epoch = writer.seat.epoch;
    writer.serve(this);
    this.credit = new PostgresCreditBook(writer, leaseMs);
  }

  async load(): Promise<StoredState> {
    const { node } = this.#writer.seat;
    return this.#task((connection) => connection.transact(() => readKinds(connection, node, this.#epoch), ONE_MOMENT));
  }

  async commit(records: readonly StoreRecord[]): Promise<void> {
    const rows = records.map((record) => ({ kind: record.kind, row: encodeRecord(record) }));
    this.#refuseIfClosed();
    if (this.#waitingRows + rows.length > MAX_WAITING_ROWS && this.#waitingRows > 0) {
      throw new WayleaveError('STORE_UNREACHABLE', { waitingRows: this.#waitingRows });
    }
    this.#waitingRows += rows.length;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#put({ kind: 'batch', rows, atMs: this.#writer.clock.nowMs(), resolve, reject });
    await promise;
  }

  /** An export (see `writeExport`), as of this moment. */
  async startEpoch(epoch: number): Promise<void> {
    const { node, fence } = this.#writer.seat;
    const text = 'UPDATE nodes SET epoch = $3 WHERE node = $1 AND fence = $2 RETURNING epoch';
    await this.#task((connection) => connection.run({ text, values: [node, fence, epoch] }));
    this.#epoch = epoch;
  }

  async history(query: HistoryQuery): Promise<HistoryView> {
    const queries = this.#owned(historyQueries(POSTGRES_HISTORY, query));
    return historyView(await this.#task((connection) => readTogether(connection, queries)));
  }

  async historyPage(limit: number, after?: HistoryKey): Promise<readonly HistoryRecord[]> {
    return this.#task((connection) => pagesOf(connection, this.#writer.seat.node)(limit, after));
  }

  async foldHistory(neighbour: NodeId, beforeMs: number): Promise<void> {
    const queries = this.#owned(foldQueries(POSTGRES_HISTORY, neighbour, beforeMs));
    const { node, fence } = this.#writer.seat;
    await this.#task((connection) =>
      connection.transact(async () => {
        const text = 'UPDATE nodes SET fence = fence WHERE node = $1 AND fence = $2 RETURNING fence';
        const [seat] = await connection.run({ text, values: [node, fence] });
        if (seat === undefined) throw new WayleaveError('STORE_FENCED', { fence });
        for (const { sql, values } of queries) await connection.run({ text: sql, values });
      }),
    );
  }

  /** The statements name this node's rows by one value more. */
  #owned(queries: readonly Query[]): Query[] {
    return queries.map(({ sql, values }) => ({ sql, values: [...values, this.#writer.seat.node] }));
  }

  async backup(path: string): Promise<void> {
    const { node } = this.#writer.seat;
    await this.#task((connection) =>
      connection.transact(async () => {
        const store = { load: () => readKinds(connection, node, this.#epoch), historyPage: pagesOf(connection, node) };
        return writeExport(path, { node, store });
      }, ONE_MOMENT),
    );
  }

  close(): Promise<void> {
    this.#closed ??= this.#writer.close(() => this.credit.giveBackAll());
    return this.#closed;
  }

  #refuseIfClosed(): void {
    const ended = this.#closed === undefined ? this.#writer.ended : new WayleaveError('STORE_CLOSED');
    if (ended !== undefined) throw ended;
  }

  async #task<Result>(work: (connection: PostgresConnection) => Promise<Result>): Promise<Result> {
    this.#refuseIfClosed();
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const run = async (connection: PostgresConnection) => resolve(await work(connection));
    this.#put({ kind: 'task', run, atMs: this.#writer.clock.nowMs(), reject });
    return promise;
  }

  #put(item: Batch | Task): void {
    this.#queue.push(item);
    this.#writer.wake();
  }

  next(): Job | undefined {
    const alone = this.#alone.shift();
    if (alone !== undefined) return alone;
    const [first] = this.#queue;
    if (first === undefined) return undefined;
    if (first.kind === 'task') {
      this.#queue.shift();
      return { run: first.run, failed: first.reject };
    }
    return this.#groupJob(this.#takeGroup());
  }

  /** Batches from the head of the queue: at least one, all that stand together up to the limit. */
  #takeGroup(): Batch[] {
    let rows = 0;
    let count = 0;
    for (const item of this.#queue) {
      if (item.kind !== 'batch' || (count > 0 && rows + item.rows.length > MAX_GROUP_ROWS)) break;
      rows += item.rows.length;
      count += 1;
    }
    this.#waitingRows -= rows;
    return this.#queue.splice(0, count) as Batch[];
  }

  #groupJob(batches: readonly Batch[]): Job {
    const rows = batches.flatMap((batch) => batch.rows);
    const stored = () => {
      this.counts.batches += batches.length;
      this.counts.syncs += 1;
      for (const batch of batches) batch.resolve();
    };
    return {
      run: async (connection, head) => {
        if (rows.length > 0) await storeGroup(connection, head, rows);
        stored();
      },
      landed: async () => stored(),
      failed: (error) => this.#groupFailed(batches, error),
    };
  }

  /** Each is tried alone, so that one cannot spoil another. */
  #groupFailed(batches: readonly Batch[], error: WayleaveError): void {
    const final = error.code === 'STORE_UNREACHABLE' || error.code === 'STORE_FENCED';
    if (batches.length === 1 || final) {
      for (const batch of batches) batch.reject(error);
      return;
    }
    this.#alone.push(...batches.map((batch) => this.#groupJob([batch])));
  }

  expire(beforeMs: number, error: WayleaveError): void {
    const late = this.#queue.filter(({ atMs }) => atMs < beforeMs);
    this.#queue = this.#queue.filter(({ atMs }) => atMs >= beforeMs);
    for (const item of late) {
      if (item.kind === 'batch') this.#waitingRows -= item.rows.length;
      item.reject(error);
    }
  }
}

/** One transaction. Throws `STORE_FENCED`, or what `pg` throws. */
async function storeGroup(connection: PostgresConnection, head: GroupHead, rows: readonly GroupRow[]): Promise<void> {
  const [seat] = await connection.run(groupStatement(head, rows));
  if (seat === undefined) throw new WayleaveError('STORE_FENCED', { fence: head.fence });
}

/** What a transaction reads is all of the moment it began. */
const ONE_MOMENT = 'ISOLATION LEVEL REPEATABLE READ READ ONLY';

async function readTogether(connection: PostgresConnection, queries: readonly Query[]) {
  const found: (readonly (readonly unknown[])[])[] = [];
  await connection.transact(async () => {
    for (const { sql, values } of queries) found.push(await connection.run({ text: sql, values }));
  }, ONE_MOMENT);
  return found;
}

function pagesOf(connection: PostgresConnection, node: NodeId): Store['historyPage'] {
  return async (limit, after) => {
    const { sql, values } = pageQuery(POSTGRES_HISTORY, limit, after);
    const rows = await connection.run({ text: sql, values: [...values, node] });
    return rows.map((row) => decodeRow('history', row) as HistoryRecord);
  };
}

async function readKinds(connection: PostgresConnection, node: NodeId, epoch: number): Promise<StoredState> {
  const kinds: StoreRecord[][] = [];
  for (const kind of LOADED_KINDS) {
    const rows = await connection.run({ text: loadText(kind), values: [node] });
    kinds.push(rows.map((row) => decodeRow(kind, row)));
  }
  const [links, terms, issued, received, cashings, notes, statements, credits, channelTotals] = kinds;
  // `decodeRow` made each list of its own kind.
  return { epoch, links, terms, issued, received, cashings, notes, statements, credits, channelTotals } as StoredState;
}
