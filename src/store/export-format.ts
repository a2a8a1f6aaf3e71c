import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { decodeRow, encodeRecord } from './record-row.ts';
import type { StoreRecord } from './store.ts';
import { type Cell, type ColumnKind, columnsOf, KINDS, type RecordKind, TABLES, tableColumns } from './tables.ts';

/**
 * Books as lines of JSON, for moving them from one store to another: a head, one line a record, and an end that counts
 * the rows and adds up every column. Wei are decimal text, bytes hexadecimal, names those of the columns (docs/store.md).
 */

/** Raised when a line of an older export would be read wrongly. */
export const EXPORT_VERSION = 4;

export interface ExportHead {
  readonly wayleave: 'export';
  readonly version: number;
  readonly node: NodeId;
  readonly epoch: number;
}

/** By table: the number of rows, and the sum of every column that holds numbers, as decimal text. */
export type Sums = Readonly<Record<string, Readonly<Record<string, string>>>>;

const SUMMED: readonly ColumnKind[] = ['integer', 'services', 'wei', 'flag'];

/** Adds records up. Two books with the same records have the same sums, whichever store they stand in. */
export class Summer {
  readonly #sums = new Map<string, Map<string, bigint>>();

  add(record: StoreRecord): void {
    const { name } = TABLES[record.kind];
    const sums = this.#sums.get(name) ?? new Map<string, bigint>();
    this.#sums.set(name, sums);
    const increase = (key: string, by: bigint) => sums.set(key, (sums.get(key) ?? 0n) + by);
    increase('rows', 1n);
    const row = encodeRecord(record);
    for (const [index, { column, kind }] of columnsWithKind(record.kind).entries()) {
      if (SUMMED.includes(kind)) increase(column, BigInt(row[index] as string | number));
    }
  }

  get sums(): Sums {
    const tables = KINDS.map((kind) => TABLES[kind].name).flatMap((name) => {
      const sums = this.#sums.get(name);
      return sums === undefined ? [] : [[name, Object.fromEntries([...sums].map(([key, sum]) => [key, String(sum)]))]];
    });
    return Object.fromEntries(tables) as Sums;
  }
}

interface NamedColumn {
  readonly column: string;
  readonly kind: ColumnKind;
}

function columnsWithKind(kind: RecordKind): NamedColumn[] {
  return Object.entries(TABLES[kind].fields).flatMap(([field, of]) =>
    columnsOf(field, of).map((column) => ({ column, kind: of })),
  );
}

/** One record as a line, without its end. */
export function recordLine(record: StoreRecord): string {
  const row = encodeRecord(record);
  const cells = tableColumns(TABLES[record.kind]).map((column, index) => [column, jsonCell(row[index] ?? 0)]);
  return JSON.stringify({ kind: record.kind, ...Object.fromEntries(cells) });
}

function jsonCell(cell: Cell): string | number {
  return typeof cell === 'object' ? Buffer.from(cell).toString('hex') : cell;
}

/** The record of a line. Throws `EXPORT_INVALID`. */
export function readRecord(line: string, number: number): StoreRecord {
  try {
    const values = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const kind = KINDS.find((each) => each === values['kind']);
    if (kind === undefined) throw new WayleaveError('EXPORT_INVALID', { kind: String(values['kind']) });
    const columns = columnsWithKind(kind);
    if (Object.keys(values).length !== columns.length + 1) throw new WayleaveError('EXPORT_INVALID', { kind });
    return decodeRow(
      kind,
      columns.map((column) => cellOf(column.kind, values[column.column])),
    );
  } catch (error) {
    throw new WayleaveError('EXPORT_INVALID', { line: number, reason: String(error) }, error);
  }
}

function cellOf(kind: ColumnKind, value: unknown): unknown {
  if (kind !== 'bytes') return value;
  return typeof value === 'string' && /^([0-9a-f]{2})*$/.test(value)
    ? new Uint8Array(Buffer.from(value, 'hex'))
    : value;
}

/** The first sum that is not the same in both, as `table.column`; undefined where all are. */
export function unequalSum(a: Sums, b: Sums): string | undefined {
  for (const table of Object.keys({ ...a, ...b })) {
    const [here, there] = [a[table] ?? {}, b[table] ?? {}];
    const column = Object.keys({ ...here, ...there }).find((each) => here[each] !== there[each]);
    if (column !== undefined) return `${table}.${column}`;
  }
  return undefined;
}
