import type { HistoryNote } from '../core/ledger/history.ts';
import type { SessionNews } from '../core/session/session-effect.ts';
import type { StoreRecord } from '../store/store.ts';
import { channelActOf } from './channel-act.ts';

/** What a record that is written with an account tells of the account's history, beside what the totals show. */
export function noteOf(record: StoreRecord): HistoryNote | undefined {
  switch (record.kind) {
    case 'issued':
      return { entry: 'paid', wei: record.acceptedCumulative, reference: record.chequebook };
    case 'received':
      return { entry: 'received', wei: record.cumulative, reference: record.chequebook };
    case 'channelTotal':
      return {
        entry: record.side === 'mine' ? 'paid' : 'received',
        wei: record.side === 'mine' ? record.acceptedCumulative : record.cumulative,
        reference: record.channel,
      };
    case 'cashing': {
      const entry = CASHED[record.status];
      if (entry === undefined) return undefined;
      return { entry, wei: record.paidOut, gasWei: record.gasWei, reference: record.transaction };
    }
    case 'note':
      return channelActOf(record) ?? transferNote(record.name, record.text);
    default:
      return undefined;
  }
}

const TRANSFER_ACT = 'transfer-act:';

/** Payments by transfer are remembered as notes (`settle/transfer-notes.ts`), with the transaction and what it came to. */
function transferNote(name: string, text: string): HistoryNote | undefined {
  if (name.startsWith(TRANSFER_ACT)) {
    const [entry, wei] = JSON.parse(text) as ['undone' | 'redone', string];
    return { entry, wei: BigInt(wei), reference: name.slice(TRANSFER_ACT.length) };
  }
  if (!name.startsWith('transfer to ') && !name.startsWith('transfers from ')) return undefined;
  const { creditedWei, gasWei, recent, transaction, wei } = JSON.parse(text) as TransferFacts;
  if (transaction !== undefined)
    return { entry: 'paid', wei: BigInt(wei ?? 0), gasWei: BigInt(gasWei ?? 0), reference: transaction };
  const last = recent?.findLast(({ state }) => state === 'credited');
  return { entry: 'received', wei: BigInt(creditedWei ?? 0), reference: last?.key ?? '' };
}

/** What of both is of interest here. */
interface TransferFacts {
  readonly transaction?: string;
  readonly wei?: string;
  readonly gasWei?: string;
  readonly creditedWei?: string;
  readonly recent?: readonly { readonly key: string; readonly state: string }[];
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
