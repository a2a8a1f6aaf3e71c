import { MAX_PAYLOAD_BYTES, MAX_VALUE } from '../core/carrier/packet.ts';
import { WayleaveError } from '../core/errors.ts';
import { MAX_PRICE } from '../core/units.ts';
import type { ChangeRule } from '../packets/change.ts';

/** One node of a scenario: what it takes for sending a packet out, and what it sells if it is a server. */
export interface ScenarioNodeSpec {
  readonly name: string;
  readonly toll: { readonly perPacket: number; readonly perMb: number };
  /** Kept from a packet of a neighbour that cannot go on. Units. */
  readonly refusalFee: number;
  readonly serve: ServeSpec | undefined;
}

/** A server keeps its price of a request and sends the rest back in so many packets. */
export interface ServeSpec extends ChangeRule {
  readonly replyBytes: number;
}

/** `a` and `b` are linked; each takes up to `valueAt` of the other's value on credit. */
export interface ScenarioLinkSpec {
  readonly a: string;
  readonly b: string;
  readonly valueAt: number;
  readonly metric: number;
}

export interface SendStep {
  readonly kind: 'send' | 'request';
  readonly from: string;
  readonly to: string;
  readonly value: number;
  readonly count: number;
  readonly bytes: number;
  /** Replies wait for the next `answer`, so that counters can be read before them. */
  readonly answersLater: boolean;
}

/** What must be read now: link counters by `a-b`, and by node what it made and what its own packets cost it. */
export interface ExpectStep {
  readonly kind: 'expect';
  readonly counters: Record<string, number>;
  readonly net: Record<string, number>;
  readonly originatorCost: Record<string, number>;
}

export type ScenarioStep = SendStep | { readonly kind: 'settle' } | { readonly kind: 'answer' } | ExpectStep;

