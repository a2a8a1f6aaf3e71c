import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Who trades with whom is nobody else's business. */
const FOLDER_MODE = 0o700;

/**
 * Makes a folder and those above it that are missing, all of them private. Returns the highest one that it made, or
 * undefined where the folder was there. Throws what the system says, also where Node's own recursive `mkdir` would try for
 * ever: on file systems that answer "no such folder" to making one in a folder that is there, as /proc does.
 */
export function makeFolder(folder: string): string | undefined {
  const missing: string[] = [];
  let at = resolve(folder);
  for (; !existsSync(at); at = dirname(at)) missing.unshift(at);
  // Something stands there that is no folder: the system says so.
  if (missing.length === 0 && !isFolder(at)) mkdirSync(at);
  for (const each of missing) makeOne(each);
  return missing[0];
}

/** Another process may have made it meanwhile. */
function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: FOLDER_MODE });
  } catch (error) {
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
