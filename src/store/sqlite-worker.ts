import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { WayleaveError } from '../core/errors.ts';
import { unpackBatches } from './packed-batches.ts';
import { writeBackup } from './sqlite-backup.ts';
import { type Fault, faultOf } from './sqlite-fault.ts';
import { openStoreFile, readEpoch } from './sqlite-file.ts';
import type { Batch, Failure, Query, Reply, Request, Settled, WorkerStart } from './sqlite-messages.ts';

/**
 * The thread that owns the store file. SQLite waits for the disk inside the call, so it must not run where links live.
 * Group commit: whatever arrived while a sync ran is taken from the port at once and shares the next one.
 */

/** Rows in one transaction. More would only make the first of them wait; at this size a sync is a small part already. */
const MAX_GROUP_ROWS = 4096;

/** By then a start is over. Milliseconds. */
const COLLECT_MS = 5_000;

/** Rows in one message of a load: bounds what this thread holds at a time. */
const PAGE_ROWS = 1000;

class Writer {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #upserts: readonly StatementSync[];
  /** Of queries, by their text, of which there are few: one made for each query keeps its memory until garbage is collected. */
  readonly #finds = new Map<string, StatementSync>();
  /** Set by a failed write or sync: what is on the disk is unknown until it is read again, so nothing more is written. */
  #broken: Fault | undefined;

  constructor(db: DatabaseSync, start: WorkerStart) {
    this.#db = db;
    this.#path = start.path;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#upserts = start.upserts.map((sql) => db.prepare(sql));
  }

  /** Stores batches in order under one sync. Where that fails, each is tried alone, so that one cannot spoil another. */
  write(batches: readonly Batch[]): Settled {
    const fault = this.#broken ?? this.#transact(batches);
    if (fault === undefined) return { op: 'settled', done: batches.map(({ id }) => id), failed: [], syncs: 1 };
    if (fault.code === 'STORE_FULL') this.#reuseLog();
    const done: number[] = [];
    const failed: Failure[] = [];
    for (const batch of batches) {
      const own = this.#broken ?? this.#transact([batch]);
      if (own === undefined) done.push(batch.id);
      else failed.push({ id: batch.id, fault: own });
    }
    return { op: 'settled', done, failed, syncs: done.length };
  }

  #transact(batches: readonly Batch[]): Fault | undefined {
    try {
      this.#begin.run();
      for (const { rows } of batches) for (const { table, row } of rows) this.#upserts[table]?.run(...row);
      this.#commit.run();
      return undefined;
    } catch (error) {
      const fault = faultOf(error, this.#path);
      if (!this.#rollback() || (fault.code !== 'STORE_FULL' && fault.code !== 'STORE_RECORD_INVALID')) {
        this.#broken = { code: 'STORE_FAILED', details: fault.details };
      }
      return fault.code === 'STORE_FULL' || fault.code === 'STORE_RECORD_INVALID' ? fault : this.#broken;
    }
  }

  /** What each query finds; all of what they write, or nothing. Throws what SQLite throws. */
  query(queries: readonly Query[], writes: boolean): (readonly unknown[])[][] {
    if (!writes) return queries.map((query) => this.#find(query));
    if (this.#broken !== undefined) throw new WayleaveError(this.#broken.code, this.#broken.details);
    this.#begin.run();
    try {
      const found = queries.map((query) => this.#find(query));
      this.#commit.run();
      return found;
    } catch (error) {
      if (!this.#rollback()) this.#broken = { code: 'STORE_FAILED', details: { path: this.#path } };
      throw error;
    }
  }

  #find({ sql, values }: Query): (readonly unknown[])[] {
    const statement = this.#finds.get(sql) ?? this.#db.prepare(sql);
    this.#finds.set(sql, statement);
    statement.setReturnArrays(true);
    return statement.all(...values) as unknown as (readonly unknown[])[];
  }

  #rollback(): boolean {
    try {
      // SQLite rolls back by itself on some errors, a full disk among them.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      return true;
    } catch {
      return false;
    }
  }

  /** Copies the log into the main file, so that it starts over: replacing rows then takes no new space. */
  #reuseLog(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(RESTART)');
    } catch {
      // No room for that either: the batches are tried once more as it is, and tell the same.
    }
  }
}

