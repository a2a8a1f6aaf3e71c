import type {
  CashingRecord,
  ChannelTotalRecord,
  CreditRecord,
  HistoryRecord,
  IssuedChequeRecord,
  LinkRecord,
  NoteRecord,
  ReceivedChequeRecord,
  StatementRecord,
  StoreRecord,
  TermsRecord,
} from './store.ts';

/**
 * How the records of the store port lie in tables: one table per kind, one row per key. The names are public (other
 * programs read them, see `docs/store.md`); the statements that make the tables stand in `migrations.ts`.
 */

/**
 * What a column holds: `id` a node id; `text` any text; `integer` a safe integer; `flag` 0 or 1; `wei` an integer of
 * 0 … 2²⁵⁶−1 as decimal text; `bytes` a blob; `services` three integers in columns ending in the names of the services;
 * `side`, `status` and `party` one of a few words.
 */
export type ColumnKind =
  | 'id'
  | 'text'
  | 'integer'
  | 'flag'
  | 'wei'
  | 'bytes'
  | 'services'
  | 'side'
  | 'status'
  | 'party';

/** The words a column of a few words may hold. */
export const WORDS = {
  side: ['mine', 'theirs'],
  status: ['sent', 'mined', 'bounced', 'failed'],
  party: ['mine', 'theirs', 'disputed'],
} as const;

/** Endings of the columns of a `services` field, in the order of `core/service.ts`. */
export const SERVICE_SUFFIXES = ['_transit', '_chunks', '_packets'] as const;

export type RecordKind = StoreRecord['kind'];

/** One value of a row as SQLite takes and gives it. */
export type Cell = string | number | Uint8Array;

export interface Table {
  readonly name: string;
  /** Fields that identify a row. */
  readonly key: readonly string[];
  /** Every field but `kind`, in the order of the columns. */
  readonly fields: Readonly<Record<string, ColumnKind>>;
}

type KindOf<Value> = Value extends boolean
  ? 'flag'
  : Value extends number
    ? 'integer'
    : Value extends bigint
      ? 'wei'
      : Value extends Uint8Array
        ? 'bytes'
        : Value extends readonly number[]
          ? 'services'
          : Value extends string
            ? 'id' | 'text' | 'side' | 'status' | 'party'
            : never;

/** Makes the compiler refuse a table that forgets a field, invents one, or gives it the wrong kind. */
interface TableOf<Row> extends Table {
  readonly key: readonly (keyof Row & string)[];
  readonly fields: { readonly [Field in Exclude<keyof Row, 'kind'> & string]: KindOf<Row[Field]> };
}

const links: TableOf<LinkRecord> = {
  name: 'links',
  key: ['neighbour'],
  fields: {
    neighbour: 'id',
    provided: 'services',
    consumed: 'services',
    providedBytes: 'services',
    consumedBytes: 'services',
    providedRemainder: 'services',
    consumedRemainder: 'services',
    attempts: 'integer',
    paid: 'integer',
    received: 'integer',
    providedCorrection: 'services',
    consumedCorrection: 'services',
    lease: 'integer',
    chokedSinceMs: 'integer',
    closed: 'flag',
    updatedMs: 'integer',
    historyRows: 'integer',
    faded: 'integer',
    barterNet: 'services',
  },
};

const terms: TableOf<TermsRecord> = {
  name: 'terms',
  key: ['neighbour', 'side'],
  fields: { neighbour: 'id', side: 'side', epoch: 'integer', bytes: 'bytes' },
};

const issued: TableOf<IssuedChequeRecord> = {
  name: 'issued_cheques',
  key: ['chequebook', 'beneficiary'],
  fields: {
    chequebook: 'id',
    beneficiary: 'id',
    cumulative: 'wei',
    signature: 'bytes',
    amount: 'integer',
    paymentId: 'integer',
    acceptedCumulative: 'wei',
    remainder: 'wei',
    ownCumulative: 'wei',
  },
};

const received: TableOf<ReceivedChequeRecord> = {
  name: 'received_cheques',
  key: ['chequebook'],
  fields: {
    chequebook: 'id',
    neighbour: 'id',
    issuer: 'id',
    cumulative: 'wei',
    signature: 'bytes',
    cashedCumulative: 'wei',
    creditedUnits: 'integer',
    remainderWei: 'wei',
    bounced: 'flag',
  },
};

