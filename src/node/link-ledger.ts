import { WayleaveError } from '../core/errors.ts';
import { balanceOf, effectOf, type Unexplained, unexplained } from '../core/ledger/audit.ts';
import type { HistoryEntry } from '../core/ledger/history.ts';
import type { NodeId } from '../core/node-id.ts';
import { SERVICES, type Service } from '../core/service.ts';
import type { HistoryRecord, HistoryView, LinkRecord, Store } from '../store/store.ts';

/** Events that end at `sinceMs` or later and before `untilMs` are told one by one; the rest as sums. Wall milliseconds. */
export interface LedgerQuery {
  readonly neighbour: NodeId;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Every unit on one link explained: before + entries + after = account, or `gaps` says where not. Amounts in units. */
export interface LinkLedger {
  readonly schema: 1;
  readonly neighbour: NodeId;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly account: LedgerAccount;
  /** Sums of what lies before and behind, one a service and one for money. */
  readonly before: readonly LedgerEntry[];
  readonly entries: readonly LedgerEntry[];
  readonly after: readonly LedgerEntry[];
  readonly gaps: readonly Unexplained[];
  readonly ok: boolean;
}

/** The account as the books have it. `provided` and `consumed` with their corrections. */
export interface LedgerAccount {
  /** The link counter. Positive: the neighbour owes this node. */
  readonly balance: number;
  readonly paid: number;
  readonly received: number;
  readonly services: Readonly<Record<Service, LedgerService>>;
  readonly updatedMs: number;
}

export interface LedgerService {
  readonly provided: number;
  readonly consumed: number;
  readonly providedBytes: number;
  readonly consumedBytes: number;
}

export interface LedgerEntry extends LedgerService {
  readonly number: number;
  readonly entry: HistoryEntry;
  readonly service: Service | '';
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: number;
  readonly paid: number;
  readonly received: number;
  /** What it did to the link counter, and where that stood afterwards. */
  readonly effect: number;
  readonly balance: number;
  /** Decimal. */
  readonly wei: string;
  readonly gasWei: string;
  readonly reference: string;
}

/** Entries in one answer: a year of hours, on a link that is never idle. */
export const MAX_ENTRIES = 20_000;

/** Reads it from books that may be in use. Rejects with `LEDGER_NO_ACCOUNT`, `LEDGER_TOO_LONG`, and the store's errors. */
export async function readLedger(store: Store, query: LedgerQuery): Promise<LinkLedger> {
  const view = await store.history({ ...query, limit: MAX_ENTRIES + 1 });
  if (view.rows.length > MAX_ENTRIES) throw new WayleaveError('LEDGER_TOO_LONG', { most: MAX_ENTRIES });
  return ledgerOf(view, query);
}

function ledgerOf({ after, before, link, rows }: HistoryView, query: LedgerQuery): LinkLedger {
  if (link === undefined) throw new WayleaveError('LEDGER_NO_ACCOUNT', { neighbour: query.neighbour });
  const gaps = unexplained([...before, ...rows, ...after], link);
  let balance = 0;
  const entry = (row: HistoryRecord): LedgerEntry => {
    balance += effectOf(row);
    return entryOf(row, balance);
  };
  return {
    schema: 1,
    ...query,
    account: accountOf(link),
    before: before.map(entry),
    entries: rows.map(entry),
    after: after.map(entry),
    gaps,
    ok: gaps.length === 0,
  };
}

function entryOf(row: HistoryRecord, balance: number): LedgerEntry {
  const { entry, events, fromMs, number, reference, service, toMs } = row;
  const { consumed, consumedBytes, paid, provided, providedBytes, received } = row;
  return {
    number,
    entry,
    service,
    fromMs,
    toMs,
    events,
    provided,
    consumed,
    providedBytes,
    consumedBytes,
    paid,
    received,
    effect: effectOf(row),
    balance,
    wei: String(row.wei),
    gasWei: String(row.gasWei),
    reference,
  };
}

function accountOf(link: LinkRecord): LedgerAccount {
  const services = SERVICES.map((service, index) => {
    const s = index as 0 | 1 | 2;
    const figures: LedgerService = {
      provided: link.provided[s] + link.providedCorrection[s],
      consumed: link.consumed[s] + link.consumedCorrection[s],
      providedBytes: link.providedBytes[s],
      consumedBytes: link.consumedBytes[s],
    };
    return [service, figures] as const;
  });
  const { paid, received, updatedMs } = link;
  return {
    balance: balanceOf(link),
    paid,
    received,
    services: Object.fromEntries(services) as Record<Service, LedgerService>,
    updatedMs,
  };
}
