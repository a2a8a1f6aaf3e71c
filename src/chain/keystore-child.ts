import { text } from 'node:stream/consumers';
import { codeOf } from '../core/errors.ts';
import { decryptKey, type EncryptOptions, encryptKey, type KeystoreV3 } from './keystore-v3.ts';

/**
 * Runs by itself, for the moment that scrypt needs its memory, and ends: one task as JSON on standard input, one answer
 * on standard output. Secrets travel on those two pipes only; arguments and environment can be seen by others.
 */
export type KeystoreTask =
  | { readonly do: 'decrypt'; readonly keystore: KeystoreV3; readonly password: string }
  | ({ readonly do: 'encrypt'; readonly key: string; readonly random: string } & Omit<
      EncryptOptions,
      'key' | 'random'
    >);

export type KeystoreAnswer =
  | { readonly key: string }
  | { readonly keystore: KeystoreV3 }
  | { readonly code: string | undefined; readonly what: string };

function perform(task: KeystoreTask): KeystoreAnswer {
  try {
    if (task.do === 'decrypt') return { key: Buffer.from(decryptKey(task.keystore, task.password)).toString('hex') };
    const { key, random, ...rest } = task;
    return { keystore: encryptKey({ ...rest, key: Buffer.from(key, 'hex'), random: Buffer.from(random, 'hex') }) };
  } catch (error) {
    return { code: codeOf(error), what: String(error) };
  }
}

if (import.meta.main)
  process.stdout.write(JSON.stringify(perform(JSON.parse(await text(process.stdin)) as KeystoreTask)));