const cashings: TableOf<CashingRecord> = {
  name: 'cashings',
  key: ['transaction'],
  fields: {
    transaction: 'text',
    chequebook: 'id',
    cumulative: 'wei',
    status: 'status',
    paidOut: 'wei',
    gasWei: 'wei',
    atMs: 'integer',
  },
};

const notes: TableOf<NoteRecord> = { name: 'notes', key: ['name'], fields: { name: 'text', text: 'text' } };

const statements: TableOf<StatementRecord> = {
  name: 'statements',
  key: ['neighbour', 'party'],
  fields: { neighbour: 'id', party: 'party', storeEpoch: 'integer', sequence: 'integer', bytes: 'bytes' },
};

const credits: TableOf<CreditRecord> = {
  name: 'credits',
  key: ['neighbour'],
  fields: {
    neighbour: 'id',
    earned: 'integer',
    base: 'integer',
    cost: 'integer',
    gas: 'integer',
    day: 'integer',
    grown: 'integer',
    newcomerDay: 'integer',
    barred: 'flag',
    updatedMs: 'integer',
  },
};

const history: TableOf<HistoryRecord> = {
  name: 'history',
  key: ['neighbour', 'number'],
  fields: {
    neighbour: 'id',
    number: 'integer',
    entry: 'text',
    service: 'text',
    fromMs: 'integer',
    toMs: 'integer',
    events: 'integer',
    provided: 'integer',
    consumed: 'integer',
    providedBytes: 'integer',
    consumedBytes: 'integer',
    paid: 'integer',
    received: 'integer',
    wei: 'wei',
    gasWei: 'wei',
    reference: 'text',
  },
};

const channelTotals: TableOf<ChannelTotalRecord> = {
  name: 'channel_totals',
  key: ['channel', 'side'],
  fields: {
    channel: 'id',
    side: 'side',
    neighbour: 'id',
    beneficiary: 'id',
    cumulative: 'wei',
    signature: 'bytes',
    amount: 'integer',
    paymentId: 'integer',
    acceptedCumulative: 'wei',
    remainder: 'wei',
  },
};

/** Tables by kind of record. */
export const TABLES: Readonly<Record<RecordKind, Table>> = {
  link: links,
  terms,
  issued,
  received,
  cashing: cashings,
  note: notes,
  statement: statements,
  credit: credits,
  history,
  channelTotal: channelTotals,
};

/** The kinds in the order in which `load` reads them. */
export const LOADED_KINDS = [
  'link',
  'terms',
  'issued',
  'received',
  'cashing',
  'note',
  'statement',
  'credit',
  'channelTotal',
] as const satisfies RecordKind[];

/** All kinds. History explains what is loaded and is never needed to start. */
export const KINDS = [...LOADED_KINDS, 'history'] as const satisfies RecordKind[];

/** Names of the columns of one field: the field in snake case, one for each service where it holds three. */
export function columnsOf(field: string, kind: ColumnKind): string[] {
  const column = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return kind === 'services' ? SERVICE_SUFFIXES.map((suffix) => column + suffix) : [column];
}

/** All columns of a table, in order. */
export function tableColumns(table: Table): string[] {
  return Object.entries(table.fields).flatMap(([field, kind]) => columnsOf(field, kind));
}

/** Names are quoted: `transaction` is a word of SQL. */
export const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');

/** Writes a whole row in place of the one with the same key. The same text serves SQLite and PostgreSQL but for the marks. */
export function upsertSql(table: Table): string {
  const columns = tableColumns(table);
  const keys = table.key.flatMap((field) => columnsOf(field, table.fields[field] ?? 'text'));
  const rest = columns.filter((column) => !keys.includes(column)).map((column) => `"${column}" = excluded."${column}"`);
  const marks = columns.map(() => '?').join(', ');
  return (
    `INSERT INTO ${table.name} (${quoted(columns)}) VALUES (${marks}) ` +
    `ON CONFLICT (${quoted(keys)}) DO UPDATE SET ${rest.join(', ')}`
  );
}

/** Reads every row, ordered by key, so that two loads of the same store are alike. */
export function selectSql(table: Table): string {
  const keys = table.key.flatMap((field) => columnsOf(field, table.fields[field] ?? 'text'));
  return `SELECT ${quoted(tableColumns(table))} FROM ${table.name} ORDER BY ${quoted(keys)}`;
}
