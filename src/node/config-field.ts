import { isAbsolute, join } from 'node:path';
import { isNodeId, type NodeId } from '../core/node-id.ts';
import { MAX_PRICE } from '../core/units.ts';
import type { LinkAddress } from '../link/link.ts';

/** One key of the configuration: what it takes, what it is when left out, and what to tell people about it. */
export interface Field<T> {
  /** What may stand there, in words, range and unit included: `an integer from 0 to 65535`. */
  readonly accepts: string;
  /** As it would be written in the file. Undefined: the key may be left out and then has no value. */
  readonly default: RawValue | undefined;
  /** One or two sentences for the manual and for the file that `init` writes. */
  readonly doc: string;
  /** The value, or undefined when `raw` is not acceptable. `folder` is where relative paths start. */
  read(raw: unknown, folder: string): T | undefined;
}

/** What can be written in a TOML file, as far as this table uses it. */
export type RawValue = string | number | boolean | bigint | readonly string[];

interface Common<D extends RawValue | undefined> {
  readonly default: D;
  readonly doc: string;
}

interface Range {
  readonly min: number;
  readonly max: number;
  /** `units`, `ms`, `MB` … for the manual. */
  readonly unit?: string;
}

/** The value type of a field: optional exactly when the field has no default. */
type Of<T, D> = undefined extends D ? T | undefined : T;

export function integer<D extends number | undefined>(o: Common<D> & Range): Field<Of<number, D>> {
  const read = (raw: unknown): number | undefined =>
    typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= o.min && raw <= o.max ? raw : undefined;
  const unit = o.unit === undefined ? '' : ` (${o.unit})`;
  return { accepts: `an integer from ${o.min} to ${o.max}${unit}`, default: o.default, doc: o.doc, read };
}

/** Amounts of the chain's coin: larger than a TOML integer can be, so digits in quotes are taken as well. */
export function wei<D extends string | number | undefined>(
  o: Common<D> & { readonly min: bigint; readonly max: bigint },
): Field<Of<bigint, D>> {
  const read = (raw: unknown): bigint | undefined => {
    const whole = typeof raw === 'number' ? Number.isSafeInteger(raw) : typeof raw === 'bigint';
    const digits = typeof raw === 'string' && /^[0-9]{1,78}$/.test(raw);
    if (!whole && !digits) return undefined;
    const value = BigInt(raw as string | number | bigint);
    return value >= o.min && value <= o.max ? value : undefined;
  };
  const accepts = `an integer from ${o.min} to ${o.max} (wei), in quotes when above 9007199254740991`;
  return { accepts, default: o.default, doc: o.doc, read };
}

export function flag(o: Common<boolean>): Field<boolean> {
  const read = (raw: unknown): boolean | undefined => (typeof raw === 'boolean' ? raw : undefined);
  return { accepts: 'true or false', default: o.default, doc: o.doc, read };
}

export function choice<const C extends string>(o: Common<C> & { readonly of: readonly C[] }): Field<C> {
  const read = (raw: unknown): C | undefined => o.of.find((each) => each === raw);
  return { accepts: o.of.map((each) => `"${each}"`).join(' or '), default: o.default, doc: o.doc, read };
}

/** A string that matches `pattern`; `accepts` says so in words. */
export function text<D extends string | undefined>(
  o: Common<D> & { readonly pattern: RegExp; readonly accepts: string },
): Field<Of<string, D>> {
  const read = (raw: unknown): string | undefined => (typeof raw === 'string' && o.pattern.test(raw) ? raw : undefined);
  return { accepts: o.accepts, default: o.default, doc: o.doc, read };
}

/** A file or folder; relative ones start at the folder of the configuration file. Becomes an absolute path. */
export function path<D extends string | undefined>(o: Common<D>): Field<Of<string, D>> {
  const read = (raw: unknown, folder: string): string | undefined => {
    if (typeof raw !== 'string' || raw === '' || raw.includes('\0')) return undefined;
    return isAbsolute(raw) ? raw : join(folder, raw);
  };
  return { accepts: 'a path', default: o.default, doc: o.doc, read };
}

/** An Ethereum address: of a node, or of a contract. Capital letters are accepted and lowered. */
export function address(o: Common<undefined>): Field<NodeId | undefined> {
  const read = (raw: unknown): NodeId | undefined => {
    const id = typeof raw === 'string' ? raw.toLowerCase() : '';
    return isNodeId(id) ? id : undefined;
  };
  return { accepts: '"0x" and 40 hex digits', default: o.default, doc: o.doc, read };
}

/** `host:port`, with an IPv6 host in square brackets. */
export function endpoint(o: Common<undefined>): Field<LinkAddress | undefined> {
  const accepts = '"host:port" with a port from 1 to 65535, an IPv6 host in square brackets';
  return { accepts, default: o.default, doc: o.doc, read: readEndpoint };
}

function readEndpoint(raw: unknown): LinkAddress | undefined {
  const match = typeof raw === 'string' ? /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(raw) : null;
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port >= 1 && port <= 65535 ? { host, port } : undefined;
}

interface Listed extends Common<readonly string[]> {
  readonly pattern: RegExp;
  readonly accepts: string;
  readonly max: number;
  /** A single one may stand without brackets. */
  readonly alone?: boolean;
}

/** A list of strings that each match `pattern`, at most `max` of them. */
export function list(o: Listed): Field<readonly string[]> {
  const good = (each: unknown): each is string => typeof each === 'string' && o.pattern.test(each);
  const read = (written: unknown): readonly string[] | undefined =>
    many(o.alone === true && typeof written === 'string' ? [written] : written);
  const many = (raw: unknown): readonly string[] | undefined =>
    Array.isArray(raw) && raw.length <= o.max && raw.every(good) ? raw : undefined;
  return { accepts: o.accepts, default: o.default, doc: o.doc, read };
}

/** A list of some of a few words, none twice. */
export function several<const C extends string>(
  o: Common<readonly C[]> & { readonly of: readonly C[] },
): Field<readonly C[]> {
  const read = (raw: unknown): readonly C[] | undefined => {
    if (!Array.isArray(raw) || raw.length === 0 || new Set(raw).size !== raw.length) return undefined;
    const known = raw.map((each) => o.of.find((word) => word === each));
    return known.includes(undefined) ? undefined : (known as C[]);
  };
  const accepts = `a list of ${o.of.map((each) => `"${each}"`).join(', ')}, each at most once`;
  return { accepts, default: o.default, doc: o.doc, read };
}

/** One field for each key of a section. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** Large enough for any budget, small enough that sums stay exact. */
export const MAX_UNITS = 1_000_000_000_000;

export const price = (fallback: number, doc: string) =>
  integer({ min: 0, max: MAX_PRICE, unit: 'units per MB', default: fallback, doc });
