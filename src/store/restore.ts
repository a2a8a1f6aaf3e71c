import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { codeOf, WayleaveError } from '../core/errors.ts';
import { makeFolder } from './make-folder.ts';
import { faultOf } from './sqlite-fault.ts';
import { openStoreFile, readEpoch, syncPath, writeEpoch } from './sqlite-file.ts';

export interface RestoreOptions {
  /** A file made by `backup`, or a store that was closed. */
  readonly from: string;
  /** Where the store shall stand. */
  readonly to: string;
  /** Replace a store that stands there; the old one is kept beside it, its name ending in `.replaced-1` or higher. */
  readonly replace?: boolean;
  /** The new epoch is this at the least. */
  readonly leastEpoch?: number;
}

export interface Restored {
  /** The new epoch: above that of the backup, and above that of a store it replaces. */
  readonly epoch: number;
  /** Where the old store went. */
  readonly replaced?: string;
}

/**
 * Puts a backup in place and starts a new epoch, so that neighbours can tell lower totals from fraud (DESIGN §3). The
 * store appears whole or not at all. Run it while the node is stopped.
 * Throws `BACKUP_MISSING`, `STORE_EXISTS`, `STORE_IN_USE`, `STORE_CORRUPT`, `STORE_NEWER`, `STORE_FULL`, `STORE_FAILED`.
 */
export async function restoreBackup({ from, to, replace = false, leastEpoch = 1 }: RestoreOptions): Promise<Restored> {
  if (!existsSync(from)) throw new WayleaveError('BACKUP_MISSING', { path: from });
  const present = existsSync(to);
  if (present && !replace) throw new WayleaveError('STORE_EXISTS', { path: to });
  const partial = `${to}.restoring`;
  try {
    const before = present ? settleOld(to) : 0;
    makeFolder(dirname(resolve(to)));
    removeStore(partial);
    refuseLive(from);
    copyStore(from, partial);
    const epoch = withStore(partial, (db) => {
      const next = Math.max(before + 1, readEpoch(db) + 1, leastEpoch);
      writeEpoch(db, next);
      return next;
    });
    syncPath(partial);
    const replaced = present ? moveAside(to) : undefined;
    // A log left by a store whose main file is gone must not be taken for ours.
    rmSync(`${to}-wal`, { force: true });
    renameSync(partial, to);
    syncPath(dirname(resolve(to)));
    return { epoch, ...(replaced !== undefined && { replaced }) };
  } catch (error) {
    removeStore(partial);
    const { code, details } = faultOf(error, to);
    throw new WayleaveError(code, details, error);
  }
}

/**
 * Moves a store away that nobody has open, so that another can begin in its place: where it went, and its epoch, 0 where
 * there is none or it is damaged. Throws `STORE_IN_USE`, `STORE_FAILED`.
 */
export function setAside(path: string): { readonly epoch: number; readonly replaced?: string } {
  try {
    const present = existsSync(path);
    const epoch = present ? settleOld(path) : 0;
    const replaced = present ? moveAside(path) : undefined;
    rmSync(`${path}-wal`, { force: true });
    return { epoch, ...(replaced !== undefined && { replaced }) };
  } catch (error) {
    const { code, details } = faultOf(error, path);
    throw new WayleaveError(code, details, error);
  }
}

/** Runs `use` on a store opened for us alone; closing it afterwards folds its log into the file. */
function withStore<Result>(path: string, use: (db: DatabaseSync) => Result): Result {
  const db = openStoreFile({ path });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

/** The epoch of the store to be replaced, its log folded in; 0 if it is damaged. Throws `STORE_IN_USE`. */
function settleOld(path: string): number {
  try {
    return withStore(path, readEpoch);
  } catch (error) {
    if (codeOf(error) === 'STORE_IN_USE') throw error;
    return 0; // damaged, perhaps the reason for the restore: kept as it is
  }
}

/** A file copied while a node writes it would be neither old nor new. Throws `STORE_IN_USE`. */
function refuseLive(path: string): void {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec('SELECT count(*) FROM sqlite_schema');
  } catch (error) {
    // Anything else (a read-only medium, damage) shows when the copy is opened.
    if (faultOf(error, path).code === 'STORE_IN_USE') throw error;
  } finally {
    db.close();
  }
}

/** A store that was killed has its newest commits in the log: take both. */
function copyStore(from: string, to: string): void {
  copyFileSync(from, to);
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`);
}

function removeStore(path: string): void {
  for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
}

/** Main file first: a store without its log would silently be an older one; a log without its store is nothing. */
function moveAside(path: string): string {
  let number = 1;
  while (existsSync(`${path}.replaced-${number}`)) number += 1;
  const aside = `${path}.replaced-${number}`;
  renameSync(path, aside);
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`);
  return aside;
}
