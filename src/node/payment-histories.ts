import type { Clock } from '../core/clock.ts';
import {
  debtSeen,
  faultSeen,
  isCompliant,
  NO_PAYMENTS,
  type PaymentHistory,
  paymentRefused,
  paymentTaken,
} from '../core/credit/payment-history.ts';
import type { ErrorCode } from '../core/errors.ts';
import { Column } from '../core/ledger/columns.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord } from '../store/store.ts';
import type { Known } from './neighbours.ts';
import type { CreditHistory } from './node.ts';

const PREFIX = 'payments:';
const FIELDS = Object.keys(NO_PAYMENTS) as (keyof PaymentHistory)[];

/** How each neighbour has paid, kept up to date from what happens and remembered as notes. */
export class PaymentHistories {
  readonly #clock: Clock;
  readonly #histories = new Map<NodeId, PaymentHistory>();

  constructor(clock: Clock, notes: readonly NoteRecord[]) {
    this.#clock = clock;
    for (const { name, text } of notes) {
      if (name.startsWith(PREFIX)) this.#histories.set(name.slice(PREFIX.length), readHistory(text));
    }
  }

  of(id: NodeId): PaymentHistory {
    return this.#histories.get(id) ?? NO_PAYMENTS;
  }

  /** As the faces show it. */
  view(id: NodeId): Omit<CreditHistory, 'honoured' | 'kept'> {
    const { dueSinceMs, ...history } = this.of(id);
    const overdueMs = dueSinceMs === 0 ? 0 : Math.max(0, this.#clock.wallMs() - dueSinceMs);
    return { ...history, overdueMs, compliant: isCompliant(this.of(id)) };
  }

  /** Something happened with a neighbour. `now`: it is worth writing at once; `later`: it will do with the next write. */
  heard(kind: string, { neighbour }: Known, code: string): 'now' | 'later' | 'nothing' {
    const { account, id } = neighbour;
    const before = this.of(id);
    const payAt = account.mine.newest?.payAt;
    const due = payAt !== undefined && payAt > 0 && account.ledger.get(account.row, Column.balance) >= payAt;
    const after = this.#after(kind, before, due, code as ErrorCode);
    if (after === before) return 'nothing';
    this.#histories.set(id, after);
    const marked = (field: 'bounces' | 'forgeries' | 'disputes') => after[field] !== before[field];
    return marked('bounces') || marked('forgeries') || marked('disputes') ? 'now' : 'later';
  }

  #after(kind: string, before: PaymentHistory, due: boolean, code: ErrorCode): PaymentHistory {
    const nowMs = this.#clock.wallMs();
    if (kind === 'received') return paymentTaken(before, due, nowMs);
    if (kind === 'refused') return paymentRefused(before);
    // A bounce is counted where the chain says so: cheques refused after it are no more of them.
    if (kind === 'bounced') return faultSeen(before, 'CHEQUE_BOUNCED');
    if (kind === 'verdict') return code === 'CHEQUE_BOUNCED' ? before : faultSeen(before, code);
    return kind === 'charged' ? debtSeen(before, due, nowMs) : before;
  }

  /** What is to be remembered of a neighbour. */
  record(id: NodeId): NoteRecord {
    return { kind: 'note', name: PREFIX + id, text: JSON.stringify({ ...this.of(id), dueSinceMs: 0 }) };
  }
}

/** What it cannot read is as if it had never happened: nothing but what is shown depends on it. */
function readHistory(text: string): PaymentHistory {
  let read: Partial<Record<string, unknown>>;
  try {
    read = JSON.parse(text) as Partial<Record<string, unknown>>;
  } catch {
    return NO_PAYMENTS;
  }
  const figures = FIELDS.map((field) => [field, Number.isSafeInteger(read[field]) ? read[field] : 0]);
  return { ...(Object.fromEntries(figures) as unknown as PaymentHistory), dueSinceMs: 0 };
}
