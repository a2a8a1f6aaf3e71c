import { createCipheriv, createDecipheriv, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import { scrypt as scryptInJs } from '@noble/hashes/scrypt.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { WayleaveError } from '../core/errors.ts';

/**
 * Web3 Secret Storage, version 3: the file every Ethereum wallet can read. Made with scrypt, read with scrypt or
 * PBKDF2. The work takes the memory the file asks for, so it belongs into a process that ends (`keystore-child.ts`).
 */
export interface KeystoreV3 {
  readonly version: 3;
  readonly id: string;
  /** 40 hex digits without prefix; absent in files that hide it. */
  readonly address?: string;
  readonly crypto: {
    readonly cipher: 'aes-128-ctr';
    readonly cipherparams: { readonly iv: string };
    readonly ciphertext: string;
    readonly kdf: 'scrypt' | 'pbkdf2';
    readonly kdfparams: ScryptParams | Pbkdf2Params;
    readonly mac: string;
  };
}

interface ScryptParams {
  readonly dklen: 32;
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
}

interface Pbkdf2Params {
  readonly dklen: 32;
  readonly c: number;
  readonly prf: 'hmac-sha256';
  readonly salt: string;
}

export interface EncryptOptions {
  readonly key: Uint8Array;
  readonly address: string;
  readonly password: string;
  /** scrypt's N, a power of two. */
  readonly scryptN: number;
  /** 64 random bytes: salt 32, initialisation vector 16, file id 16. */
  readonly random: Uint8Array;
}

/** scrypt takes 128 × N × r bytes. go-ethereum's default needs 256 MiB; a file that wants more wants harm. */
const MAX_SCRYPT_BYTES = 512 << 20;
/** go-ethereum's test vector has p = 8; more is only slow. */
const MAX_SCRYPT_P = 16;
/** About ten seconds on a small machine; the published vector has 262,144. */
const MAX_PBKDF2_ROUNDS = 10_000_000;
const SCRYPT_R = 8;

/** Encrypts a private key of 32 bytes. */
export function encryptKey({ key, address, password, scryptN, random }: EncryptOptions): KeystoreV3 {
  const salt = random.subarray(0, 32);
  const iv = random.subarray(32, 48);
  const kdfparams = { dklen: 32, n: scryptN, r: SCRYPT_R, p: 1, salt: hex(salt) } as const;
  const derived = scrypt(password, kdfparams);
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(key), cipher.final()]);
  return {
    version: 3,
    id: uuid(random.subarray(48, 64)),
    address: address.replace(/^0x/, ''),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: hex(iv) },
      ciphertext: hex(ciphertext),
      kdf: 'scrypt',
      kdfparams,
      mac: hex(macOf(derived, ciphertext)),
    },
  };
}

/** The private key inside. Throws `KEYSTORE_PASSWORD_WRONG`; run `parseKeystore` before. */
export function decryptKey(keystore: KeystoreV3, password: string): Uint8Array {
  const { cipherparams, ciphertext, kdfparams, mac } = keystore.crypto;
  const derived = 'c' in kdfparams ? pbkdf2(password, kdfparams) : scrypt(password, kdfparams);
  const sealed = Buffer.from(ciphertext, 'hex');
  if (!timingSafeEqual(macOf(derived, sealed), Buffer.from(mac, 'hex'))) {
    throw new WayleaveError('KEYSTORE_PASSWORD_WRONG');
  }
  const cipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), Buffer.from(cipherparams.iv, 'hex'));
  return Uint8Array.from(Buffer.concat([cipher.update(sealed), cipher.final()]));
}

