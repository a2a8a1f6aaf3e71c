import { readFile } from 'node:fs/promises';
import { WayleaveError } from '../core/errors.ts';

/** A password's source: a file (one trailing line break is not part of it), else the environment's WAYLEAVE_PASSWORD. */
export interface PasswordSource {
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The password, or undefined when neither source has one: then it is for the command line to ask. Throws `KEYSTORE_FAILED`. */
export async function readPassword({ file, env }: PasswordSource): Promise<string | undefined> {
  if (file === undefined) return env['WAYLEAVE_PASSWORD'];
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new WayleaveError('KEYSTORE_FAILED', { path: file }, cause);
  }
}
