import type { ColumnKind, Table } from './tables.ts';
import { columnsOf, KINDS, TABLES, WORDS } from './tables.ts';

/**
 * The tables on a server, version by version, in the operator's schema. The records lie as in the embedded store
 * (`tables.ts`) with the node's id before every key. Entries that were released never change.
 */
export interface PostgresMigration {
  readonly version: number;
  readonly sql: string;
}

/** Column types: amounts in wei are numbers here, so that the server can add them up. */
export const COLUMN_TYPES: Readonly<Record<ColumnKind, string>> = {
  id: 'text',
  text: 'text',
  integer: 'bigint',
  flag: 'boolean',
  wei: 'numeric(78,0)',
  bytes: 'bytea',
  services: 'bigint',
  side: 'text',
  status: 'text',
  party: 'text',
};

/** Rows that are replaced all the time keep room on their page: the new version then needs no entry in the index. */
const FILL = 'WITH (fillfactor = 70)';

function check(column: string, kind: ColumnKind): string {
  if (kind === 'wei') return ` CHECK ("${column}" >= 0)`;
  if (kind !== 'side' && kind !== 'status' && kind !== 'party') return '';
  return ` CHECK ("${column}" IN (${WORDS[kind].map((word) => `'${word}'`).join(', ')}))`;
}

function createTable({ name, key, fields }: Table): string {
  const columns = Object.entries(fields).flatMap(([field, kind]) =>
    columnsOf(field, kind).map((column) => `"${column}" ${COLUMN_TYPES[kind]} NOT NULL${check(column, kind)}`),
  );
  const keys = key.flatMap((field) => columnsOf(field, fields[field] ?? 'text')).map((column) => `"${column}"`);
  const primary = `PRIMARY KEY (node, ${keys.join(', ')})`;
  return `CREATE TABLE ${name} (node text NOT NULL, ${columns.join(', ')}, ${primary}) ${FILL};`;
}

export const POSTGRES_MIGRATIONS: readonly PostgresMigration[] = [
  {
    version: 1,
    sql: `
      -- One row for each node key: who may write (fence), and how far it got (batch).
      CREATE TABLE nodes (
        node text NOT NULL PRIMARY KEY,
        fence bigint NOT NULL,
        batch bigint NOT NULL,
        epoch bigint NOT NULL
      ) ${FILL};
      ${KINDS.map((kind) => createTable(TABLES[kind])).join('\n')}
      -- What may be promised on a chequebook, and what is promised or lent out to be promised.
      CREATE TABLE chequebooks (
        chequebook text NOT NULL PRIMARY KEY,
        capacity numeric(78,0) NOT NULL CHECK (capacity >= 0),
        reserved numeric(78,0) NOT NULL CHECK (reserved >= 0),
        as_of bigint NOT NULL,
        committed numeric(78,0) NOT NULL CHECK (committed >= 0),
        adopted numeric(78,0) NOT NULL CHECK (adopted >= 0),
        last_grant numeric(78,0) NOT NULL
      ) ${FILL};
      CREATE TABLE credit_leases (
        chequebook text NOT NULL,
        node text NOT NULL,
        granted numeric(78,0) NOT NULL,
        issued numeric(78,0) NOT NULL CHECK (issued >= 0),
        expires_at timestamptz NOT NULL,
        last_freed numeric(78,0) NOT NULL,
        PRIMARY KEY (chequebook, node),
        CONSTRAINT lease_covers CHECK (issued <= granted)
      ) ${FILL};
      -- All that was ever promised to a beneficiary on a chequebook, whichever node signed.
      CREATE TABLE cheque_totals (
        chequebook text NOT NULL,
        beneficiary text NOT NULL,
        cumulative numeric(78,0) NOT NULL CHECK (cumulative >= 0),
        added numeric(78,0) NOT NULL CHECK (added >= 0),
        node text NOT NULL,
        PRIMARY KEY (chequebook, beneficiary)
      ) ${FILL};
    `,
  },
];

/** The newest version this program knows. */
export const POSTGRES_SCHEMA_VERSION = POSTGRES_MIGRATIONS.at(-1)?.version ?? 0;
