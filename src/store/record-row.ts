import { WayleaveError } from '../core/errors.ts';
import { isNodeId } from '../core/node-id.ts';
import type { StoreRecord } from './store.ts';
import { type Cell, type ColumnKind, columnsOf, TABLES, WORDS } from './tables.ts';

/** A record as cells in the order of the table's columns. */
export type Row = Cell[];

const WEI_LIMIT = 2n ** 256n;

/** Longest decimal of a 256-bit integer. */
const WEI_TEXT = /^(0|[1-9][0-9]{0,77})$/;

/** What becomes of a cell's bytes. */
type BytesCell = (bytes: Uint8Array) => Cell;

const copyOf: BytesCell = (bytes) => new Uint8Array(bytes);

/**
 * The row of a record, behind what `row` holds. Bytes are copied, so that later changes by the caller are not stored, and
 * minus zero becomes zero. Throws `STORE_RECORD_INVALID` for what could not be read back exactly: an unsafe integer, an id
 * in the wrong form, text that is not well-formed Unicode or holds a NUL; cells before that one may be in `row` by then.
 */
export function encodeRecord(record: StoreRecord, row: Row = [], bytesCell: BytesCell = copyOf): Row {
  const table = TABLES[record.kind];
  if (table === undefined) throw new WayleaveError('STORE_RECORD_INVALID', { kind: String(record.kind) });
  const values = record as unknown as Readonly<Record<string, unknown>>;
  for (const field in table.fields) {
    const kind = table.fields[field] as ColumnKind;
    const value = values[field];
    if (kind === 'bytes' && value instanceof Uint8Array) row.push(bytesCell(value));
    else if (!(kind === 'services' ? encodeServices(value, row) : encodeCell(kind, value, row))) {
      throw new WayleaveError('STORE_RECORD_INVALID', { kind: record.kind, field });
    }
  }
  return row;
}

/** The record of a row. Throws `STORE_CORRUPT` where a cell holds what was never written. */
export function decodeRow(kind: StoreRecord['kind'], row: readonly unknown[]): StoreRecord {
  const table = TABLES[kind];
  const record: Record<string, unknown> = { kind };
  let next = 0;
  for (const field in table.fields) {
    const column = table.fields[field] as ColumnKind;
    const value = column === 'services' ? decodeServices(row, next) : decodeCell(column, row[next]);
    if (value === undefined) {
      throw new WayleaveError('STORE_CORRUPT', { table: table.name, column: columnsOf(field, column)[0] });
    }
    record[field] = value;
    next += column === 'services' ? 3 : 1;
  }
  // Every field was checked against the kind that `tables.ts` derives from the record's type.
  return record as unknown as StoreRecord;
}

function encodeServices(value: unknown, row: Row): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  return value.every((part) => encodeCell('integer', part, row));
}

/** Appends one cell; false if the value cannot be stored. */
function encodeCell(kind: ColumnKind, value: unknown, row: Row): boolean {
  switch (typeof value) {
    case 'number':
      if (kind !== 'integer' || !Number.isSafeInteger(value)) return false;
      row.push(value + 0); // turns -0 into 0
      return true;
    case 'boolean':
      if (kind !== 'flag') return false;
      row.push(value ? 1 : 0);
      return true;
    case 'bigint':
      if (kind !== 'wei' || value < 0n || value >= WEI_LIMIT) return false;
      row.push(value.toString());
      return true;
    case 'string':
      if (!isTextOf(kind, value)) return false;
      row.push(value);
      return true;
    default:
      return false;
  }
}

function isTextOf(kind: ColumnKind, value: string): boolean {
  if (kind === 'id') return isNodeId(value);
  // PostgreSQL cannot hold a NUL in text, so no store takes one.
  if (kind === 'text') return value.isWellFormed() && !value.includes('\0');
  return kind in WORDS && (WORDS[kind as keyof typeof WORDS] as readonly string[]).includes(value);
}

function decodeServices(row: readonly unknown[], from: number): number[] | undefined {
  const parts = row.slice(from, from + 3);
  return parts.length === 3 && parts.every((part) => Number.isSafeInteger(part)) ? (parts as number[]) : undefined;
}

/** The value of one cell, undefined if it is not of its kind. */
function decodeCell(kind: ColumnKind, cell: unknown): unknown {
  switch (kind) {
    case 'integer':
      return Number.isSafeInteger(cell) ? cell : undefined;
    case 'flag':
      return cell === 1 ? true : cell === 0 ? false : undefined;
    case 'wei': {
      const value = typeof cell === 'string' && WEI_TEXT.test(cell) ? BigInt(cell) : undefined;
      return value !== undefined && value < WEI_LIMIT ? value : undefined;
    }
    case 'bytes':
      return cell instanceof Uint8Array ? cell : undefined;
    default:
      return typeof cell === 'string' && isTextOf(kind, cell) ? cell : undefined;
  }
}
