import type { Statement } from './postgres-connection.ts';
import { COLUMN_TYPES } from './postgres-schema.ts';
import type { Row } from './record-row.ts';
import type { Cell, ColumnKind, RecordKind, Table } from './tables.ts';
import { columnsOf, KINDS, TABLES } from './tables.ts';

/**
 * A group of batches as one statement: one round trip, one transaction, one sync, however many rows of however many
 * kinds. Rows travel as one array a column. The statement names the fence and counts the group in the node's row
 * first, so that a process that lost its seat stores nothing, and so that a group whose answer was lost can be found.
 */

/** A row and its kind. */
export interface GroupRow {
  readonly kind: RecordKind;
  readonly row: Row;
}

export interface GroupHead {
  readonly node: string;
  readonly fence: number;
  /** The group's own number under this fence. */
  readonly number: number;
}

interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** Where parameters of rows begin: after node, fence and number. */
const FIRST_VALUE = 4;

const COLUMNS = new Map(KINDS.map((kind) => [kind, columnsOfTable(TABLES[kind])]));
const TEXTS = new Map<string, string>();

function columnsOfTable({ fields }: Table): Column[] {
  return Object.entries(fields).flatMap(([field, kind]) => columnsOf(field, kind).map((name) => ({ name, kind })));
}

/** The statement that stores `rows`; answers one row when it did and none when the fence is no longer ours. */
export function groupStatement({ node, fence, number }: GroupHead, rows: readonly GroupRow[]): Statement {
  const latest = lastOfEachKey(rows);
  const kinds = KINDS.filter((kind) => latest.has(kind));
  // Of a longer name the server keeps 63 bytes, and two could be the same.
  const name = `group ${kinds.map((kind) => KINDS.indexOf(kind)).join(' ')}`;
  let text = TEXTS.get(name);
  if (text === undefined) {
    text = groupText(kinds);
    TEXTS.set(name, text);
  }
  const values = kinds.flatMap((kind) => columnArrays(kind, latest.get(kind) ?? []));
  return { name, text, values: [node, fence, number, ...values] };
}

function groupText(kinds: readonly RecordKind[]): string {
  let next = FIRST_VALUE;
  const parts = kinds.map((kind) => {
    const from = next;
    next += COLUMNS.get(kind)?.length ?? 0;
    return `stored_${kind} AS (${upsertRows(kind, from, 'WHERE EXISTS (SELECT 1 FROM seat)')})`;
  });
  const seat = 'UPDATE nodes SET batch = $3 WHERE node = $1 AND fence = $2 RETURNING batch';
  return `WITH seat AS (${seat}), ${parts.join(', ')} SELECT batch FROM seat`;
}

/**
 * Stores the rows that lie in arrays from parameter `from` on; the node is $1. `filter` goes behind the list of rows,
 * which is called `r`.
 */
export function upsertRows(kind: RecordKind, from: number, filter: string): string {
  const table = TABLES[kind];
  const columns = COLUMNS.get(kind) ?? [];
  const names = columns.map(({ name }) => `"${name}"`);
  const keys = table.key.flatMap((field) => columnsOf(field, table.fields[field] ?? 'text'));
  const arrays = columns.map((column, index) => `$${from + index}::${COLUMN_TYPES[column.kind]}[]`);
  const rest = columns.filter(({ name }) => !keys.includes(name)).map(({ name }) => `"${name}" = excluded."${name}"`);
  return (
    `INSERT INTO ${table.name} (node, ${names.join(', ')}) ` +
    `SELECT $1::text, ${names.map((name) => `r.${name}`).join(', ')} ` +
    `FROM unnest(${arrays.join(', ')}) AS r (${names.join(', ')}) ${filter} ` +
    `ON CONFLICT (node, ${keys.map((key) => `"${key}"`).join(', ')}) DO UPDATE SET ${rest.join(', ')}`
  );
}

/** One statement may write a row once only; within a transaction only the last version counts anyhow. */
function lastOfEachKey(rows: readonly GroupRow[]): Map<RecordKind, Row[]> {
  const byKind = new Map<RecordKind, Map<string, Row>>();
  for (const { kind, row } of rows) {
    const keyed = byKind.get(kind) ?? new Map<string, Row>();
    byKind.set(kind, keyed.set(keyText(kind, row), row));
  }
  return new Map([...byKind].map(([kind, keyed]) => [kind, [...keyed].sort(byKey).map(([, row]) => row)]));
}

/** In one order everywhere, so that two statements never wait for each other's rows. */
function byKey([a]: readonly [string, Row], [b]: readonly [string, Row]): number {
  return a < b ? -1 : 1;
}

/** Keys are the first columns of every table. */
function keyText(kind: RecordKind, row: Row): string {
  return TABLES[kind].key.length === 1 ? String(row[0]) : `${String(row[0])} ${String(row[1])}`;
}

/** One array of PostgreSQL, in its text form, for each column. */
export function columnArrays(kind: RecordKind, rows: readonly Row[]): string[] {
  return (COLUMNS.get(kind) ?? []).map((column, index) => {
    const cells = rows.map((row) => row[index] ?? 0);
    return `{${cells.map((cell) => cellText(column.kind, cell)).join(',')}}`;
  });
}

function cellText(kind: ColumnKind, cell: Cell): string {
  if (kind === 'bytes') return `"\\\\x${Buffer.from(cell as Uint8Array).toString('hex')}"`;
  if (kind === 'text') return `"${String(cell).replace(/["\\]/g, '\\$&')}"`;
  return String(cell);
}

/** Every row of this node, ordered by key. The node is $1. */
export function loadText(kind: RecordKind): string {
  const table = TABLES[kind];
  const names = (COLUMNS.get(kind) ?? []).map(({ name }) => `"${name}"`).join(', ');
  const keys = table.key.flatMap((field) => columnsOf(field, table.fields[field] ?? 'text'));
  return `SELECT ${names} FROM ${table.name} WHERE node = $1 ORDER BY ${keys.map((key) => `"${key}"`).join(', ')}`;
}
