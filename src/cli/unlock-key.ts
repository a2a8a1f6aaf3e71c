import { isInsecureKeystore, openKeystore } from '../chain/keystore.ts';
import type { Signer } from '../chain/signer.ts';
import type { NodeConfig } from '../node/config.ts';
import { askPassword } from './ask-password.ts';
import type { Terminal } from './terminal.ts';

/** A key file, and how to open it. */
export interface KeyQuestion {
  readonly path: string;
  readonly passwordFile: string | undefined;
  /** One that is not encrypted is taken, too. */
  readonly insecure: boolean;
}

/** Throws the keystore's errors. */
export async function unlockKey(
  { insecure, passwordFile: file, path }: KeyQuestion,
  terminal: Terminal,
): Promise<Signer> {
  const bare = await isInsecureKeystore(path);
  const password = bare ? undefined : await askPassword({ file, question: `Password for ${path}: ` }, terminal);
  return openKeystore({ path, password, insecure });
}

/** The key of a node. */
export function unlockNode({ key }: NodeConfig, terminal: Terminal): Promise<Signer> {
  return unlockKey({ path: key.file, passwordFile: key.passwordFile, insecure: key.insecurePlain }, terminal);
}

/** The key that signs cheques on a shared chequebook, where the configuration names one. Its password is one of its own. */
export async function unlockIssuer({ key, settlement }: NodeConfig, terminal: Terminal): Promise<Signer | undefined> {
  const { enabled, issuerKey: path, issuerPasswordFile: passwordFile } = settlement;
  if (!enabled || path === undefined) return undefined;
  const env = { ...terminal.env, WAYLEAVE_PASSWORD: terminal.env['WAYLEAVE_ISSUER_PASSWORD'] };
  return unlockKey({ path, passwordFile, insecure: key.insecurePlain }, { ...terminal, env });
}
