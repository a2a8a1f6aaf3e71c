import type { HistoryNote } from '../core/history.ts';
import type { SessionNews } from '../core/session-effect.ts';
import type { StoreRecord } from '../store/store.ts';

/** What a record that is written with an account tells of the account's history, beside what the totals show. */
export function noteOf(record: StoreRecord): HistoryNote | undefined {
  switch (record.kind) {
    case 'issued':
      return { entry: 'paid', wei: record.acceptedCumulative, reference: record.chequebook };
    case 'received':
      return { entry: 'received', wei: record.cumulative, reference: record.chequebook };
    case 'cashing': {
      const entry = CASHED[record.status];
      if (entry === undefined) return undefined;
      return { entry, wei: record.paidOut, gasWei: record.gasWei, reference: record.transaction };
    }
    default:
      return undefined;
  }
}

const CASHED = { mined: 'cashed', bounced: 'bounced', failed: 'failed', sent: undefined } as const;

/** A statement of the neighbour that is worse for this node than its own books. */
export function disputeOf(facts: SessionNews['facts']): HistoryNote {
  const { cause, service, side, units } = facts;
  return {
    entry: 'dispute',
    reference: `${service ?? ''} ${side ?? ''} by ${units ?? 0} units, ${cause ?? ''}`.trim(),
  };
}