/** A network of carriers and what happens on it (docs/packets.md). */
export interface Scenario {
  readonly name: string;
  readonly nodes: readonly ScenarioNodeSpec[];
  readonly links: readonly ScenarioLinkSpec[];
  /** A link is settled as soon as its counter is this large in either direction; undefined: only where a step says so. */
  readonly settleAt: number | undefined;
  readonly steps: readonly ScenarioStep[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a scenario. Throws `SCENARIO_INVALID`, which names the place and what may stand there. */
export function parseScenario(text: string): Scenario {
  const root = record(json(text), 'the file', ['schema', 'scenario', 'nodes', 'links', 'settleAt', 'steps']);
  if (root['schema'] !== 1) throw invalid('schema', 'must be 1');
  const nodes = list(root, 'nodes').map(node);
  const names = new Set(nodes.map(({ name }) => name));
  if (names.size !== nodes.length) throw invalid('nodes', 'two have the same name');
  const known = (name: string, where: string): string => {
    if (!names.has(name)) throw invalid(where, `there is no node ${JSON.stringify(name)}`);
    return name;
  };
  const links = list(root, 'links').map((each, index) => link(each, `links[${index}]`, known));
  const pairs = new Set(links.map(({ a, b }) => [a, b].toSorted().join('\n')));
  if (pairs.size !== links.length) throw invalid('links', 'two are between the same nodes');
  return {
    name: text1(root, 'scenario', 'scenario'),
    nodes,
    links,
    settleAt: root['settleAt'] === undefined ? undefined : whole(root, 'settleAt', 'settleAt', { most: MAX_VALUE }),
    steps: list(root, 'steps').map((each, index) => step(each, `steps[${index}]`, known)),
  };
}

function node(value: unknown, index: number): ScenarioNodeSpec {
  const where = `nodes[${index}]`;
  const fields = record(value, where, ['name', 'toll', 'refusalFee', 'serve']);
  const toll = record(fields['toll'] ?? {}, `${where}.toll`, ['perPacket', 'perMb']);
  return {
    name: text1(fields, 'name', where),
    toll: {
      perPacket: whole(toll, 'perPacket', `${where}.toll`, { most: MAX_PRICE, usual: 0 }),
      perMb: whole(toll, 'perMb', `${where}.toll`, { most: MAX_PRICE, usual: 0 }),
    },
    refusalFee: whole(fields, 'refusalFee', where, { most: MAX_PRICE, usual: 0 }),
    serve: fields['serve'] === undefined ? undefined : serve(fields['serve'], `${where}.serve`),
  };
}

function serve(value: unknown, where: string): ServeSpec {
  const fields = record(value, where, ['price', 'replies', 'split', 'replyBytes']);
  const split = fields['split'] ?? 'floor';
  if (split !== 'floor' && split !== 'exact') throw invalid(`${where}.split`, 'must be "floor" or "exact"');
  return {
    price: whole(fields, 'price', where, { most: MAX_VALUE }),
    replies: whole(fields, 'replies', where, { least: 1, most: 100_000, usual: 1 }),
    split,
    replyBytes: whole(fields, 'replyBytes', where, { most: MAX_PAYLOAD_BYTES, usual: 0 }),
  };
}

function link(value: unknown, where: string, known: (name: string, where: string) => string): ScenarioLinkSpec {
  const fields = record(value, where, ['a', 'b', 'valueAt', 'metric']);
  const [a, b] = [known(text1(fields, 'a', where), where), known(text1(fields, 'b', where), where)];
  if (a === b) throw invalid(where, 'a node cannot be linked to itself');
  return {
    a,
    b,
    valueAt: whole(fields, 'valueAt', where, { most: MAX_VALUE }),
    metric: whole(fields, 'metric', where, { least: 1, most: 1_000_000, usual: 1 }),
  };
}

function step(value: unknown, where: string, known: (name: string, where: string) => string): ScenarioStep {
  const fields = record(value, where, ['send', 'request', 'answer', 'settle', 'expect']);
  const [kind, ...more] = Object.keys(fields);
  if (kind === undefined || more.length > 0)
    throw invalid(where, 'must be one of send, request, answer, settle, expect');
  if (kind === 'settle' || kind === 'answer') {
    if (fields[kind] !== 'all') throw invalid(`${where}.${kind}`, 'must be "all"');
    return { kind };
  }
  if (kind === 'expect') {
    const expected = record(fields['expect'], `${where}.expect`, ['counters', 'net', 'originatorCost']);
    const of = (key: string): Record<string, number> => numbers(expected, key, where);
    return { kind: 'expect', counters: of('counters'), net: of('net'), originatorCost: of('originatorCost') };
  }
  const at = `${where}.${kind}`;
  const asks = kind === 'request' ? ['answers'] : [];
  const inner = record(fields[kind], at, ['from', 'to', 'value', 'count', 'bytes', ...asks]);
  const answers = inner['answers'] ?? 'now';
  if (answers !== 'now' && answers !== 'later') throw invalid(`${at}.answers`, 'must be "now" or "later"');
  return {
    kind: kind as 'send' | 'request',
    from: known(text1(inner, 'from', at), at),
    to: known(text1(inner, 'to', at), at),
    value: whole(inner, 'value', at, { most: MAX_VALUE }),
    count: whole(inner, 'count', at, { least: 1, most: 1_000_000, usual: 1 }),
    bytes: whole(inner, 'bytes', at, { most: MAX_PAYLOAD_BYTES, usual: 0 }),
    answersLater: answers === 'later',
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid('the file', `is not JSON: ${(cause as Error).message}`);
  }
}

function record(value: unknown, where: string, allowed: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(where, 'must be an object');
  const odd = Object.keys(value).find((key) => !allowed.includes(key));
  if (odd !== undefined) throw invalid(where, `has ${JSON.stringify(odd)}; it may have ${allowed.join(', ')}`);
  return value as Fields;
}

function list(fields: Fields, key: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw invalid(key, 'must be a list');
  return value;
}

function text1(fields: Fields, key: string, where: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value === '') throw invalid(`${where}.${key}`, 'must be a text');
  return value;
}

function whole(
  fields: Fields,
  key: string,
  where: string,
  range: { least?: number; most: number; usual?: number },
): number {
  const value = fields[key] ?? range.usual;
  const least = range.least ?? 0;
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= range.most)
    return value as number;
  throw invalid(`${where}.${key}`, `must be a whole number from ${least} to ${range.most}`);
}

function numbers(fields: Fields, key: string, where: string): Record<string, number> {
  const inner = (fields[key] ?? {}) as Record<string, number>;
  for (const [name, value] of Object.entries(inner)) {
    if (!Number.isSafeInteger(value)) throw invalid(`${where}.${key}.${name}`, 'must be a whole number');
  }
  return inner;
}

function invalid(where: string, why: string): WayleaveError {
  return new WayleaveError('SCENARIO_INVALID', { where, why });
}
