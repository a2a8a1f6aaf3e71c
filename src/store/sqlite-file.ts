import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { makeFolder } from './make-folder.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './migrations.ts';
import { faultOf } from './sqlite-fault.ts';

/** How a store file is opened. Without `nodeId` it must exist, and whose it is does not matter (restore). */
export interface FileOptions {
  readonly path: string;
  readonly nodeId?: NodeId;
  /** The most the main file may grow to, bytes. */
  readonly maxBytes?: number;
}

/** 'WAYL': marks the file as ours, so that no other program's database is taken for a store. */
export const APPLICATION_ID = 0x5741594c;

/** A process that is just ending may still hold the lock. */
const LOCK_WAIT_MS = 500;

/** Pages in memory. A node reads its store once; the cache only serves to find the pages of the rows it replaces. */
const CACHE_KIB = 1024;

/** The write-ahead log is cut back to this once it has been copied into the main file. */
const WAL_KEEP_BYTES = 4 * 2 ** 20;

/**
 * Opens a store for this process alone, makes it if it is absent, checks and migrates it. The lock is SQLite's own
 * (`locking_mode=EXCLUSIVE`), which the system drops with the process, however that ends.
 * Throws `STORE_IN_USE`, `STORE_CORRUPT`, `STORE_NEWER`, `STORE_WRONG_NODE`, `STORE_FULL`, `STORE_FAILED`.
 */
export function openStoreFile(options: FileOptions): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    if (options.nodeId !== undefined) createEmpty(options.path);
    db = new DatabaseSync(options.path, { timeout: LOCK_WAIT_MS });
    // Before the first read: the index of the log then lives in our memory, and nobody else can come in.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    const version = identify(db, options);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA journal_size_limit = ${WAL_KEEP_BYTES}`);
    if (options.maxBytes !== undefined) limitSize(db, options.maxBytes);
    migrate(db, version, options.nodeId);
    return db;
  } catch (error) {
    closeQuietly(db);
    const { code, details } = faultOf(error, options.path);
    throw new WayleaveError(code, { path: options.path, ...details }, error);
  }
}

/** The store's epoch (see `StoredState`). Throws `STORE_CORRUPT`. */
export function readEpoch(db: DatabaseSync): number {
  const epoch = Number(readMeta(db, 'epoch'));
  if (!Number.isSafeInteger(epoch) || epoch < 1) throw new WayleaveError('STORE_CORRUPT', { meta: 'epoch' });
  return epoch;
}

export function writeEpoch(db: DatabaseSync, epoch: number): void {
  db.prepare("UPDATE meta SET value = ? WHERE name = 'epoch'").run(String(epoch));
}

/** Makes what was written in a folder (a new file, a new name) survive a power cut. */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** An empty file is an empty database; making it ourselves keeps it private, and SQLite gives its log the same mode. */
function createEmpty(path: string): void {
  if (existsSync(path)) return;
  const folder = dirname(resolve(path));
  const made = makeFolder(folder);
  closeSync(openSync(path, 'a', 0o600));
  syncPath(folder);
  // The name of each new folder stands in the folder above it.
  for (let at = folder; made !== undefined && at.length >= made.length; at = dirname(at)) syncPath(dirname(at));
}

/** The schema version, 0 for an empty file. Refuses what is not an undamaged store of this node. */
function identify(db: DatabaseSync, { nodeId }: FileOptions): number {
  const mark = db.prepare('PRAGMA application_id').get()?.['application_id'];
  const tables = db.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'];
  if (mark === 0 && tables === 0 && nodeId !== undefined) return 0;
  if (mark !== APPLICATION_ID) throw new WayleaveError('STORE_CORRUPT', { reason: 'not a Wayleave store' });
  const version = Number(readMeta(db, 'schema'));
  if (version > SCHEMA_VERSION) throw new WayleaveError('STORE_NEWER', { version, known: SCHEMA_VERSION });
  if (!Number.isSafeInteger(version) || version < 1) throw new WayleaveError('STORE_CORRUPT', { meta: 'schema' });
  const owner = readMeta(db, 'node');
  if (nodeId !== undefined && owner !== nodeId) throw new WayleaveError('STORE_WRONG_NODE', { owner, nodeId });
  const verdict = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') throw new WayleaveError('STORE_CORRUPT', { reason: String(verdict) });
  readEpoch(db);
  return version;
}

function readMeta(db: DatabaseSync, name: string): string {
  const value = db.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];
  if (typeof value !== 'string') throw new WayleaveError('STORE_CORRUPT', { meta: name });
  return value;
}

function limitSize(db: DatabaseSync, maxBytes: number): void {
  const pageSize = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  db.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / pageSize)}`);
}

/** All steps in one transaction: a store is of one version or of the other, never between. */
function migrate(db: DatabaseSync, from: number, nodeId: NodeId | undefined): void {
  if (from === SCHEMA_VERSION) return;
  db.exec('BEGIN IMMEDIATE');
  for (const { version, sql } of MIGRATIONS) if (version > from) db.exec(sql);
  if (from === 0) {
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    const meta = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
    meta.run('epoch', '1');
    meta.run('node', nodeId ?? '');
    meta.run('schema', String(SCHEMA_VERSION));
  } else {
    db.prepare("UPDATE meta SET value = ? WHERE name = 'schema'").run(String(SCHEMA_VERSION));
  }
  db.exec('COMMIT');
}

/** Closing rolls back what is open. Its own failure would only hide the first one. */
function closeQuietly(db: DatabaseSync | undefined): void {
  try {
    db?.close();
  } catch {
    // The file handle goes with the process.
  }
}
