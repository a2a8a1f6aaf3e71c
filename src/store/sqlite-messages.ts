import type { NodeId } from '../core/node-id.ts';
import type { PackedBatches } from './packed-batches.ts';
import type { Row } from './record-row.ts';
import type { Fault } from './sqlite-fault.ts';

/** What the two sides of the embedded store say to each other. Everything in it survives structured cloning. */

/** Given to the worker when it starts. The statements come along, so that the worker need not know the records. */
export interface WorkerStart {
  readonly path: string;
  readonly nodeId: NodeId;
  readonly maxBytes: number | undefined;
  /** One upsert a table, in the order of `KINDS`, and one select for each that is loaded. */
  readonly upserts: readonly string[];
  readonly selects: readonly string[];
}

/** A row and the table it belongs to, as a position in `KINDS`. */
export interface TableRow {
  readonly table: number;
  readonly row: Row;
}

/** One batch: all of its rows are stored, or none. */
export interface Batch {
  readonly id: number;
  readonly rows: readonly TableRow[];
}

/** A statement that is no commit of records. */
export interface Query {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export type Request =
  | { readonly op: 'commit'; readonly packed: PackedBatches }
  | { readonly op: 'load'; readonly id: number }
  /** Done together, in one transaction where they write. */
  | { readonly op: 'query'; readonly id: number; readonly queries: readonly Query[]; readonly writes: boolean }
  | { readonly op: 'backup'; readonly id: number; readonly path: string }
  | { readonly op: 'close'; readonly id: number };

export type Reply =
  /** The store is open; sent first, or else `unopened`. */
  | { readonly op: 'opened' }
  | { readonly op: 'unopened'; readonly fault: Fault }
  /** These requests are done, those failed; `syncs` counts the transactions of commits that this took. */
  | Settled
  /** Some rows of a table, for the load that is under way. */
  | { readonly op: 'page'; readonly id: number; readonly table: number; readonly rows: readonly (readonly unknown[])[] }
  /** What each of the queries found. */
  | { readonly op: 'found'; readonly id: number; readonly found: readonly (readonly (readonly unknown[])[])[] }
  /** The load is complete. */
  | { readonly op: 'loaded'; readonly id: number; readonly epoch: number };

export interface Settled {
  readonly op: 'settled';
  readonly done: readonly number[];
  readonly failed: readonly Failure[];
  readonly syncs: number;
}

export interface Failure {
  readonly id: number;
  readonly fault: Fault;
}
