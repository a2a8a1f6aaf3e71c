import { SERVICES } from '../service.ts';
import type { HistoryRow, HistoryTotals } from './history.ts';

/** Where rows of history and the totals of the account differ: the figure, as rows have it and as the account has it. */
export interface Unexplained {
  readonly figure: string;
  readonly rows: number;
  readonly account: number;
}

/** What a row did to the link counter. Positive: the neighbour owes more. */
export function effectOf(row: HistoryRow): number {
  return row.provided - row.consumed + row.paid - row.received;
}

/** The link counter that totals come to, corrections included. */
export function balanceOf(totals: HistoryTotals): number {
  let balance = totals.paid - totals.received;
  for (const s of [0, 1, 2] as const) {
    balance += totals.provided[s] + totals.providedCorrection[s];
    balance -= totals.consumed[s] + totals.consumedCorrection[s];
  }
  return balance;
}

/** Adds up all rows of a link and compares every figure with the account's. Empty: every unit and byte is explained. */
export function unexplained(rows: readonly HistoryRow[], account: HistoryTotals): Unexplained[] {
  const found: Unexplained[] = [];
  const compare = (figure: string, of: (row: HistoryRow) => number, total: number, within = rows) => {
    const sum = within.reduce((all, row) => all + of(row), 0);
    if (sum !== total) found.push({ figure, rows: sum, account: total });
  };
  for (const [s, service] of SERVICES.entries()) {
    const of = rows.filter((row) => row.service === service);
    const at = s as 0 | 1 | 2;
    const { provided, consumed, providedBytes, consumedBytes, providedCorrection, consumedCorrection } = account;
    compare(`${service} provided`, (row) => row.provided, provided[at] + providedCorrection[at], of);
    compare(`${service} consumed`, (row) => row.consumed, consumed[at] + consumedCorrection[at], of);
    compare(`${service} bytes provided`, (row) => row.providedBytes, providedBytes[at], of);
    compare(`${service} bytes consumed`, (row) => row.consumedBytes, consumedBytes[at], of);
  }
  compare('paid', (row) => row.paid, account.paid);
  compare('received', (row) => row.received, account.received);
  compare('balance', effectOf, balanceOf(account));
  return found;
}
