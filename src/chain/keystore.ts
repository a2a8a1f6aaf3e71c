import { spawn } from 'node:child_process';
import { constants, copyFile, link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RandomBytes } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import { isNodeId, type NodeId } from '../core/node-id.ts';
import type { KeystoreAnswer, KeystoreTask } from './keystore-child.ts';
import { parseKeystore } from './keystore-v3.ts';
import { createSigner, generateKey, type Signer } from './signer.ts';

/** How a key file is protected: by a password, or, for the lab only, not at all. */
export type Protection = { readonly password: string } | { readonly insecure: true };

export type CreateKeystoreOptions = Protection & {
  /** Where the file goes. It must not exist. */
  readonly path: string;
  readonly randomBytes: RandomBytes;
  /** An existing private key, 32 bytes. Default: a new one. */
  readonly key?: Uint8Array;
  /** scrypt's N, a power of two. Default 2¹⁷ (128 MiB, about half a second); tests take less. */
  readonly scryptN?: number;
};

/** A password, if there is one, and whether a file without encryption may be opened. */
export interface OpenKeystoreOptions {
  readonly path: string;
  readonly password?: string | undefined;
  readonly insecure?: boolean;
}

const SCRYPT_N = 2 ** 17;
/** A key file is under 1 kB. */
const MAX_FILE_BYTES = 64 << 10;
/** The slowest file that is accepted takes about 15 s on a small machine. */
const CHILD_TIMEOUT_MS = 60_000;
const INSECURE_FORMAT = 'wayleave-insecure-key-1';

/**
 * Makes a key, or takes one, and writes it to a new file that only its owner can read. The file stands whole or not at
 * all. Throws `KEYSTORE_EXISTS`, `KEYSTORE_FAILED`, `KEYSTORE_PASSWORD_MISSING` (an empty one), `KEYSTORE_UNLOCK_FAILED`, `KEY_INVALID`.
 */
export async function createKeystore(options: CreateKeystoreOptions): Promise<Signer> {
  const key = options.key ?? generateKey(options.randomBytes);
  const signer = createSigner(key);
  await writeNew(options.path, `${JSON.stringify(await contentOf(key, signer, options), null, 2)}\n`);
  return signer;
}

/**
 * Reads a key file and unlocks it in a short-lived process, so that this one never holds scrypt's memory. Throws
 * `KEYSTORE_MISSING`, `KEYSTORE_FAILED`, `KEYSTORE_INVALID`, `KEYSTORE_INSECURE` (a bare key without `insecure`),
 * `KEYSTORE_PASSWORD_MISSING`, `KEYSTORE_PASSWORD_WRONG`, `KEYSTORE_UNLOCK_FAILED`.
 */
export async function openKeystore({ path, password, insecure = false }: OpenKeystoreOptions): Promise<Signer> {
  const file = parseJson(await readKeyFile(path));
  if (isInsecure(file)) {
    if (!insecure) throw new WayleaveError('KEYSTORE_INSECURE', { path });
    return insecureSigner(file.key);
  }
  const keystore = parseKeystore(file);
  if (password === undefined || password === '') throw new WayleaveError('KEYSTORE_PASSWORD_MISSING', { path });
  const answer = await runChild({ do: 'decrypt', keystore, password });
  if (!('key' in answer)) throw childFailed(answer);
  const signer = createSigner(Buffer.from(answer.key, 'hex'));
  if (keystore.address !== undefined && `0x${keystore.address}` !== signer.id) {
    throw new WayleaveError('KEYSTORE_INVALID', { field: 'address', reason: 'not that of the key' });
  }
  return signer;
}

/** True when the file holds its key without encryption; then there is no password to ask for. Throws as `openKeystore`. */
export async function isInsecureKeystore(path: string): Promise<boolean> {
  return isInsecure(parseJson(await readKeyFile(path)));
}

/** The node id that the file says its key has, without the password; unlocking checks it. Throws as `openKeystore`. */
export async function keystoreId(path: string): Promise<NodeId> {
  const file = parseJson(await readKeyFile(path));
  const id = isInsecure(file) ? insecureSigner(file.key).id : `0x${parseKeystore(file).address ?? ''}`;
  if (!isNodeId(id)) throw new WayleaveError('KEYSTORE_INVALID', { field: 'address', reason: 'missing' });
  return id;
}