/** Checks a parsed file down to the last field before any work is done for it. Throws `KEYSTORE_INVALID`. */
export function parseKeystore(file: unknown): KeystoreV3 {
  const top = fields(file);
  const crypto = fields(top['crypto'] ?? top['Crypto']);
  if (top['version'] !== 3) throw invalid('version', 'not 3');
  if (crypto['cipher'] !== 'aes-128-ctr') throw invalid('cipher', 'not aes-128-ctr');
  const address = top['address'];
  const id = top['id'];
  const kdf = crypto['kdf'];
  if (kdf !== 'scrypt' && kdf !== 'pbkdf2') throw invalid('kdf', 'neither scrypt nor pbkdf2');
  const kdfparams = fields(crypto['kdfparams']);
  return {
    version: 3,
    id: typeof id === 'string' ? id : '',
    ...(address === undefined ? {} : { address: hexField(address, 'address', 20) }),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: hexField(fields(crypto['cipherparams'])['iv'], 'iv', 16) },
      ciphertext: hexField(crypto['ciphertext'], 'ciphertext', 32),
      kdf,
      kdfparams: kdf === 'scrypt' ? scryptParams(kdfparams) : pbkdf2Params(kdfparams),
      mac: hexField(crypto['mac'], 'mac', 32),
    },
  };
}

function scryptParams(given: Record<string, unknown>): ScryptParams {
  const n = count(given['n'], 'n');
  const r = count(given['r'], 'r');
  const p = count(given['p'], 'p');
  if (n < 2 || !Number.isInteger(Math.log2(n))) throw invalid('n', 'not a power of two');
  if (128 * n * r > MAX_SCRYPT_BYTES) throw invalid('n', 'would take more than 512 MiB');
  if (p > MAX_SCRYPT_P) throw invalid('p', `above ${MAX_SCRYPT_P}`);
  return { dklen: derivedLength(given), n, r, p, salt: saltField(given) };
}

function pbkdf2Params(given: Record<string, unknown>): Pbkdf2Params {
  const c = count(given['c'], 'c');
  if (c > MAX_PBKDF2_ROUNDS) throw invalid('c', `above ${MAX_PBKDF2_ROUNDS}`);
  if (given['prf'] !== 'hmac-sha256') throw invalid('prf', 'not hmac-sha256');
  return { dklen: derivedLength(given), c, prf: 'hmac-sha256', salt: saltField(given) };
}

function derivedLength(given: Record<string, unknown>): 32 {
  if (given['dklen'] !== 32) throw invalid('dklen', 'not 32');
  return 32;
}

function saltField(given: Record<string, unknown>): string {
  const salt = given['salt'];
  if (typeof salt !== 'string' || !/^([0-9a-f]{2}){8,64}$/i.test(salt))
    throw invalid('salt', 'not 8 to 64 bytes of hex');
  return salt;
}

function scrypt(password: string, { n, r, p, salt }: ScryptParams): Buffer {
  // OpenSSL keeps to RFC 7914, where N < 2^(16 r); wallets, and the published test vector with r = 1, do not.
  if (Math.log2(n) >= 16 * r)
    return Buffer.from(scryptInJs(password, Buffer.from(salt, 'hex'), { N: n, r, p, dkLen: 32 }));
  // Node's own limit is 32 MiB; ours was checked when the file was parsed, with room for the blocks scrypt adds.
  const maxmem = 128 * n * r + 128 * r * (p + 2) + (1 << 20);
  return scryptSync(password, Buffer.from(salt, 'hex'), 32, { N: n, r, p, maxmem });
}

function pbkdf2(password: string, { c, salt }: Pbkdf2Params): Buffer {
  return pbkdf2Sync(password, Buffer.from(salt, 'hex'), c, 32, 'sha256');
}

function macOf(derived: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return keccak_256(Buffer.concat([derived.subarray(16, 32), ciphertext]));
}

function uuid(random: Uint8Array): string {
  const bytes = Uint8Array.from(random);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function count(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw invalid(field, 'not a positive integer');
}

function hexField(value: unknown, field: string, bytes: number): string {
  const text = typeof value === 'string' ? value.replace(/^0x/i, '').toLowerCase() : '';
  if (text.length !== 2 * bytes || !/^[0-9a-f]*$/.test(text)) throw invalid(field, `not ${bytes} bytes of hex`);
  return text;
}

function fields(value: unknown): Record<string, unknown> {
  return (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
}

function invalid(field: string, reason: string): WayleaveError {
  return new WayleaveError('KEYSTORE_INVALID', { field, reason });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
