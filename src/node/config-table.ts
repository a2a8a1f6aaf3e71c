import type {
  CreditConfig,
  DiscoveryConfig,
  KeyConfig,
  ListenConfig,
  NeighbourConfig,
  NodeConfig,
  ProxyConfig,
  StoreConfig,
  TransitConfig,
} from './config.ts';
import {
  address,
  choice,
  endpoint,
  type Fields,
  flag,
  integer,
  list,
  MAX_UNITS,
  path,
  price,
  text,
} from './config-field.ts';
import { PACKET_FIELDS } from './config-packets.ts';
import { SETTLEMENT_FIELDS } from './config-settlement.ts';

/**
 * Every key of the configuration file. The reader, the manual (`docs/configuration.md`) and the file that `init` writes
 * all come from this table. Names are those of `NodeConfig`; in the file they are written in snake case.
 */
export interface Section<T> {
  readonly doc: string;
  readonly fields: Fields<T>;
}

const MAX_MB = 1_000_000;
const MAX_RATE_MBIT = 100_000;

const NAME = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/,
  accepts: '1 to 32 letters, digits, ".", "_" or "-", not beginning with one of these signs',
};
const HOST = { pattern: /^[A-Za-z0-9._:-]{1,253}$/, accepts: 'a host name or an IP address' };
const SECRET = { pattern: /^[^\0\r\n]{1,255}$/, accepts: '1 to 255 characters' };

/** The rules themselves are read by the egress policy, in `config-checks.ts`. */
export const ALLOW_ACCEPTS =
  'a list of at most 64 names, addresses or ranges, each with a port if need be: "intranet.example:80", "10.0.0.0/8", "[fd00::1]:443"';

/** The lines themselves are read by the static table, in `config-checks.ts`. */
export const REACHES_ACCEPTS = 'a list of at most 64 names, addresses or ranges: "example.org", "203.0.113.0/24"';

/** The address itself is read by the store, in `config-checks.ts`. */
export const STORE_URL_ACCEPTS = '"postgres://USER@HOST:PORT/DATABASE?schema=NAME"';

const port = (fallback: number, doc: string) => integer({ min: 0, max: 65535, default: fallback, doc });
const override = (doc: string) => integer({ min: 1, max: MAX_UNITS, unit: 'units', default: undefined, doc });

/** The keys above the first section. */
export const TOP: Fields<Pick<NodeConfig, 'name' | 'mode'>> = {
  name: text({
    ...NAME,
    default: 'wayleave',
    doc: 'What this node is called on screens and in logs. Neighbours know it by its id.',
  }),
  mode: choice({
    of: ['enforce', 'observe'],
    default: 'enforce',
    doc: '"observe" meters, prices and explains, and cuts nobody off: how a community network starts.',
  }),
};

const key: Fields<KeyConfig> = {
  file: path({
    default: 'key.json',
    doc: 'The node key: node id, payment address and link identity in one. Web3 v3 keystore.',
  }),
  passwordFile: path({
    default: undefined,
    doc: 'File with the password of the key. Without it WAYLEAVE_PASSWORD is used, else you are asked.',
  }),
  insecurePlain: flag({ default: false, doc: 'The key file is not encrypted. For demonstrations only.' }),
};

const listen: Fields<ListenConfig> = {
  host: text({ ...HOST, default: '0.0.0.0', doc: 'Where neighbours reach this node.' }),
  port: port(7847, 'TCP port for links. 0 lets the system choose one.'),
};

const api: Fields<ListenConfig> = {
  host: choice({
    of: ['127.0.0.1', '::1'],
    default: '127.0.0.1',
    doc: 'Loopback only: the API moves money. Use an SSH tunnel to reach it from elsewhere.',
  }),
  port: port(7848, 'HTTP port of the API, metrics and events. 0 lets the system choose one.'),
};

const discovery: Fields<DiscoveryConfig> = {
  mdns: flag({ default: true, doc: 'Find neighbours on the local network, and be found.' }),
  accept: choice({
    of: ['any', 'known'],
    default: 'any',
    doc: '"any" trades with whoever proves an id, on the small credit below; "known" only with neighbours listed by id.',
  }),
};

