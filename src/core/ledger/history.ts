import { SERVICES, type Service } from '../service.ts';
import type { PerService } from '../session/message.ts';

/**
 * Why a link counter stands where it stands: rows that only grow in number, each the sum of one kind of event within one
 * span of time. History explains, the counter decides: nothing here is ever read to learn a balance.
 */
export interface HistoryRow {
  /** Counted from 1 on each link, without gaps. A row is written again, whole, while its span lasts. */
  readonly number: number;
  readonly entry: HistoryEntry;
  /** What was sold or corrected; empty where it is money. */
  readonly service: Service | '';
  /** First and last event in it, wall milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Events in it. For `service`: records of the account. */
  readonly events: number;
  /** Units and bytes. Signed where `entry` is `writeOff`. */
  readonly provided: number;
  readonly consumed: number;
  readonly providedBytes: number;
  readonly consumedBytes: number;
  readonly paid: number;
  readonly received: number;
  /** What the last event came to in wei: all accepted so far for payments, what moved for what happened on the chain. */
  readonly wei: bigint;
  readonly gasWei: bigint;
  /** A chequebook, a transaction, or the cause. */
  readonly reference: string;
}

/**
 * `opening`: all before, summed; `service`: service given and taken; `paid`, `received`: settlements sent and got;
 * `writeOff`: totals corrected when both ends compared their books. The others move no counter: what happened on the
 * chain (`cashed`, `bounced`, `failed`; a payment that a reorganisation took back, `undone`, and that stands again, `redone`;
 * of channels `opened`, `toppedUp`, `withdrawn`, `closing`, `closed`), and a statement that differs (`dispute`).
 */
export type HistoryEntry =
  | 'opening'
  | 'service'
  | 'paid'
  | 'received'
  | 'writeOff'
  | 'cashed'
  | 'bounced'
  | 'failed'
  | 'undone'
  | 'redone'
  | 'dispute'
  | ChannelEntry;

/** What happened to a channel on the chain. */
export type ChannelEntry = (typeof CHANNEL_ENTRIES)[number];

/** Its deposits, what was taken out early, the beginning of a freeze period, and the end. */
export const CHANNEL_ENTRIES = ['opened', 'toppedUp', 'withdrawn', 'closing', 'closed'] as const;

/** The totals of an account that history explains: fields of `AccountRecord`. */
export interface HistoryTotals {
  readonly provided: PerService;
  readonly consumed: PerService;
  readonly providedBytes: PerService;
  readonly consumedBytes: PerService;
  readonly providedCorrection: PerService;
  readonly consumedCorrection: PerService;
  readonly paid: number;
  readonly received: number;
}

/** What is known of an event beside what it does to the totals. */
export interface HistoryNote {
  readonly entry: HistoryEntry;
  readonly wei?: bigint;
  readonly gasWei?: bigint;
  readonly reference?: string;
}

const ZERO: PerService = [0, 0, 0];
const NO_TOTALS: HistoryTotals = {
  provided: ZERO,
  consumed: ZERO,
  providedBytes: ZERO,
  consumedBytes: ZERO,
  providedCorrection: ZERO,
  consumedCorrection: ZERO,
  paid: 0,
  received: 0,
};

/** What a row adds to before there is one. */
const NO_ROW = {
  events: 0,
  provided: 0,
  consumed: 0,
  providedBytes: 0,
  consumedBytes: 0,
  paid: 0,
  received: 0,
  wei: 0n,
  gasWei: 0n,
  reference: '',
} as const;

type Growth = Partial<Pick<HistoryRow, Counted>>;
type Counted = 'provided' | 'consumed' | 'providedBytes' | 'consumedBytes' | 'paid' | 'received';

/**
 * The history of one link as it is made. It is told the totals of every record of the account, and makes rows of what
 * they grew by, so that rows and record always agree to the unit, whatever else is known of the events.
 */
export class LinkHistory {
  readonly #spanMs: number;
  #rows: number;
  #totals: HistoryTotals;
  #span = Number.NaN;
  /** Rows of the present span, by entry and service, payments by their reference, too. */
  #open: Map<string, HistoryRow> | undefined;
  /** Made or grown and not known to be durable, by number. */
  #unwritten: Map<number, HistoryRow> | undefined;
  #notes: HistoryNote[] = [];

  /** `from`: what the store remembers, totals and how many rows there are. */
  constructor(spanMs: number, from?: { readonly rows: number; readonly totals: HistoryTotals }) {
    this.#spanMs = spanMs;
    this.#rows = from?.rows ?? 0;
    this.#totals = from?.totals ?? NO_TOTALS;
  }

  /** Rows made so far: belongs into the record that is written with them. */
  get rows(): number {
    return this.#rows;
  }

  /** Something is known of what the next record will show. What moves no counter gets a row of its own. */
  note(note: HistoryNote): void {
    this.#notes.push(note);
  }