async function contentOf(key: Uint8Array, signer: Signer, options: CreateKeystoreOptions): Promise<object> {
  const hexKey = Buffer.from(key).toString('hex');
  if ('insecure' in options) {
    const warning = 'This key is not encrypted. For tests and the lab only.';
    return { format: INSECURE_FORMAT, warning, address: signer.id, key: hexKey };
  }
  const { password, randomBytes, scryptN = SCRYPT_N } = options;
  if (password === '') throw new WayleaveError('KEYSTORE_PASSWORD_MISSING', { path: options.path });
  const random = Buffer.from(randomBytes(64)).toString('hex');
  const answer = await runChild({ do: 'encrypt', key: hexKey, address: signer.id, password, scryptN, random });
  if (!('keystore' in answer)) throw childFailed(answer);
  return answer.keystore;
}

/** Writes beside, syncs, then links into place: a link, unlike a rename, never replaces what is there. */
async function writeNew(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  try {
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(draft, path);
    await syncFolder(path);
  } catch (cause) {
    throw new WayleaveError(errnoOf(cause) === 'EEXIST' ? 'KEYSTORE_EXISTS' : 'KEYSTORE_FAILED', { path }, cause);
  } finally {
    await rm(draft, { force: true });
  }
}

async function place(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    // File systems without links (FAT, some shared folders); a copy can be cut short, but replaces nothing either.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errnoOf(error) ?? '')) throw error;
    await copyFile(draft, path, constants.COPYFILE_EXCL);
  }
}

/** The name of a new file is durable only once its folder is; Windows has no such call and does not need it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readKeyFile(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      if ((await file.stat()).size > MAX_FILE_BYTES) {
        throw new WayleaveError('KEYSTORE_INVALID', { path, reason: 'too large' });
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof WayleaveError) throw cause;
    throw new WayleaveError(errnoOf(cause) === 'ENOENT' ? 'KEYSTORE_MISSING' : 'KEYSTORE_FAILED', { path }, cause);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the file, and with it perhaps a key.
    throw new WayleaveError('KEYSTORE_INVALID', { reason: 'not JSON' });
  }
}

function isInsecure(file: unknown): file is { readonly key: unknown } {
  return typeof file === 'object' && file !== null && 'format' in file && file.format === INSECURE_FORMAT;
}

function insecureSigner(key: unknown): Signer {
  if (typeof key !== 'string' || !/^[0-9a-f]{64}$/.test(key)) {
    throw new WayleaveError('KEYSTORE_INVALID', { field: 'key', reason: 'not 32 bytes of hex' });
  }
  return createSigner(Buffer.from(key, 'hex'));
}

/** Runs `keystore-child` under the runtime of this process, with an environment that carries nothing. */
function runChild(task: KeystoreTask): Promise<KeystoreAnswer> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./keystore-child.${extension}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const failed = (cause?: unknown) => reject(new WayleaveError('KEYSTORE_UNLOCK_FAILED', {}, cause));
    const systemRoot = process.env['SystemRoot'];
    const child = spawn(process.execPath, [script], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: systemRoot === undefined ? {} : { SystemRoot: systemRoot },
      timeout: CHILD_TIMEOUT_MS,
    });
    const parts: Buffer[] = [];
    child.on('error', failed);
    // A child that dies at once leaves a broken pipe; its exit tells.
    child.stdin.on('error', () => {});
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.on('close', () => {
      try {
        resolve(JSON.parse(Buffer.concat(parts).toString('utf8')) as KeystoreAnswer);
      } catch {
        failed();
      }
      for (const part of parts) part.fill(0);
    });
    child.stdin.end(JSON.stringify(task));
  });
}

function childFailed(answer: KeystoreAnswer): WayleaveError {
  if ('code' in answer && answer.code === 'KEYSTORE_PASSWORD_WRONG')
    return new WayleaveError('KEYSTORE_PASSWORD_WRONG');
  return new WayleaveError('KEYSTORE_UNLOCK_FAILED', 'what' in answer ? { reason: answer.what } : {});
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
