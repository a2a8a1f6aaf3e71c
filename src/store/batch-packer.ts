import type { PackedBatches } from './packed-batches.ts';
import { encodeRecord } from './record-row.ts';
import type { StoreRecord } from './store.ts';
import { type Cell, KINDS } from './tables.ts';

const TABLE_OF = new Map(KINDS.map((kind, table) => [kind as string, table]));

/** Batches that are to leave together. Records are written out as they come: nothing of them is kept or copied twice. */
export class BatchPacker {
  readonly #batches: number[] = [];
  readonly #rows: number[] = [];
  readonly #cells: Cell[] = [];
  readonly #bytesAt: number[] = [];

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  get packed(): PackedBatches {
    return { batches: this.#batches, rows: this.#rows, cells: this.#cells, bytesAt: this.#bytesAt };
  }

  /** Throws `STORE_RECORD_INVALID` as `encodeRecord` does: then nothing of the batch is in. */
  add(id: number, records: readonly StoreRecord[]): void {
    const [rows, cells, bytes] = [this.#rows.length, this.#cells.length, this.#bytesAt.length];
    try {
      for (const record of records) this.#put(record);
    } catch (error) {
      this.#rows.length = rows;
      this.#cells.length = cells;
      this.#bytesAt.length = bytes;
      throw error;
    }
    this.#batches.push(id, records.length);
  }

  #put(record: StoreRecord): void {
    const from = this.#cells.length;
    encodeRecord(record, this.#cells, this.#asText);
    this.#rows.push(TABLE_OF.get(record.kind) ?? -1, this.#cells.length - from);
  }

  readonly #asText = (bytes: Uint8Array): string => {
    this.#bytesAt.push(this.#cells.length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  };
}
