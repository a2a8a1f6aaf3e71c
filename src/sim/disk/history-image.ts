import {
  type HistoryQuery,
  type HistoryRecord,
  type HistoryView,
  type LinkRecord,
  UNFOLDED_ROWS,
} from '../../store/store.ts';

/** The history of a simulated disk: what `store/history-sql.ts` does with tables, done with a map. */
export type HistoryRows = Map<string, HistoryRecord>;

const EVER = Number.MAX_SAFE_INTEGER;

export function historyKey({ neighbour, number }: HistoryRecord): string {
  return `${neighbour} ${number}`;
}

/** By neighbour and number. */
export function inOrder(rows: HistoryRows): HistoryRecord[] {
  return [...rows.values()].sort((a, b) =>
    a.neighbour === b.neighbour ? a.number - b.number : a.neighbour < b.neighbour ? -1 : 1,
  );
}

export function viewOf(rows: HistoryRows, link: LinkRecord | undefined, query: HistoryQuery): HistoryView {
  const all = inOrder(rows).filter(({ neighbour }) => neighbour === query.neighbour);
  const within = (from: number, to: number) => all.filter(({ toMs }) => toMs >= from && toMs < to);
  return {
    link,
    before: summed(within(-EVER, query.sinceMs)),
    rows: within(query.sinceMs, query.untilMs).slice(0, query.limit),
    after: summed(within(Math.max(query.sinceMs, query.untilMs), EVER)),
  };
}

export function foldRows(rows: HistoryRows, link: LinkRecord | undefined, beforeMs: number): void {
  if (link === undefined) return;
  const newest = link.historyRows - UNFOLDED_ROWS;
  const old = inOrder(rows).filter(
    ({ neighbour, number, toMs }) => neighbour === link.neighbour && toMs < beforeMs && number <= newest,
  );
  for (const row of old) rows.delete(historyKey(row));
  for (const row of summed(old)) rows.set(historyKey(row), row);
}

/** One row a service, and one for money. */
function summed(rows: readonly HistoryRecord[]): HistoryRecord[] {
  const groups = Map.groupBy(rows, ({ service }) => service);
  return [...groups.values()].map(sumOf).sort((a, b) => (a.service < b.service ? -1 : 1));
}

function sumOf(rows: readonly HistoryRecord[]): HistoryRecord {
  const first = rows[0] as HistoryRecord;
  const sum = (of: (row: HistoryRecord) => number) => rows.reduce((all, row) => all + of(row), 0);
  return {
    kind: 'history',
    neighbour: first.neighbour,
    number: Math.max(...rows.map(({ number }) => number)),
    entry: 'opening',
    service: first.service,
    fromMs: Math.min(...rows.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...rows.map(({ toMs }) => toMs)),
    events: sum((row) => row.events),
    provided: sum((row) => row.provided),
    consumed: sum((row) => row.consumed),
    providedBytes: sum((row) => row.providedBytes),
    consumedBytes: sum((row) => row.consumedBytes),
    paid: sum((row) => row.paid),
    received: sum((row) => row.received),
    wei: 0n,
    gasWei: 0n,
    reference: '',
  };
}