const transit: Fields<TransitConfig> = {
  sell: flag({ default: true, doc: 'Carry traffic for neighbours.' }),
  buy: flag({ default: true, doc: 'Buy access from neighbours.' }),
  maxPricePerMb: price(50_000, 'The most this node pays. 10000 units per MB are 0.10 USD per GB. 0: never pay.'),
  minProfitBp: integer({
    min: 0,
    max: 1_000_000,
    unit: 'hundredths of a per cent',
    default: 1_000,
    doc: 'Least profit when selling: ask = cost + cost × this ÷ 10000, rounded up.',
  }),
  uplink: flag({
    default: false,
    doc:
      'This node reaches the internet itself and is a gateway for others. While nothing outside answers, it sells no ' +
      'access, so that neighbours buy elsewhere.',
  }),
  uplinkPricePerMb: price(10_000, 'What the uplink costs: the cost that the ask of a gateway is built on.'),
  nextHop: text({
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,41}$/,
    accepts: '"auto", "uplink", "none", or the name or id of a neighbour',
    default: 'auto',
    doc: 'Where traffic goes next. "auto": the uplink if there is one, else the cheapest neighbour that sells.',
  }),
  metering: choice({ of: ['data', 'time'], default: 'data', doc: 'Sell by the MB or by the second.' }),
  maxRateMbit: integer({
    min: 0,
    max: MAX_RATE_MBIT,
    unit: 'Mbit/s',
    default: 0,
    doc: 'The most this node carries for each neighbour. 0: no limit.',
  }),
  allow: list({
    pattern: /^[^\s,]{1,300}$/,
    accepts: ALLOW_ACCEPTS,
    max: 64,
    default: [],
    doc: 'Private or local targets that a gateway may connect to all the same. All of them are refused otherwise.',
  }),
};

const proxy: Fields<ProxyConfig> = {
  enabled: flag({ default: true, doc: 'Offer SOCKS5 and HTTP CONNECT to the programs of this machine.' }),
  host: text({ ...HOST, default: '127.0.0.1', doc: 'Anything but loopback needs a user name and a password.' }),
  port: port(1080, 'One port for SOCKS5 and HTTP CONNECT. 0 lets the system choose one.'),
  username: text({ ...SECRET, default: undefined, doc: 'Asked for when set.' }),
  password: text({ ...SECRET, default: undefined, doc: 'Set together with username.' }),
};

const credit: Fields<CreditConfig> = {
  payAtMb: integer({
    min: 1,
    max: MAX_MB,
    unit: 'MB at the ask',
    default: 1,
    doc: 'Debt at which a neighbour is asked to pay.',
  }),
  dropAtMb: integer({
    min: 1,
    max: MAX_MB,
    unit: 'MB at the ask',
    default: 4,
    doc: 'Debt at which service stops: the most an unknown neighbour can cost you in service. It grows with what one earns you.',
  }),
  riskAtMb: integer({
    min: 1,
    max: MAX_MB,
    unit: 'MB at the ask',
    default: 200,
    doc: 'Cheques received and not yet cashed, at most. Many times the gas of cashing, or cashing never pays.',
  }),
  graceS: integer({
    min: 1,
    max: 86_400,
    unit: 'seconds',
    default: 60,
    doc: 'How long a neighbour may stay choked before its link is closed.',
  }),
  earnPercent: integer({
    min: 0,
    max: 100,
    unit: 'per cent',
    default: 50,
    doc: 'Part of the net income kept from a neighbour that is added to its drop_at; pay_at follows. 0: never.',
  }),
  growMbPerDay: integer({
    min: 0,
    max: MAX_MB,
    unit: 'MB at the ask',
    default: 16,
    doc: 'The most by which drop_at grows in a day.',
  }),
  maxEarnedMb: integer({
    min: 0,
    max: MAX_MB,
    unit: 'MB at the ask',
    default: 256,
    doc: 'The most by which drop_at grows in all.',
  }),
  newcomersPerDay: integer({
    min: 0,
    max: 65_536,
    default: 100,
    doc: 'Unknown neighbours served on credit in a day. Those that paid make room. Bounds what new keys can take in sum.',
  }),
  statementEveryS: integer({
    min: 1,
    max: 300,
    unit: 'seconds',
    default: 60,
    doc: 'How often a neighbour is sent signed totals while anything is charged. Both ends compare them to the unit.',
  }),
  payAtUnits: override('In place of pay_at_mb.'),
  dropAtUnits: override('In place of drop_at_mb.'),
  riskAtUnits: override('In place of risk_at_mb.'),
};

