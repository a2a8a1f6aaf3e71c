import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { type ErrorDetails, WayleaveError } from '../core/errors.ts';
import type { NeighbourConfig, NodeConfig } from './config.ts';
import { checkConfig } from './config-checks.ts';
import type { Field } from './config-field.ts';
import { configLines } from './config-lines.ts';
import { nearestKey } from './config-nearest.ts';
import { keyName, MAX_NEIGHBOURS, NEIGHBOUR, SECTIONS, TOP } from './config-table.ts';

/** A larger file is a mistake, not a configuration. */
const MAX_CONFIG_BYTES = 1_000_000;

/** Reads and checks a file. Throws `CONFIG_NOT_FOUND` and what `parseConfig` throws. */
export function loadConfig(file: string): NodeConfig {
  const full = resolve(file);
  let text: string;
  try {
    text = readFileSync(full, 'utf8');
  } catch (cause) {
    throw new WayleaveError('CONFIG_NOT_FOUND', { file: full }, cause);
  }
  if (text.length > MAX_CONFIG_BYTES) throw new WayleaveError('CONFIG_SYNTAX', { file: full, what: 'over 1 MB' });
  return parseConfig(text, full);
}

/**
 * Checks the text of a configuration; `file` is its absolute path, for messages and for relative paths. Throws
 * `CONFIG_SYNTAX` (not TOML), `CONFIG_UNKNOWN_KEY` (with the nearest known key) or `CONFIG_INVALID` (with what is
 * accepted), each naming the line.
 */
export function parseConfig(text: string, file: string): NodeConfig {
  const root = parseToml(text, file);
  const source = new Source(text, file);
  const sections: Record<string, unknown> = {};
  for (const [name, section] of Object.entries(SECTIONS)) {
    sections[name] = readFields(source, name, inFull(name, take(root, name)), section.fields);
  }
  const neighbours = readNeighbours(source, take(root, 'neighbour'));
  const top = readFields(source, '', root, TOP);
  const config = { folder: source.folder, ...top, ...sections, neighbours } as unknown as NodeConfig;
  const settled = settleNextHop(config);
  const complaint = checkConfig(settled);
  if (complaint !== undefined) throw source.invalid(complaint.key, complaint.accepts);
  return freeze(settled);
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded', unsafeKeyBehaviour: 'throw', maxDepth: 8 });
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const what = cause.message.split('\n', 1)[0]?.replace('Invalid TOML document: ', '');
    throw new WayleaveError('CONFIG_SYNTAX', { file, line: cause.line, column: cause.column, what }, cause);
  }
}

/** The text that is being read: where its keys stand, and the errors that say so. */
class Source {
  readonly folder: string;
  readonly #file: string;
  readonly #text: string;
  #lines: ((keyPath: string) => number | undefined) | undefined;

  constructor(text: string, file: string) {
    this.#file = file;
    this.#text = text;
    this.folder = dirname(file);
  }

  invalid(key: string, accepts: string, value?: string): WayleaveError {
    return new WayleaveError('CONFIG_INVALID', { ...this.#at(key), value, accepts });
  }

  unknown(key: string): WayleaveError {
    return new WayleaveError('CONFIG_UNKNOWN_KEY', { ...this.#at(key), nearest: nearestKey(key) });
  }

  #at(key: string): ErrorDetails {
    this.#lines ??= configLines(this.#text);
    return { file: this.#file, line: this.#lines(key), key };
  }
}

/** Removes and returns a member, so that what is left over is unknown. */
function take(table: Record<string, unknown>, name: string): unknown {
  const value = table[name];
  delete table[name];
  return value;
}

/** `store = "postgres://…"` is short for a section with nothing but the address. */
function inFull(section: string, raw: unknown): unknown {
  return section === 'store' && typeof raw === 'string' ? { url: raw } : raw;
}

function readFields(source: Source, path: string, raw: unknown, fields: object): Record<string, unknown> {
  if (raw !== undefined && !isTable(raw)) throw source.invalid(path, `a table: [${path}]`, shown(raw));
  const table = { ...raw };
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields) as [string, Field<unknown>][]) {
    const key = keyName(name);
    result[name] = readField(source, path === '' ? key : `${path}.${key}`, take(table, key), field);
  }
  const [left] = Object.keys(table);
  if (left !== undefined) throw source.unknown(path === '' ? left : `${path}.${left}`);
  return result;
}

function readField(source: Source, path: string, written: unknown, field: Field<unknown>): unknown {
  const raw = written ?? field.default;
  if (raw === undefined) return undefined;
  const value = field.read(raw, source.folder);
  if (value === undefined) throw source.invalid(path, field.accepts, shown(raw));
  return value;
}

function readNeighbours(source: Source, raw: unknown): readonly NeighbourConfig[] {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) throw source.invalid('neighbour', '[[neighbour]] in two square brackets, once for each');
  if (raw.length > MAX_NEIGHBOURS) throw source.invalid('neighbour', `at most ${MAX_NEIGHBOURS} of them`);
  const each = raw.map((table, index) => readFields(source, `neighbour[${index}]`, table, NEIGHBOUR.fields));
  return each as unknown as readonly NeighbourConfig[];
}

/** A gateway's own uplink is the next hop unless it says otherwise. */
function settleNextHop(config: NodeConfig): NodeConfig {
  const { transit } = config;
  if (!transit.uplink || transit.nextHop !== 'auto') return config;
  return { ...config, transit: { ...transit, nextHop: 'uplink' } };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Longer values are cut: a message is one line. */
const SHOWN_CHARACTERS = 60;

function shown(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}
