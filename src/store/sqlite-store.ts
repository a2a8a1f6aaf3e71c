import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { BatchPacker } from './batch-packer.ts';
import { foldQueries, historyQueries, historyView, pageQuery, SQLITE_HISTORY } from './history-queries.ts';
import { decodeRow } from './record-row.ts';
import type { Fault } from './sqlite-fault.ts';
import type { Query, Reply, Request, WorkerStart } from './sqlite-messages.ts';
import type { HistoryKey, HistoryQuery, HistoryRecord, HistoryView, Store, StoredState, StoreRecord } from './store.ts';
import { KINDS, LOADED_KINDS, selectSql, TABLES, upsertSql } from './tables.ts';

export interface SqliteStoreOptions {
  /** The store file. Missing folders are made. SQLite keeps its log beside it, under the same name with `-wal`. */
  readonly path: string;
  /** Whose store this is: a new one is marked with it, another node's is refused. */
  readonly nodeId: NodeId;
  /** The most the file may grow to, bytes (a new store takes about 40,000); commits beyond it are `STORE_FULL`. Default: the disk. */
  readonly maxBytes?: number;
}

/** The embedded store. Nobody else can open the file until it is closed or the process has ended. */
export interface SqliteStore extends Store {
  /** Batches made durable, and the syncs that took (group commit makes them fewer). */
  readonly counts: { readonly batches: number; readonly syncs: number };
}

