import type { ErrorCode } from '../errors.ts';

/** How one neighbour has paid this node (DESIGN §12, credit history). Counts only grow; times are wall milliseconds. */
export interface PaymentHistory {
  /** First seen as a payer. */
  readonly sinceMs: number;
  /** Payments accepted, and those refused for what they were. */
  readonly payments: number;
  readonly refused: number;
  /** Payments that came later than `PROMPT_MS` after its debt had reached payAt: how many, by how much in all, and at worst. */
  readonly late: number;
  readonly lateMs: number;
  readonly worstMs: number;
  /** Its debt has been at payAt or above since then; 0: it is not. Forgotten when this node stops: its absence is no delay. */
  readonly dueSinceMs: number;
  readonly bounces: number;
  readonly forgeries: number;
  /** Statements that differ from this node's books, or cannot be true. */
  readonly disputes: number;
}

/** Who pays within this was not late: a payment takes a round trip, and a busy node a moment. */
export const PROMPT_MS = 30_000;

/** Before anything happened. */
export const NO_PAYMENTS: PaymentHistory = {
  sinceMs: 0,
  payments: 0,
  refused: 0,
  late: 0,
  lateMs: 0,
  worstMs: 0,
  dueSinceMs: 0,
  bounces: 0,
  forgeries: 0,
  disputes: 0,
};

/** The seed's proof of compliance: it has paid, and nothing it gave ever bounced or was forged (seed 002). Late is no fault. */
export function isCompliant({ bounces, forgeries, payments }: PaymentHistory): boolean {
  return payments > 0 && bounces === 0 && forgeries === 0;
}

/** Its debt was looked at: is it at payAt or above? */
export function debtSeen(history: PaymentHistory, due: boolean, nowMs: number): PaymentHistory {
  if (due === history.dueSinceMs > 0) return history;
  return { ...history, dueSinceMs: due ? nowMs : 0 };
}

/** A payment was accepted; `due`: what is left is still at payAt or above. */
export function paymentTaken(history: PaymentHistory, due: boolean, nowMs: number): PaymentHistory {
  const { dueSinceMs, late, lateMs, payments, sinceMs, worstMs } = history;
  const waitedMs = dueSinceMs === 0 ? 0 : Math.max(0, nowMs - dueSinceMs);
  const wasLate = waitedMs > PROMPT_MS;
  return {
    ...history,
    sinceMs: sinceMs === 0 ? nowMs : sinceMs,
    payments: payments + 1,
    late: late + (wasLate ? 1 : 0),
    lateMs: lateMs + (wasLate ? waitedMs : 0),
    worstMs: wasLate ? Math.max(worstMs, waitedMs) : worstMs,
    dueSinceMs: due ? nowMs : 0,
  };
}

const MARKS: Partial<Readonly<Record<ErrorCode, 'bounces' | 'forgeries' | 'disputes'>>> = {
  CHEQUE_BOUNCED: 'bounces',
  CHEQUE_FORGED: 'forgeries',
  CHEQUE_WRONG_ISSUER: 'forgeries',
  STATEMENT_FORGED: 'forgeries',
  STATEMENT_CONTRADICTS: 'disputes',
  STATEMENT_REPEATED: 'disputes',
  STATEMENT_DENIED: 'disputes',
  STATEMENT_UNDERCOUNTS: 'disputes',
  STATEMENT_OVERCOUNTS: 'disputes',
};

/** A fault of the neighbour that marks its history; others leave it as it is. */
export function faultSeen(history: PaymentHistory, code: ErrorCode): PaymentHistory {
  const mark = MARKS[code];
  return mark === undefined ? history : { ...history, [mark]: history[mark] + 1 };
}

/** A payment was refused. */
export function paymentRefused(history: PaymentHistory): PaymentHistory {
  return { ...history, refused: history.refused + 1 };
}
