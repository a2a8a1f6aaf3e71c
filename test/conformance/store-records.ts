import fc from 'fast-check';
import type { StoredState, StoreRecord } from '../../src/store/store.ts';

/** Records of every kind for the store's conformance suite, and the state they ought to make. */

type RecordOf<Kind extends StoreRecord['kind']> = Extract<StoreRecord, { kind: Kind }>;

/** A node id that ends in the given number. */
export const keyOf = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;

export const note = (name: string, text: string): RecordOf<'note'> => ({ kind: 'note', name, text });

/** A link account of neighbour `n` that provided `amount`. */
export const link = (n: number, amount: number): RecordOf<'link'> => ({
  kind: 'link',
  neighbour: keyOf(n),
  provided: [amount, 0, 0],
  consumed: [0, 0, 0],
  providedBytes: [0, 0, 0],
  consumedBytes: [0, 0, 0],
  providedRemainder: [0, 0, 0],
  consumedRemainder: [0, 0, 0],
  attempts: 0,
  paid: 0,
  received: 0,
  providedCorrection: [0, 0, 0],
  consumedCorrection: [0, 0, 0],
  lease: 0,
  chokedSinceMs: 0,
  closed: false,
  updatedMs: 0,
  historyRows: 0,
  faded: 0,
  barterNet: [0, 0, 0],
});

/** The state after these records, in order, on a new store: the last of each key, sorted by key. */
export function stateOf(records: readonly StoreRecord[], epoch = 1): StoredState {
  const latest = new Map(records.map((record) => [identity(record), record]));
  const sorted = [...latest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
  const ofKind = <Kind extends StoreRecord['kind']>(kind: Kind) =>
    sorted.filter((record): record is RecordOf<Kind> => record.kind === kind);
  return {
    epoch,
    links: ofKind('link'),
    terms: ofKind('terms'),
    issued: ofKind('issued'),
    received: ofKind('received'),
    cashings: ofKind('cashing'),
    notes: ofKind('note'),
    statements: ofKind('statement'),
    credits: ofKind('credit'),
    channelTotals: ofKind('channelTotal'),
  };
}

/** A loaded state in the order of `stateOf`: stores may give back rows in any order. Two rows of one key stay visible. */
export function sorted(state: StoredState): StoredState {
  const byKey = <Row extends StoreRecord>(rows: readonly Row[]) =>
    [...rows].sort((a, b) => (identity(a) < identity(b) ? -1 : 1));
  return {
    epoch: state.epoch,
    links: byKey(state.links),
    terms: byKey(state.terms),
    issued: byKey(state.issued),
    received: byKey(state.received),
    cashings: byKey(state.cashings),
    notes: byKey(state.notes),
    statements: byKey(state.statements),
    credits: byKey(state.credits),
    channelTotals: byKey(state.channelTotals),
  };
}

/** What a record replaces. Part of the port: every store must agree. */
function identity(record: StoreRecord): string {
  switch (record.kind) {
    case 'link':
      return `link ${record.neighbour}`;
    case 'terms':
      return `terms ${record.neighbour} ${record.side}`;
    case 'issued':
      return `issued ${record.chequebook} ${record.beneficiary}`;
    case 'received':
      return `received ${record.chequebook}`;
    case 'cashing':
      return `cashing ${record.transaction}`;
    case 'note':
      return `note ${record.name}`;
    case 'statement':
      return `statement ${record.neighbour} ${record.party}`;
    case 'credit':
      return `credit ${record.neighbour}`;
    case 'history':
      return `history ${record.neighbour} ${record.number}`;
    case 'channelTotal':
      return `channelTotal ${record.channel} ${record.side}`;
  }
}

// Few ids, so that records often meet on a key.
const id = fc.integer({ min: 0, max: 5 }).map(keyOf);
const integer = fc.oneof(
  fc.constantFrom(0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 32, -(2 ** 31)),
  fc.maxSafeInteger(),
);
const services = fc.tuple(integer, integer, integer);
const wei = fc.oneof(fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n, 2n ** 256n - 1n), fc.bigInt(0n, 2n ** 256n - 1n));
const bytes = fc.uint8Array({ maxLength: 100 });
const signature = fc.uint8Array({ minLength: 65, maxLength: 65 });
// Every text that may be stored: beyond the basic plane, combining marks, what SQL would trip over.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((drawn) => drawn.replaceAll('\0', '')),
  fc.constantFrom('', "'; --", '"', '€😀', '\u0001\n', '1', '1.0', 'e\u0301', '\u00e9'),
);

/** Plain objects, as a store makes them. */
const record = <Row>(fields: { [Field in keyof Row]: fc.Arbitrary<Row[Field]> }) =>
  fc.record<Row>(fields, { noNullPrototype: true });

