import { UNFOLDED_ROWS } from './store.ts';
import { quoted, TABLES, tableColumns } from './tables.ts';

/** The statements about history, the same for SQLite and PostgreSQL but for the marks of values and whose rows are meant. */
export interface HistoryDialect {
  /** The mark of the n-th value, from 1. */
  readonly mark: (n: number) => string;
  /** Put before every condition; names the node where several share a table. May use one value more than `values`. */
  readonly scope: (values: number) => string;
  /** Columns that go before the key. */
  readonly owner: string;
  /** How an amount in wei is stored. */
  readonly wei: string;
}

export interface HistorySql {
  /** neighbour */
  readonly link: string;
  /** neighbour, from, until: rows that end within, summed a service. */
  readonly sums: string;
  /** neighbour, from, until, limit: rows that end within. */
  readonly rows: string;
  /** neighbour, number, limit: rows behind this key. */
  readonly page: string;
  /** neighbour, before: in this order, in one transaction. */
  readonly fold: readonly string[];
}

const SUMMED = ['events', 'provided', 'consumed', 'provided_bytes', 'consumed_bytes', 'paid', 'received'];

const sums = SUMMED.map((column) => `CAST(sum(${column}) AS bigint)`).join(', ');

/** Neighbour, number, entry, service, times, sums, wei, gas, reference: in the order of the table's columns. */
const summary = (number: string, wei: string) =>
  `neighbour, ${number}, 'opening', service, min(from_ms), max(to_ms), ${sums}, ` +
  `CAST('0' AS ${wei}), CAST('0' AS ${wei}), ''`;

export function historySql({ mark, scope, owner, wei }: HistoryDialect): HistorySql {
  const columns = quoted(tableColumns(TABLES.history));
  const of = (values: number) => `FROM history WHERE ${scope(values)}neighbour = ${mark(1)}`;
  const within = (values: number) => `${of(values)} AND to_ms >= ${mark(2)} AND to_ms < ${mark(3)}`;
  const newest = `(SELECT history_rows - ${UNFOLDED_ROWS} FROM links WHERE ${scope(2)}neighbour = ${mark(1)})`;
  const old = `${of(2)} AND number > 0 AND to_ms < ${mark(2)} AND number <= ${newest}`;
  return {
    link: `SELECT ${quoted(tableColumns(TABLES.link))} FROM links WHERE ${scope(1)}neighbour = ${mark(1)}`,
    sums: `SELECT ${summary('max(number)', wei)} ${within(3)} GROUP BY neighbour, service ORDER BY service`,
    rows: `SELECT ${columns} ${within(4)} ORDER BY number LIMIT ${mark(4)}`,
    page:
      `SELECT ${columns} FROM history WHERE ${scope(3)}(neighbour, number) > (${mark(1)}, ${mark(2)}) ` +
      `ORDER BY neighbour, number LIMIT ${mark(3)}`,
    // Under negative numbers first, since the sums take the places of the last rows they sum.
    fold: [
      `INSERT INTO history (${owner}${columns}) SELECT ${owner}${summary('-max(number)', wei)} ${old} ` +
        `GROUP BY ${owner}neighbour, service`,
      `DELETE ${old}`,
      `UPDATE history SET number = -number WHERE ${scope(2)}neighbour = ${mark(1)} AND number < 0 AND to_ms < ${mark(2)}`,
    ],
  };
}

/** What an account came to before there was a history: one row a service, and one for money. */
export function openingRows(key: string): string {
  const columns = 'number, entry, service, from_ms, to_ms, events';
  const totals = 'provided, consumed, provided_bytes, consumed_bytes, paid, received, wei, gas_wei, reference';
  const head = (number: number, service: string) => `${number}, 'opening', '${service}', updated_ms, updated_ms, 1`;
  const net = (side: string, service: string) => `${side}_${service} + ${side}_correction_${service}`;
  const rows = ['transit', 'chunks', 'packets'].map((service, index) => {
    const bytes = `provided_bytes_${service}, consumed_bytes_${service}`;
    return `${head(index + 1, service)}, ${net('provided', service)}, ${net('consumed', service)}, ${bytes}, 0, 0`;
  });
  rows.push(`${head(4, '')}, 0, 0, 0, 0, paid, received`);
  const inserts = rows.map(
    (row) => `INSERT INTO history (${key}, ${columns}, ${totals}) SELECT ${key}, ${row}, '0', '0', '' FROM links;`,
  );
  return `${inserts.join('\n')}\nUPDATE links SET history_rows = ${rows.length};`;
}
