import type { NodeId } from '../core/node-id.ts';
import { type HistorySql, historySql } from './history-sql.ts';
import { decodeRow } from './record-row.ts';
import type { Query } from './sqlite-messages.ts';
import type { HistoryKey, HistoryQuery, HistoryRecord, HistoryView, LinkRecord } from './store.ts';

export const SQLITE_HISTORY = historySql({ mark: (n) => `?${n}`, scope: () => '', owner: '', wei: 'TEXT' });

/** Every statement takes the node as one value more, the last. */
export const POSTGRES_HISTORY = historySql({
  mark: (n) => `$${n}`,
  scope: (values) => `node = $${values + 1} AND `,
  owner: 'node, ',
  wei: 'numeric',
});

const EVER = Number.MAX_SAFE_INTEGER;

/** In the order that `historyView` reads. To be run on one state of the tables. */
export function historyQueries(sql: HistorySql, { neighbour, sinceMs, untilMs, limit }: HistoryQuery): Query[] {
  return [
    { sql: sql.link, values: [neighbour] },
    { sql: sql.sums, values: [neighbour, -EVER, sinceMs] },
    { sql: sql.rows, values: [neighbour, sinceMs, untilMs, limit] },
    { sql: sql.sums, values: [neighbour, Math.max(sinceMs, untilMs), EVER] },
  ];
}

export function historyView(found: readonly (readonly (readonly unknown[])[])[]): HistoryView {
  const [link = [], before = [], rows = [], after = []] = found;
  const history = (cells: readonly unknown[]) => decodeRow('history', cells) as HistoryRecord;
  return {
    link: link[0] === undefined ? undefined : (decodeRow('link', link[0]) as LinkRecord),
    before: before.map(history),
    rows: rows.map(history),
    after: after.map(history),
  };
}

export function pageQuery(sql: HistorySql, limit: number, after?: HistoryKey): Query {
  return { sql: sql.page, values: [after?.neighbour ?? '', after?.number ?? 0, limit] };
}

export function foldQueries(sql: HistorySql, neighbour: NodeId, beforeMs: number): Query[] {
  return sql.fold.map((text) => ({ sql: text, values: [neighbour, beforeMs] }));
}