const linkRecord = record({
  kind: fc.constant('link' as const),
  neighbour: id,
  provided: services,
  consumed: services,
  providedBytes: services,
  consumedBytes: services,
  providedRemainder: services,
  consumedRemainder: services,
  attempts: integer,
  paid: integer,
  received: integer,
  providedCorrection: services,
  consumedCorrection: services,
  lease: integer,
  chokedSinceMs: integer,
  closed: fc.boolean(),
  updatedMs: integer,
  historyRows: integer,
  faded: integer,
  barterNet: services,
});

const termsRecord = record({
  kind: fc.constant('terms' as const),
  neighbour: id,
  side: fc.constantFrom('mine' as const, 'theirs' as const),
  epoch: integer,
  bytes,
});

const issuedRecord = record({
  kind: fc.constant('issued' as const),
  chequebook: id,
  beneficiary: id,
  cumulative: wei,
  signature,
  amount: integer,
  paymentId: integer,
  acceptedCumulative: wei,
  remainder: wei,
  ownCumulative: wei,
});

const channelTotalRecord = record({
  kind: fc.constant('channelTotal' as const),
  channel: id,
  side: fc.constantFrom('mine' as const, 'theirs' as const),
  neighbour: id,
  beneficiary: id,
  cumulative: wei,
  signature,
  amount: integer,
  paymentId: integer,
  acceptedCumulative: wei,
  remainder: wei,
});

const receivedRecord = record({
  kind: fc.constant('received' as const),
  chequebook: id,
  neighbour: id,
  issuer: id,
  cumulative: wei,
  signature,
  cashedCumulative: wei,
  creditedUnits: integer,
  remainderWei: wei,
  bounced: fc.boolean(),
});

const cashingRecord = record({
  kind: fc.constant('cashing' as const),
  transaction: text,
  chequebook: id,
  cumulative: wei,
  status: fc.constantFrom('sent' as const, 'mined' as const, 'bounced' as const, 'failed' as const),
  paidOut: wei,
  gasWei: wei,
  atMs: integer,
});

const noteRecord = record({ kind: fc.constant('note' as const), name: text, text });

const statementRecord = record({
  kind: fc.constant('statement' as const),
  neighbour: id,
  party: fc.constantFrom('mine' as const, 'theirs' as const, 'disputed' as const),
  storeEpoch: integer,
  sequence: integer,
  bytes,
});

const creditRecord = record({
  kind: fc.constant('credit' as const),
  neighbour: id,
  earned: integer,
  base: integer,
  cost: integer,
  gas: integer,
  day: integer,
  grown: integer,
  newcomerDay: integer,
  barred: fc.boolean(),
  updatedMs: integer,
});

const historyRecord = record({
  kind: fc.constant('history' as const),
  neighbour: id,
  number: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1 })),
  entry: fc.constantFrom('opening' as const, 'service' as const, 'paid' as const, 'cashed' as const),
  service: fc.constantFrom('' as const, 'transit' as const, 'packets' as const),
  fromMs: integer,
  toMs: integer,
  events: integer,
  provided: integer,
  consumed: integer,
  providedBytes: integer,
  consumedBytes: integer,
  paid: integer,
  received: integer,
  wei,
  gasWei: wei,
  reference: text,
});

/** A row of the history of neighbour `n`. */
export const row = (n: number, number: number, fields: Partial<RecordOf<'history'>> = {}): RecordOf<'history'> => ({
  kind: 'history',
  neighbour: keyOf(n),
  number,
  entry: 'service',
  service: 'transit',
  fromMs: number * 1000,
  toMs: number * 1000 + 999,
  events: 1,
  provided: 0,
  consumed: 0,
  providedBytes: 0,
  consumedBytes: 0,
  paid: 0,
  received: 0,
  wei: 0n,
  gasWei: 0n,
  reference: '',
  ...fields,
});

/** The history these records leave, by neighbour and number. */
export function historyIn(records: readonly StoreRecord[]): RecordOf<'history'>[] {
  const rows = records.filter((each): each is RecordOf<'history'> => each.kind === 'history');
  return [...new Map(rows.map((each) => [identity(each), each])).values()].sort((a, b) =>
    a.neighbour === b.neighbour ? a.number - b.number : a.neighbour < b.neighbour ? -1 : 1,
  );
}

/** Any record that a store must give back exactly. */
export const anyRecord: fc.Arbitrary<StoreRecord> = fc.oneof(
  linkRecord,
  termsRecord,
  issuedRecord,
  receivedRecord,
  channelTotalRecord,
  cashingRecord,
  noteRecord,
  statementRecord,
  creditRecord,
  historyRecord,
);
