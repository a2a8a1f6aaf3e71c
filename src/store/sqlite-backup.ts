import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { WayleaveError } from '../core/errors.ts';
import { syncPath } from './sqlite-file.ts';

/**
 * Writes a consistent copy of an open store to `path`, durable when this returns. The name is taken first, so that two
 * backups cannot overwrite each other, and the copy gets it only when it is complete. Throws `BACKUP_EXISTS`.
 */
export function writeBackup(db: DatabaseSync, path: string): void {
  claim(path);
  const partial = `${path}.partial`;
  try {
    rmSync(partial, { force: true });
    closeSync(openSync(partial, 'wx', 0o600));
    db.prepare('VACUUM INTO ?').run(partial);
    syncPath(partial);
    renameSync(partial, path);
    syncPath(dirname(resolve(path)));
  } catch (error) {
    rmSync(partial, { force: true });
    rmSync(path, { force: true });
    throw error;
  }
}

function claim(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') throw new WayleaveError('BACKUP_EXISTS', { path }, error);
    throw error;
  }
}
