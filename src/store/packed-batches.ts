import type { Batch, TableRow } from './sqlite-messages.ts';
import type { Cell } from './tables.ts';

/**
 * Batches on their way to the store's thread, as a few flat lists. What is cloned between threads costs by the object, so
 * nested rows with bytes in them would cost as much as writing them does.
 */
export interface PackedBatches {
  /** Of each batch, its number and how many rows it has. */
  readonly batches: readonly number[];
  /** Of each row, its table and how many cells it has. */
  readonly rows: readonly number[];
  /** The cells of all rows, bytes as text of one character each. */
  readonly cells: readonly Cell[];
  /** Which cells are bytes. */
  readonly bytesAt: readonly number[];
}

export function unpackBatches({ batches, bytesAt, cells, rows }: PackedBatches): Batch[] {
  const all: Cell[] = [...cells];
  for (const at of bytesAt) all[at] = Buffer.from(cells[at] as string, 'latin1');
  const found: Batch[] = [];
  let [row, cell] = [0, 0];
  for (let at = 0; at < batches.length; at += 2) {
    const of: TableRow[] = [];
    for (let count = batches[at + 1] as number; count > 0; count -= 1) {
      const to = cell + (rows[row + 1] as number);
      of.push({ table: rows[row] as number, row: all.slice(cell, to) });
      row += 2;
      cell = to;
    }
    found.push({ id: batches[at] as number, rows: of });
  }
  return found;
}
