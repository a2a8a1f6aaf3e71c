import { readPassword } from '../chain/password.ts';
import { WayleaveError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

export interface PasswordQuestion {
  /** A file that holds the password. */
  readonly file: string | undefined;
  /** What to ask on a terminal. */
  readonly question: string;
  /** Ask twice, for a new password. */
  readonly twice?: boolean;
}

/** The longest password that can be typed; a paste of something else should not be taken for one. */
const MAX_PASSWORD_CHARACTERS = 1024;

/**
 * The password of the key: from the file, else from WAYLEAVE_PASSWORD, else typed unseen on a terminal. Throws
 * `KEYSTORE_PASSWORD_MISSING`, `KEYSTORE_FAILED` (the file cannot be read), `PASSWORDS_DIFFER`.
 */
export async function askPassword({ file, question, twice }: PasswordQuestion, terminal: Terminal): Promise<string> {
  const given = await readPassword({ file, env: terminal.env });
  if (given !== undefined && given !== '') return given;
  if (file !== undefined || terminal.input.isTTY !== true) throw new WayleaveError('KEYSTORE_PASSWORD_MISSING');
  const typed = await ask(question, terminal);
  if (typed === '') throw new WayleaveError('KEYSTORE_PASSWORD_MISSING');
  if (twice === true && (await ask('Once more: ', terminal)) !== typed) throw new WayleaveError('PASSWORDS_DIFFER');
  return typed;
}

/** Reads one line without showing it. Ctrl-C and the end of input give up. */
async function ask(question: string, { input, err }: Terminal): Promise<string> {
  // Before the question: whoever answers at once is not seen either.
  input.setRawMode?.(true);
  input.setEncoding('utf8');
  err(question);
  try {
    return await readLine(input);
  } finally {
    input.setRawMode?.(false);
    input.pause();
    err('\n');
  }
}

function readLine(input: Terminal['input']): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed = '';
  const giveUp = (): void => reject(new WayleaveError('KEYSTORE_PASSWORD_MISSING'));
  const take = (chunk: string): void => {
    for (const key of chunk) {
      if (key === '\r' || key === '\n') return resolve(typed);
      if (key === '\u0003' || key === '\u0004') return giveUp();
      if (key === '\u007f' || key === '\b') typed = [...typed].slice(0, -1).join('');
      else if (typed.length < MAX_PASSWORD_CHARACTERS) typed += key;
    }
  };
  input.on('data', take).on('end', giveUp).resume();
  return promise.finally(() => input.off('data', take).off('end', giveUp));
}
