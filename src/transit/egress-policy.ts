import { WayleaveError } from '../core/errors.ts';
import { addressBytes } from '../wire/ip-address.ts';
import { type Destination, isPort, normalHost } from '../wire/open-request.ts';
import { type AddressPrefix, matches, parsePrefix } from './address-prefix.ts';

/**
 * What a gateway connects to for others (DESIGN §10). Pure: names are resolved elsewhere, and every address they
 * resolve to is asked about here.
 */
export interface EgressPolicy {
  /** May `address` be connected to at `port`, on behalf of someone who asked for `host`? */
  check(address: string, target: Destination): EgressVerdict;
}

export type EgressVerdict = 'allowed' | EgressRefusal;

/** Why an address is refused. */
export type EgressRefusal =
  | 'notAnAddress'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'linkLocal'
  | 'carrierNat'
  | 'metadata'
  | 'multicast'
  | 'documentation'
  | 'translation'
  | 'reserved'
  | 'ownAddress'
  | 'mailPort';

export interface EgressPolicyOptions {
  /** What the operator allows all the same: a host name, an address or a range, each with an optional port. */
  readonly allow?: readonly string[];
  /** The gateway's own addresses: whatever listens on them was not meant for others. */
  readonly ownAddresses?: readonly string[];
}

/** Mail sent directly is nearly always junk, and gets the gateway's address listed everywhere. */
const MAIL_PORT = 25;

type Range = readonly [prefix: string, kind: EgressRefusal];

/** IANA special-purpose registry, IPv4 (RFC 6890 and successors). First match counts. */
const RANGES_4: readonly Range[] = [
  ['169.254.169.254/32', 'metadata'],
  ['168.63.129.16/32', 'metadata'],
  ['100.100.100.200/32', 'metadata'],
  ['192.0.0.192/32', 'metadata'],
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'carrierNat'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'linkLocal'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', 'translation'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'reserved'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
];

/** IANA special-purpose registry, IPv6. First match counts; whatever else lies outside 2000::/3 is reserved. */
const RANGES_6: readonly Range[] = [
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::/96', 'translation'],
  ['::ffff:0:0:0/96', 'translation'],
  ['64:ff9b:1::/48', 'translation'],
  ['fd00:ec2::254/128', 'metadata'],
  ['fd20:ce::254/128', 'metadata'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'linkLocal'],
  ['fec0::/10', 'private'],
  ['ff00::/8', 'multicast'],
  ['2001:db8::/32', 'documentation'],
  ['3fff::/20', 'documentation'],
];

/** Where IPv6 addresses carry an IPv4 address that decides: prefix, byte offset, and whether its bits are inverted. */
const CARRIERS: readonly (readonly [prefix: string, offset: number, inverted: boolean])[] = [
  ['::ffff:0:0/96', 12, false], // v4-mapped
  ['64:ff9b::/96', 12, false], // NAT64, RFC 6052
  ['2002::/16', 2, false], // 6to4, RFC 3056
  ['2001::/32', 4, false], // Teredo server, RFC 4380
  ['2001::/32', 12, true], // Teredo client
];

interface Rule {
  readonly name: string | undefined;
  readonly prefix: AddressPrefix | undefined;
  readonly port: number | undefined;
}

/** Throws `EGRESS_RULE_INVALID`, its detail `rule` the entry of `allow` that cannot be read. */
export function createEgressPolicy(options: EgressPolicyOptions = {}): EgressPolicy {
  const allowed = (options.allow ?? []).map(parseRule);
  const own = (options.ownAddresses ?? []).map((text) => addressBytes(text)).filter((bytes) => bytes !== undefined);
  return {
    check(address, target) {
      const bytes = addressBytes(address);
      if (bytes === undefined) return 'notAnAddress';
      if (allowed.some((rule) => allows(rule, bytes, target))) return 'allowed';
      const kind = classify(bytes);
      if (kind !== undefined) return kind;
      if (embedded(bytes).some((inner) => own.some((mine) => equal(mine, inner)))) return 'ownAddress';
      return target.port === MAIL_PORT ? 'mailPort' : 'allowed';
    },
  };
}

/** What kind of special address this is; undefined for one of the public internet. */
export function classifyAddress(address: string): EgressRefusal | undefined {
  const bytes = addressBytes(address);
  return bytes === undefined ? 'notAnAddress' : classify(bytes);
}

function classify(bytes: Uint8Array): EgressRefusal | undefined {
  if (bytes.length === 4) return firstMatch(TABLE_4, bytes);
  const inner = embedded(bytes).slice(1);
  if (inner.length > 0) return inner.map((carried) => firstMatch(TABLE_4, carried)).find((kind) => kind !== undefined);
  return firstMatch(TABLE_6, bytes) ?? (matches(GLOBAL, bytes) && !matches(PROTOCOLS, bytes) ? undefined : 'reserved');
}

/** The address itself, then every IPv4 address it carries. */
function embedded(bytes: Uint8Array): Uint8Array[] {
  const found = [bytes];
  if (bytes.length === 4) return found;
  for (const carrier of TABLE_CARRIERS) {
    if (!matches(carrier.prefix, bytes)) continue;
    const inner = bytes.slice(carrier.offset, carrier.offset + 4);
    found.push(carrier.inverted ? inner.map((byte) => byte ^ 255) : inner);
  }
  return found;
}

function firstMatch(
  table: readonly (readonly [AddressPrefix, EgressRefusal])[],
  bytes: Uint8Array,
): EgressRefusal | undefined {
  return table.find(([range]) => matches(range, bytes))?.[1];
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function knownPrefix(text: string): AddressPrefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new WayleaveError('EGRESS_RULE_INVALID', { rule: text });
  return parsed;
}

/** `host`, `address`, `range`, each alone or with `:port`; IPv6 with a port stands in brackets. */
function parseRule(text: string): Rule {
  const parts = /^\[([^\]]+)\](?::(\d+))?$/.exec(text) ?? /^([^:]+):(\d+)$/.exec(text) ?? [text, text];
  const [, host = '', portText] = parts;
  const port = portText === undefined ? undefined : Number(portText);
  const range = parsePrefix(host);
  const name = range === undefined && !host.includes('/') && !/^[\d.]+$/.test(host) ? normalHost(host) : undefined;
  if ((range === undefined && name === undefined) || (port !== undefined && !isPort(port))) {
    throw new WayleaveError('EGRESS_RULE_INVALID', { rule: text });
  }
  return { name, prefix: range, port };
}

function allows(rule: Rule, bytes: Uint8Array, target: Destination): boolean {
  if (rule.port !== undefined && rule.port !== target.port) return false;
  return rule.prefix === undefined ? rule.name === target.host : matches(rule.prefix, bytes);
}

const TABLE_4 = RANGES_4.map(([text, kind]) => [knownPrefix(text), kind] as const);
const TABLE_6 = RANGES_6.map(([text, kind]) => [knownPrefix(text), kind] as const);
const TABLE_CARRIERS = CARRIERS.map(([text, offset, inverted]) => ({ prefix: knownPrefix(text), offset, inverted }));
const GLOBAL = knownPrefix('2000::/3');
/** IETF protocol assignments: benchmarks, ORCHID and the like. Teredo, which lies in it, is treated above. */
const PROTOCOLS = knownPrefix('2001::/23');