const store: Fields<StoreConfig> = {
  path: path({ default: 'wayleave.db', doc: 'Where the books are kept.' }),
  url: text({
    pattern: /^postgres(?:ql)?:\/\/\S{1,1000}$/,
    accepts: STORE_URL_ACCEPTS,
    default: undefined,
    doc: 'A PostgreSQL server (15 or later) in place of the file: for several nodes of one operator, who share its schema.',
  }),
  journalWindowMs: integer({
    min: 0,
    max: 1_000,
    unit: 'milliseconds',
    default: 50,
    doc: 'Charges are written together this often. Payments are always written at once.',
  }),
  historyDays: integer({
    min: 1,
    max: 36_500,
    unit: 'days',
    default: 90,
    doc: 'How long the history of each link tells events apart (wayleave ledger); what is older is kept as a sum.',
  }),
  historySpanS: integer({
    min: 1,
    max: 86_400,
    unit: 'seconds',
    default: 300,
    doc: 'Charges, and payments, of this long are one row of the history.',
  }),
};

const neighbour: Fields<NeighbourConfig> = {
  id: address({ default: undefined, doc: 'Its node id. With it nobody else can take its place.' }),
  address: endpoint({
    default: undefined,
    doc: 'Where to reach it. Without it the neighbour comes to us, or mDNS finds it.',
  }),
  name: text({ ...NAME, default: undefined, doc: 'What you call it.' }),
  reaches: list({
    pattern: /^[^\s,]{1,300}$/,
    accepts: REACHES_ACCEPTS,
    max: 64,
    default: [],
    doc: 'What is reached through it, also where this node has an uplink of its own: how two networks exchange traffic.',
  }),
  free: flag({ default: false, doc: 'A friend: served without charge.' }),
  freeMbPerDay: integer({
    min: 0,
    max: MAX_MB,
    unit: 'MB',
    default: 0,
    doc:
      'Served without charge each day (UTC), before it pays. The price that follows takes effect within 2 s and a round ' +
      'trip: what is served meanwhile is free too, also beyond the allowance.',
  }),
  maxRateMbit: integer({
    min: 0,
    max: MAX_RATE_MBIT,
    unit: 'Mbit/s',
    default: 0,
    doc: 'The most carried for it. 0: as in [transit].',
  }),
  payAtUnits: override('For this neighbour, in place of [credit].'),
  dropAtUnits: override('For this neighbour, in place of [credit].'),
  riskAtUnits: override('For this neighbour, in place of [credit].'),
  valueAtUnits: override('For this neighbour, in place of [packets].'),
  offerSendingPerMb: price(0, 'Offered to it for serving packets you send through it first; they pay it on their way.'),
  offerReceivingPerMb: price(0, 'Offered to it for serving packets that go to you first; they pay it on their way.'),
};

type Sections = Omit<NodeConfig, 'folder' | 'name' | 'mode' | 'neighbours'>;

/** `[section]` tables, in the order of the manual. */
export const SECTIONS: { readonly [K in keyof Sections]: Section<Sections[K]> } = {
  key: { doc: 'The key of this node.', fields: key },
  listen: { doc: 'Links from neighbours.', fields: listen },
  discovery: { doc: 'Who becomes a neighbour.', fields: discovery },
  transit: { doc: 'Internet access, bought and sold.', fields: transit },
  proxy: { doc: 'The way in for your own programs.', fields: proxy },
  packets: { doc: 'Datagrams that carry value.', fields: PACKET_FIELDS },
  credit: { doc: 'How much a neighbour may owe. Bounded loss: drop_at plus risk_at, per neighbour.', fields: credit },
  settlement: { doc: 'Payment.', fields: SETTLEMENT_FIELDS },
  api: { doc: 'HTTP API of the running node.', fields: api },
  store: { doc: 'The books.', fields: store },
};

/** Each `[[neighbour]]`, any number of times. */
export const NEIGHBOUR: Section<NeighbourConfig> = { doc: 'A neighbour you know.', fields: neighbour };

/** More neighbours than any one machine links; bounds memory and start-up time. */
export const MAX_NEIGHBOURS = 10_000;

/** A name of `NodeConfig` as the file writes it: `maxPricePerMb` → `max_price_per_mb`. */
export function keyName(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