function load(db: DatabaseSync, port: MessagePort, id: number, selects: readonly string[]): void {
  selects.forEach((sql, table) => {
    const select = db.prepare(sql);
    select.setReturnArrays(true);
    let rows: (readonly unknown[])[] = [];
    for (const row of select.iterate()) {
      rows.push(row as unknown as readonly unknown[]);
      if (rows.length < PAGE_ROWS) continue;
      post(port, { op: 'page', id, table, rows });
      rows = [];
    }
    if (rows.length > 0) post(port, { op: 'page', id, table, rows });
  });
  post(port, { op: 'loaded', id, epoch: readEpoch(db) });
}

const post = (port: MessagePort, reply: Reply) => port.postMessage(reply);

/** Everything that has arrived by now, in order. */
function drain(port: MessagePort, first: Request): Request[] {
  const requests = [first];
  let more = receiveMessageOnPort(port);
  while (more !== undefined) {
    requests.push(more.message as Request);
    more = receiveMessageOnPort(port);
  }
  return requests;
}

/** Splits batches into groups of at most `MAX_GROUP_ROWS` rows; a larger batch is a group of its own. */
function* groups(batches: readonly Batch[]): Generator<Batch[]> {
  let group: Batch[] = [];
  let rows = 0;
  for (const batch of batches) {
    if (group.length > 0 && rows + batch.rows.length > MAX_GROUP_ROWS) {
      yield group;
      group = [];
      rows = 0;
    }
    group.push(batch);
    rows += batch.rows.length;
  }
  if (group.length > 0) yield group;
}

function serve(port: MessagePort, db: DatabaseSync, start: WorkerStart): void {
  const writer = new Writer(db, start);

  /** Does one request that is not a commit, and answers it whatever happens. */
  const single = (request: Exclude<Request, { op: 'commit' }>): void => {
    try {
      if (request.op === 'load') {
        load(db, port, request.id, start.selects);
        return;
      }
      if (request.op === 'query') {
        post(port, { op: 'found', id: request.id, found: writer.query(request.queries, request.writes) });
        return;
      }
      if (request.op === 'backup') writeBackup(db, request.path);
      if (request.op === 'close') db.close();
      post(port, { op: 'settled', done: [request.id], failed: [], syncs: 0 });
    } catch (error) {
      const path = request.op === 'backup' ? request.path : start.path;
      post(port, { op: 'settled', done: [], failed: [{ id: request.id, fault: faultOf(error, path) }], syncs: 0 });
    }
    if (request.op === 'close') port.close();
  };

  port.on('message', (first: Request) => {
    let batches: Batch[] = [];
    const flush = () => {
      for (const group of groups(batches)) post(port, writer.write(group));
      batches = [];
    };
    for (const request of drain(port, first)) {
      if (request.op === 'commit') {
        for (const batch of unpackBatches(request.packed)) batches.push(batch);
      } else {
        flush();
        single(request);
      }
    }
    flush();
  });
}

function main(port: MessagePort, start: WorkerStart): void {
  try {
    const { path, nodeId, maxBytes } = start;
    const db = openStoreFile({ path, nodeId, ...(maxBytes !== undefined && { maxBytes }) });
    serve(port, db, start);
    post(port, { op: 'opened' });
    setTimeout(collect, COLLECT_MS).unref();
  } catch (error) {
    post(port, { op: 'unopened', fault: faultOf(error, start.path) });
  }
}

/** Starting this thread leaves garbage, and nothing that it does from then on would have it collected. */
function collect(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

if (parentPort !== null) main(parentPort, workerData as WorkerStart);
