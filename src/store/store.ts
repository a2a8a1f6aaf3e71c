import type { HistoryRow } from '../core/ledger/history.ts';
import type { NodeId } from '../core/node-id.ts';

/**
 * The store port: what a node remembers. A `commit` is one atomic, durable batch; batches that arrive together share
 * one sync (group commit). Every record is a whole row that replaces the row with the same key, so a redelivered
 * batch changes nothing. `test/conformance/store.ts` runs against every implementation.
 */
export interface Store {
  /** All that is remembered but the history, read once at start. */
  load(): Promise<StoredState>;
  /**
   * Resolves when the batch is durable (survives a power cut). Batches are applied in call order. Rejects with
   * `STORE_FULL`, `STORE_FAILED`; after that nothing of the batch is stored.
   */
  commit(records: readonly StoreRecord[]): Promise<void>;
  /** What explains one link's account, and the account, as they stand together at one moment. */
  history(query: HistoryQuery): Promise<HistoryView>;
  /** Rows of history in the order of neighbour and number, from the one behind `after`, at most `limit`. */
  historyPage(limit: number, after?: HistoryKey): Promise<readonly HistoryRecord[]>;
  /** Sums all but the newest rows of a link that end before `beforeMs`: one row a service, and one for money. */
  foldHistory(neighbour: NodeId, beforeMs: number): Promise<void>;
  /** A consistent copy into one file. Throws `BACKUP_EXISTS`, `STORE_FAILED`. */
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface StoredState {
  /** Counts restores: a new store, and each restored backup, starts a new epoch (DESIGN §3, statements). */
  readonly epoch: number;
  readonly links: readonly LinkRecord[];
  readonly terms: readonly TermsRecord[];
  readonly issued: readonly IssuedChequeRecord[];
  readonly received: readonly ReceivedChequeRecord[];
  readonly cashings: readonly CashingRecord[];
  readonly notes: readonly NoteRecord[];
  readonly statements: readonly StatementRecord[];
  readonly credits: readonly CreditRecord[];
  readonly channelTotals: readonly ChannelTotalRecord[];
}

/** One link account. Amounts in units; remainders in millionths of a unit, by service in the order of `core/service.ts`. */
export interface LinkRecord {
  readonly kind: 'link';
  readonly neighbour: NodeId;
  readonly provided: readonly [number, number, number];
  readonly consumed: readonly [number, number, number];
  readonly providedBytes: readonly [number, number, number];
  readonly consumedBytes: readonly [number, number, number];
  readonly providedRemainder: readonly [number, number, number];
  readonly consumedRemainder: readonly [number, number, number];
  readonly attempts: number;
  readonly paid: number;
  readonly received: number;
  /** Signed corrections by reconciliation, of what was provided and of what was consumed, by service. */
  readonly providedCorrection: readonly [number, number, number];
  readonly consumedCorrection: readonly [number, number, number];
  /** Of what was written off in the neighbour's favour, so much stands against it no more. Units. */
  readonly faded: number;
  /** Given less taken, by service, of what is exchanged one for one. Units, signed. */
  readonly barterNet: readonly [number, number, number];
  /** "Up to this much more may be charged before the next record" (DESIGN §3, lease). 0 after a clean stop. */
  readonly lease: number;
  /** When the link was choked, wall milliseconds; 0 when it is not. */
  readonly chokedSinceMs: number;
  /** Set by conduct: no service, payments only. */
  readonly closed: boolean;
  readonly updatedMs: number;
  /** Rows of history made so far: the highest number among them. */
  readonly historyRows: number;
}

/** The last terms sent to (`side: 'mine'`) or taken from (`side: 'theirs'`) a neighbour, in wire form. */
export interface TermsRecord {
  readonly kind: 'terms';
  readonly neighbour: NodeId;
  readonly side: 'mine' | 'theirs';
  readonly epoch: number;
  readonly bytes: Uint8Array;
}

/** The last cheque to one beneficiary on one chequebook. Amounts in the token's smallest unit (wei). */
export interface IssuedChequeRecord {
  readonly kind: 'issued';
  readonly chequebook: NodeId;
  readonly beneficiary: NodeId;
  readonly cumulative: bigint;
  readonly signature: Uint8Array;
  /** Units: what is pending, with this last cheque; once all was taken, what was pending before that. */
  readonly amount: number;
  readonly paymentId: number;
  /** The cumulative the beneficiary acknowledged as accepted. */
  readonly acceptedCumulative: bigint;
  /** Units paid that were not a whole number of wei yet, as a numerator (carried remainder). */
  readonly remainder: bigint;
  /** What this node has paid of the cumulative amount: all of it, unless other nodes pay from the chequebook, too. */
  readonly ownCumulative: bigint;
}

/** The last cheque taken from one chequebook. */
export interface ReceivedChequeRecord {
  readonly kind: 'received';
  readonly chequebook: NodeId;
  readonly neighbour: NodeId;
  readonly issuer: NodeId;
  readonly cumulative: bigint;
  readonly signature: Uint8Array;
  /** What the contract has paid out to us on this chequebook, as last seen. */
  readonly cashedCumulative: bigint;
  /** All that was credited from this chequebook, in units, and the wei not yet worth a unit. */
  readonly creditedUnits: number;
  readonly remainderWei: bigint;
  readonly bounced: boolean;
}

/**
 * The newest total that one party of a channel has signed: mine, of what I have paid in it, or theirs. The last of a
 * closed channel stays.
 */
export interface ChannelTotalRecord {
  readonly kind: 'channelTotal';
  readonly channel: NodeId;
  readonly side: 'mine' | 'theirs';
  readonly neighbour: NodeId;
  /** Whom the total pays: the payee of the other party. */
  readonly beneficiary: NodeId;
  readonly cumulative: bigint;
  readonly signature: Uint8Array;
  /** Units. Mine: what is pending, with the last payment; once all was taken, what was pending before that. Theirs: all that was credited. */
  readonly amount: number;
  /** Mine: what the last payment travels under. Theirs: 0. */
  readonly paymentId: number;
  /** Mine: what the other party acknowledged. Theirs: what the chain knows of. */
  readonly acceptedCumulative: bigint;
  /** Mine: units that were no whole wei yet, as a numerator. Theirs: wei not yet worth a unit. */
  readonly remainder: bigint;
}

/** One attempt to cash, kept so that it resumes after a restart. */
export interface CashingRecord {
  readonly kind: 'cashing';
  readonly transaction: string;
  readonly chequebook: NodeId;
  readonly cumulative: bigint;
  readonly status: 'sent' | 'mined' | 'bounced' | 'failed';
  readonly paidOut: bigint;
  readonly gasWei: bigint;
  readonly atMs: number;
}

/** Small facts by name, for example the address of this node's chequebook. */
export interface NoteRecord {
  readonly kind: 'note';
  readonly name: string;
  readonly text: string;
}

/**
 * A signed statement about one link, as it travels (DESIGN §3): the last one of mine, the last one of theirs, and one of
 * theirs that cannot be true together with another, kept as evidence.
 */
export interface StatementRecord {
  readonly kind: 'statement';
  readonly neighbour: NodeId;
  readonly party: 'mine' | 'theirs' | 'disputed';
  readonly storeEpoch: number;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** What one neighbour's credit has come to; `core/credit/credit.ts` says what it means. Amounts in units. */
export interface CreditRecord {
  readonly kind: 'credit';
  readonly neighbour: NodeId;
  /** Granted beyond a newcomer's credit. */
  readonly earned: number;
  /** Income from it that no longer counts, since it was forfeited. Signed. */
  readonly base: number;
  /** What access cost this node that it sold on to it, and what cashing its cheques cost. */
  readonly cost: number;
  readonly gas: number;
  /** By how much it grew on `day`, a day of UTC counted from 1970. */
  readonly day: number;
  readonly grown: number;
  /** The day on which it took one of the newcomers' places; 0: never. */
  readonly newcomerDay: number;
  /** No credit at all, until the operator says otherwise. */
  readonly barred: boolean;
  readonly updatedMs: number;
}

/**
 * One row of a link's history (`core/ledger/history.ts`). Written in one batch with the account it explains, so that the rows of
 * a link always add up to its record.
 */
export interface HistoryRecord extends HistoryRow {
  readonly kind: 'history';
  readonly neighbour: NodeId;
}

export type HistoryKey = Pick<HistoryRecord, 'neighbour' | 'number'>;

/** Rows that end at `sinceMs` or later and before `untilMs` are told one by one. Wall milliseconds. */
export interface HistoryQuery {
  readonly neighbour: NodeId;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** The most rows to be told. */
  readonly limit: number;
}

export interface HistoryView {
  /** The account that all rows together explain; undefined where there is none. */
  readonly link: LinkRecord | undefined;
  /** What lies before and behind, summed: one row a service, and one for money. */
  readonly before: readonly HistoryRecord[];
  readonly rows: readonly HistoryRecord[];
  readonly after: readonly HistoryRecord[];
}

/** So many of the newest rows of a link are never folded: the last may still be written again. */
export const UNFOLDED_ROWS = 16;

export type StoreRecord =
  | LinkRecord
  | TermsRecord
  | IssuedChequeRecord
  | ReceivedChequeRecord
  | CashingRecord
  | NoteRecord
  | StatementRecord
  | CreditRecord
  | HistoryRecord
  | ChannelTotalRecord;
