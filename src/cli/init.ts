import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { createKeystore } from '../chain/keystore.ts';
import { WayleaveError } from '../core/errors.ts';
import type { Field, RawValue } from '../node/config-field.ts';
import { NEIGHBOUR, TOP } from '../node/config-table.ts';
import { renderConfigFile } from '../node/config-text.ts';
import { parseConfig } from '../node/load-config.ts';
import { makeFolder } from '../store/make-folder.ts';
import { askPassword } from './ask-password.ts';
import { CONFIG_NAME } from './node-folder.ts';
import { asTyped } from './program-name.ts';
import { answer, type CommandContext } from './terminal.ts';

interface InitOptions {
  readonly name?: string;
  readonly passwordFile?: string;
  readonly insecurePlainKey?: boolean;
  readonly uplink?: boolean;
  readonly neighbour: readonly string[];
}

const KEY_NAME = 'key.json';

/** `wayleave init` */
export function initCommand(context: CommandContext): Command {
  return new Command('init')
    .description('Makes a data folder with a new key and a commented wayleave.toml. Never overwrites anything.')
    .argument('[dir]', 'the folder; made if it is missing', '.')
    .option('--name <name>', 'what to call the node (default: the name of the folder)', valueOf(TOP.name))
    .option('--password-file <file>', 'file whose first line is the password of the key')
    .option('--insecure-plain-key', 'keep the key unencrypted: for demonstrations only')
    .option('--uplink', 'this node reaches the internet itself and sells it')
    .option('--neighbour <host:port>', 'a neighbour to connect to; may be repeated', collect, [])
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nWithout --password-file the password is taken from WAYLEAVE_PASSWORD, else asked for.')
    .action(async (dir: string, options: InitOptions) => {
      const made = await init(resolve(context.terminal.folder, dir), options, context);
      answer(context, made, () => [
        `Node ${made.id}`,
        `  key            ${made.key}${options.insecurePlainKey ? '  (not encrypted)' : ''}`,
        `  configuration  ${made.config}`,
        '',
        asTyped(`Look through the configuration, then: wayleave up --config ${made.config}`, context.terminal),
        'Keep a copy of the key and its password in another place: they are the money of this node.',
      ]);
    });
}

async function init(folder: string, options: InitOptions, { terminal }: CommandContext) {
  const key = join(folder, KEY_NAME);
  const config = join(folder, CONFIG_NAME);
  if (existsSync(config)) throw new WayleaveError('INIT_EXISTS', { file: config });
  if (existsSync(key)) throw new WayleaveError('KEYSTORE_EXISTS', { file: key });
  const text = configText(folder, options, terminal.folder);
  parseConfig(text, config); // what was typed fits together, before anything is written
  const passwordFile = absolute(options.passwordFile, terminal.folder);
  const question = 'Password for the new key: ';
  const protection = options.insecurePlainKey
    ? ({ insecure: true } as const)
    : { password: await askPassword({ file: passwordFile, question, twice: true }, terminal) };
  makeFolder(folder);
  const { id } = await createKeystore({ path: key, randomBytes, ...protection });
  // Without a password in it; but who trades with whom is nobody else's business either.
  writeFileSync(config, text, { flag: 'wx', mode: 0o600 });
  return { ok: true, id, folder, key, config };
}

function configText(folder: string, options: InitOptions, from: string): string {
  const values: Record<string, RawValue> = { name: options.name ?? nameOf(folder) };
  const passwordFile = absolute(options.passwordFile, from);
  if (passwordFile !== undefined) values['key.password_file'] = passwordFile;
  if (options.insecurePlainKey) values['key.insecure_plain'] = true;
  if (options.uplink) values['transit.uplink'] = true;
  return renderConfigFile({ values, neighbours: options.neighbour.map((address) => ({ address })) });
}

/** A folder's name as a node's name. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 32);
  return name === '' ? 'wayleave' : name;
}

function absolute(file: string | undefined, from: string): string | undefined {
  return file === undefined ? undefined : resolve(from, file);
}

/** An option that becomes a key of the configuration has the range of that key; the file whose line to name is not there yet. */
function valueOf(field: Field<unknown>): (value: string) => string {
  return (value) => {
    if (field.read(value, '') === undefined) throw new InvalidArgumentError(`It must be ${field.accepts}.`);
    return value;
  };
}

const addressOf = valueOf(NEIGHBOUR.fields.address);

function collect(value: string, before: readonly string[]): string[] {
  return [...before, addressOf(value)];
}
