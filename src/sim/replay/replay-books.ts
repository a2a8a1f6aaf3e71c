import { DatabaseSync } from 'node:sqlite';
import type { NodeId } from '../../core/node-id.ts';
import type { Books } from '../trace.ts';

/* Reads what a process left on its disk, by docs/store.md alone: nothing of the node is asked what it meant. */

type Row = Record<string, bigint | string>;

const TOTALS = [
  'provided',
  'consumed',
  'provided_bytes',
  'consumed_bytes',
  'provided_remainder',
  'consumed_remainder',
  'provided_correction',
  'consumed_correction',
] as const;

const LINK = `SELECT paid, received, ${TOTALS.map(
  (name) => `${name}_transit + ${name}_chunks + ${name}_packets AS ${name}`,
).join(', ')} FROM links WHERE neighbour = ?`;
const WRITTEN = 'SELECT cumulative, payment_id FROM issued_cheques WHERE beneficiary = ?';
const TAKEN = 'SELECT cumulative FROM received_cheques WHERE neighbour = ?';

/** What the store of a node that has exited says about a neighbour. Throws what SQLite throws where it cannot be read. */
export function booksOnDisk(path: string, neighbour: NodeId): Omit<Books, 'node' | 'neighbour'> {
  const store = new DatabaseSync(path, { readOnly: true });
  try {
    const read = (sql: string): Row => {
      const statement = store.prepare(sql);
      statement.setReadBigInts(true);
      return (statement.get(neighbour) as Row | undefined) ?? {};
    };
    const [link, written, taken] = [read(LINK), read(WRITTEN), read(TAKEN)];
    const units = (name: (typeof TOTALS)[number] | 'paid' | 'received'): number => Number(link[name] ?? 0);
    return {
      provided: units('provided'),
      consumed: units('consumed'),
      providedBytes: units('provided_bytes'),
      consumedBytes: units('consumed_bytes'),
      providedRemainder: units('provided_remainder'),
      consumedRemainder: units('consumed_remainder'),
      providedCorrection: units('provided_correction'),
      consumedCorrection: units('consumed_correction'),
      paid: units('paid'),
      received: units('received'),
      payments: Number(written['payment_id'] ?? 0),
      writtenWei: BigInt(written['cumulative'] ?? 0),
      takenWei: BigInt(taken['cumulative'] ?? 0),
    };
  } finally {
    store.close();
  }
}
