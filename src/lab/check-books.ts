import { DatabaseSync } from 'node:sqlite';

/*
 * The checker's own reading of a node's store, by `docs/store.md` alone. It shares no code with the node, so that a
 * fault in the node's arithmetic cannot hide in the check of it; a test holds that it imports nothing of `src/`.
 */

/** One link account as its owner wrote it. Amounts in units, summed over services; wei as bigint. */
export interface LinkBook {
  readonly provided: bigint;
  readonly consumed: bigint;
  readonly providedBytes: bigint;
  readonly consumedBytes: bigint;
  /** Millionths of a unit not charged yet. */
  readonly providedRemainder: bigint;
  readonly paid: bigint;
  readonly received: bigint;
  readonly providedCorrection: bigint;
  readonly consumedCorrection: bigint;
  readonly lease: bigint;
  /** provided − consumed + paid − received: positive when the neighbour owes. */
  readonly balance: bigint;
  /** Σ provided corrections − Σ consumed corrections. */
  readonly writeOff: bigint;
  /** What the history of the link adds up to: its counter, write-offs included. */
  readonly told: bigint;
}

/** Cheques written to one neighbour. */
export interface IssuedBook {
  /** How many were written: payment ids count from 1, a cheque each. */
  readonly count: bigint;
  readonly cumulativeWei: bigint;
  readonly acceptedWei: bigint;
}

/** Cheques taken from one neighbour. */
export interface ReceivedBook {
  readonly cumulativeWei: bigint;
  readonly cashedWei: bigint;
  /** Transactions that were mined for them. */
  readonly cashings: bigint;
}

/** What one node remembers, by neighbour's address. */
export interface Books {
  /** Whose store it says it is. */
  readonly owner: string;
  readonly links: ReadonlyMap<string, LinkBook>;
  readonly issued: ReadonlyMap<string, IssuedBook>;
  readonly received: ReadonlyMap<string, ReceivedBook>;
}

type Row = Record<string, unknown>;

/** Reads the store of a node that has exited. Throws what SQLite throws when it is not there or cannot be read. */
export function readBooks(path: string): Books {
  const store = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = (sql: string): Row[] => {
      const statement = store.prepare(sql);
      statement.setReadBigInts(true);
      return statement.all();
    };
    return {
      owner: word(rows("SELECT value FROM meta WHERE name = 'node'")[0] ?? {}, 'value'),
      links: byNeighbour(rows(LINKS), linkBook),
      issued: byNeighbour(rows(ISSUED), issuedBook),
      received: byNeighbour(rows(RECEIVED), (row) => receivedBook(row, rows(CASHINGS))),
    };
  } finally {
    store.close();
  }
}

const overServices = (name: string): string => `${name}_transit + ${name}_chunks + ${name}_packets AS ${name}`;

const LINKS = `SELECT neighbour, ${[
  'provided',
  'consumed',
  'provided_bytes',
  'consumed_bytes',
  'provided_remainder',
  'provided_correction',
  'consumed_correction',
]
  .map(overServices)
  .join(', ')}, paid, received, lease,
  (SELECT coalesce(sum(h.provided - h.consumed + h.paid - h.received), 0) FROM history h
    WHERE h.neighbour = links.neighbour) AS told FROM links`;
const ISSUED = 'SELECT beneficiary AS neighbour, cumulative, accepted_cumulative, payment_id FROM issued_cheques';
const RECEIVED = 'SELECT neighbour, chequebook, cumulative, cashed_cumulative FROM received_cheques';
const CASHINGS = "SELECT chequebook, count(*) AS n FROM cashings WHERE status = 'mined' GROUP BY chequebook";

function byNeighbour<Book>(rows: readonly Row[], read: (row: Row) => Book): Map<string, Book> {
  return new Map(rows.map((row) => [word(row, 'neighbour'), read(row)]));
}

function word(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : '';
}

/** Integers come as bigint, amounts of wei as decimal text. */
function whole(row: Row, column: string): bigint {
  const value = row[column];
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string' && /^\d+$/.test(value)) return BigInt(value);
  throw new Error(`column ${column} does not hold an integer`);
}

function linkBook(row: Row): LinkBook {
  const provided = whole(row, 'provided');
  const consumed = whole(row, 'consumed');
  const paid = whole(row, 'paid');
  const received = whole(row, 'received');
  const providedCorrection = whole(row, 'provided_correction');
  const consumedCorrection = whole(row, 'consumed_correction');
  return {
    provided,
    consumed,
    providedBytes: whole(row, 'provided_bytes'),
    consumedBytes: whole(row, 'consumed_bytes'),
    providedRemainder: whole(row, 'provided_remainder'),
    paid,
    received,
    providedCorrection,
    consumedCorrection,
    lease: whole(row, 'lease'),
    balance: provided - consumed + paid - received,
    writeOff: providedCorrection - consumedCorrection,
    told: whole(row, 'told'),
  };
}

function issuedBook(row: Row): IssuedBook {
  return {
    count: whole(row, 'payment_id'),
    cumulativeWei: whole(row, 'cumulative'),
    acceptedWei: whole(row, 'accepted_cumulative'),
  };
}

function receivedBook(row: Row, cashings: readonly Row[]): ReceivedBook {
  const mined = cashings.find((each) => each['chequebook'] === row['chequebook']);
  return {
    cumulativeWei: whole(row, 'cumulative'),
    cashedWei: whole(row, 'cashed_cumulative'),
    cashings: mined === undefined ? 0n : whole(mined, 'n'),
  };
}