  /** The rows to be written with a record of these totals, in the same batch. */
  take(totals: HistoryTotals, wallMs: number): HistoryRow[] {
    const span = Math.floor(wallMs / this.#spanMs);
    if (span !== this.#span) this.#open = undefined;
    this.#span = span;
    const before = this.#totals;
    if (!sameTotals(before, totals)) {
      this.#totals = totals;
      for (const s of [0, 1, 2] as const) this.#service(before, totals, s, wallMs);
      this.#money('paid', totals.paid - before.paid, wallMs);
      this.#money('received', totals.received - before.received, wallMs);
    }
    for (const note of this.#notes) {
      if (note.entry !== 'paid' && note.entry !== 'received') this.#put({ ...note, service: '' }, {}, wallMs);
    }
    this.#notes = [];
    return this.#unwritten === undefined ? [] : [...this.#unwritten.values()];
  }

  #service(before: HistoryTotals, now: HistoryTotals, s: 0 | 1 | 2, wallMs: number): void {
    const service = SERVICES[s];
    const provided = now.provided[s] - before.provided[s];
    const consumed = now.consumed[s] - before.consumed[s];
    const providedBytes = now.providedBytes[s] - before.providedBytes[s];
    const consumedBytes = now.consumedBytes[s] - before.consumedBytes[s];
    if (provided !== 0 || consumed !== 0 || providedBytes !== 0 || consumedBytes !== 0)
      this.#put({ entry: 'service', service }, { provided, consumed, providedBytes, consumedBytes }, wallMs);
    const given = now.providedCorrection[s] - before.providedCorrection[s];
    const taken = now.consumedCorrection[s] - before.consumedCorrection[s];
    if (given !== 0 || taken !== 0)
      this.#put({ entry: 'writeOff', service }, { provided: given, consumed: taken }, wallMs);
  }

  #money(entry: 'paid' | 'received', units: number, wallMs: number): void {
    if (units === 0) return;
    const noted = this.#notes.findLast((note) => note.entry === entry);
    this.#put({ ...noted, entry, service: '' }, { [entry]: units }, wallMs);
  }

  /** Adds to the row of its kind in this span, or begins one. Of what cannot be added the last holds. */
  #put(what: HistoryNote & Pick<HistoryRow, 'service'>, grown: Growth, wallMs: number): void {
    const { entry, service } = what;
    const single = ON_CHAIN.has(entry);
    const key = kindOf(what);
    const open = single ? undefined : this.#open?.get(key);
    if (open === undefined) this.#rows += 1;
    const before = open ?? { ...NO_ROW, number: this.#rows, fromMs: wallMs };
    const row: HistoryRow = {
      number: before.number,
      entry,
      service,
      fromMs: before.fromMs,
      toMs: wallMs,
      events: before.events + 1,
      provided: before.provided + (grown.provided ?? 0),
      consumed: before.consumed + (grown.consumed ?? 0),
      providedBytes: before.providedBytes + (grown.providedBytes ?? 0),
      consumedBytes: before.consumedBytes + (grown.consumedBytes ?? 0),
      paid: before.paid + (grown.paid ?? 0),
      received: before.received + (grown.received ?? 0),
      wei: what.wei ?? before.wei,
      gasWei: what.gasWei ?? before.gasWei,
      reference: what.reference ?? before.reference,
    };
    if (!single) this.#open = added(this.#open, key, row);
    this.#unwritten = added(this.#unwritten, row.number, row);
  }

  /** These rows, as `take` gave them, are durable. One that grew meanwhile is not. */
  durable(rows: readonly HistoryRow[]): void {
    const unwritten = this.#unwritten;
    for (const row of rows) if (unwritten?.get(row.number) === row) unwritten.delete(row.number);
    if (unwritten?.size === 0) this.#unwritten = undefined;
  }
}

/**
 * What shares a row in one span: payments where they are drawn on the same contract, so that a transfer, which is a
 * transaction, has a row to itself; anything else where it is the same service.
 */
function kindOf({ entry, reference = '', service }: HistoryNote & Pick<HistoryRow, 'service'>): string {
  return `${entry} ${entry === 'paid' || entry === 'received' ? reference : service}`;
}

/** Links are many, and most have no rows under way: none has a map before its first row. */
function added<K>(rows: Map<K, HistoryRow> | undefined, key: K, row: HistoryRow): Map<K, HistoryRow> {
  return (rows ?? new Map<K, HistoryRow>()).set(key, row);
}

/** Most records of a link that is idle show what the last one did: its totals are kept, and these need not be. */
function sameTotals(a: HistoryTotals, b: HistoryTotals): boolean {
  return a.paid === b.paid && a.received === b.received && TOTALS.every((each) => samePerService(a[each], b[each]));
}

const TOTALS = [
  'provided',
  'consumed',
  'providedBytes',
  'consumedBytes',
  'providedCorrection',
  'consumedCorrection',
] as const satisfies readonly (keyof HistoryTotals)[];

function samePerService(a: PerService, b: PerService): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

/** Each of these cost somebody gas, and is told for itself. */
const ON_CHAIN: ReadonlySet<HistoryEntry> = new Set([
  'cashed',
  'bounced',
  'failed',
  'undone',
  'redone',
  ...CHANNEL_ENTRIES,
]);