/** Heap of the worker: a page of rows and a group of batches, no more. Without a limit its young space grows to 32 MB. */
const HEAP_LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/** The worker beside this file, from the sources or as compiled. */
const WORKER = new URL(`./sqlite-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/**
 * Opens the embedded store, or makes it. Resolves when it is checked and ready. Rejects with `STORE_IN_USE`,
 * `STORE_WRONG_NODE`, `STORE_NEWER`, `STORE_CORRUPT`, `STORE_FULL`, `STORE_FAILED`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const workerData: WorkerStart = {
    path: options.path,
    nodeId: options.nodeId,
    maxBytes: options.maxBytes,
    upserts: KINDS.map((kind) => upsertSql(TABLES[kind])),
    selects: LOADED_KINDS.map((kind) => selectSql(TABLES[kind])),
  };
  const worker = new Worker(WORKER, { workerData, name: 'store', execArgv: [], resourceLimits: HEAP_LIMITS });
  const first = await once(worker, 'message').then(
    ([reply]) => reply as Reply,
    (error: unknown): Reply => ({ op: 'unopened', fault: workerFault(options.path, error) }),
  );
  if (first.op === 'unopened') {
    await worker.terminate();
    throw errorOf(first.fault);
  }
  return new WorkerStore(worker, options.path);
}

/** Rows by query. */
type Found = readonly (readonly (readonly unknown[])[])[];

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** This thread's side: numbers the requests, hands them over in call order, and settles their promises. */
class WorkerStore implements SqliteStore {
  readonly counts = { batches: 0, syncs: 0 };
  readonly #worker: Worker;
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #loads = new Map<number, StoreRecord[][]>();
  /**
   * Batches that leave together in one message: those of one turn of the event loop; while others are on their way to the
   * disk, which they wait for anyway, those of all that this round of the loop brings.
   */
  #outbox = new BatchPacker();
  #lastId = 0;
  #closed: Promise<void> | undefined;
  #gone: Fault | undefined;

  constructor(worker: Worker, path: string) {
    this.#worker = worker;
    this.#path = path;
    worker.on('message', (reply: Reply) => this.#answered(reply));
    worker.on('error', (error) => this.#ended(error));
    worker.on('exit', () => this.#ended(undefined));
  }

  async load(): Promise<StoredState> {
    const id = ++this.#lastId;
    const kinds: StoreRecord[][] = LOADED_KINDS.map(() => []);
    this.#loads.set(id, kinds);
    try {
      const epoch = (await this.#ask(id, { op: 'load', id })) as number;
      const [links, terms, issued, received, cashings, notes, statements, credits, channelTotals] = kinds;
      // `decodeRow` made each list of its own kind.
      return {
        epoch,
        links,
        terms,
        issued,
        received,
        cashings,
        notes,
        statements,
        credits,
        channelTotals,
      } as StoredState;
    } finally {
      this.#loads.delete(id);
    }
  }

  async commit(records: readonly StoreRecord[]): Promise<void> {
    const id = ++this.#lastId;
    const refusal = this.#refusal();
    if (refusal !== undefined) throw errorOf(refusal);
    const isFirst = this.#outbox.isEmpty;
    this.#outbox.add(id, records);
    if (isFirst) (this.#waiting.size === 0 ? queueMicrotask : setImmediate)(() => this.#flush());
    await this.#wait(id);
  }

  async history(query: HistoryQuery): Promise<HistoryView> {
    return historyView(await this.#query(historyQueries(SQLITE_HISTORY, query)));
  }

  async historyPage(limit: number, after?: HistoryKey): Promise<readonly HistoryRecord[]> {
    const [rows = []] = await this.#query([pageQuery(SQLITE_HISTORY, limit, after)]);
    return rows.map((row) => decodeRow('history', row) as HistoryRecord);
  }

  async foldHistory(neighbour: NodeId, beforeMs: number): Promise<void> {
    await this.#query(foldQueries(SQLITE_HISTORY, neighbour, beforeMs), true);
  }

  async #query(queries: readonly Query[], writes = false): Promise<Found> {
    const id = ++this.#lastId;
    return (await this.#ask(id, { op: 'query', id, queries, writes })) as Found;
  }

  async backup(path: string): Promise<void> {
    const id = ++this.#lastId;
    await this.#ask(id, { op: 'backup', id, path });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#gone !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    const id = ++this.#lastId;
    try {
      await this.#ask(id, { op: 'close', id });
    } finally {
      await exited;
    }
  }

  /** Sends one request after all commits made so far. */
  async #ask(id: number, request: Request): Promise<unknown> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw errorOf(refusal);
    this.#flush();
    this.#worker.postMessage(request);
    return this.#wait(id);
  }

  #wait(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #refusal(): Fault | undefined {
    return this.#gone ?? (this.#closed === undefined ? undefined : { code: 'STORE_CLOSED', details: {} });
  }

  #flush(): void {
    if (this.#outbox.isEmpty || this.#gone !== undefined) return;
    const { packed } = this.#outbox;
    this.#outbox = new BatchPacker();
    this.#worker.postMessage({ op: 'commit', packed } satisfies Request);
  }

  #answered(reply: Reply): void {
    if (reply.op === 'page') {
      this.#page(reply.id, reply.table, reply.rows);
    } else if (reply.op === 'found') {
      this.#settle(reply.id, undefined, reply.found);
    } else if (reply.op === 'loaded') {
      this.#settle(reply.id, undefined, reply.epoch);
    } else if (reply.op === 'settled') {
      this.counts.syncs += reply.syncs;
      if (reply.syncs > 0) this.counts.batches += reply.done.length;
      for (const id of reply.done) this.#settle(id, undefined);
      for (const { id, fault } of reply.failed) this.#settle(id, errorOf(fault));
    }
  }

  #page(id: number, table: number, rows: readonly (readonly unknown[])[]): void {
    const kind = KINDS[table];
    const records = this.#loads.get(id)?.[table];
    if (kind === undefined || records === undefined) return; // the load has failed already
    try {
      for (const row of rows) records.push(decodeRow(kind, row));
    } catch (error) {
      this.#settle(id, error as Error);
    }
  }

  #settle(id: number, error: Error | undefined, value?: unknown): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve(value);
    else waiting.reject(error);
  }

  /** The worker is gone: after `close`, or because it failed. What still waits will never be answered. */
  #ended(error: Error | undefined): void {
    const failed = this.#closed === undefined || error !== undefined;
    this.#gone ??= failed ? workerFault(this.#path, error) : { code: 'STORE_CLOSED', details: {} };
    for (const id of [...this.#waiting.keys()]) this.#settle(id, errorOf(this.#gone));
  }
}

function workerFault(path: string, error: unknown): Fault {
  return { code: 'STORE_FAILED', details: { path, reason: `the store's thread ended: ${String(error)}` } };
}

function errorOf({ code, details }: Fault): WayleaveError {
  return new WayleaveError(code, details);
}
