import { WayleaveError } from '../../core/errors.ts';
import { isNodeId, type NodeId } from '../../core/node-id.ts';
import { decodeRow, encodeRecord } from '../../store/record-row.ts';
import type {
  HistoryQuery,
  HistoryRecord,
  HistoryView,
  LinkRecord,
  StoredState,
  StoreRecord,
} from '../../store/store.ts';
import { foldRows, historyKey, inOrder, viewOf } from './history-image.ts';

type Kind = StoreRecord['kind'];
type RecordOf<K extends Kind> = Extract<StoreRecord, { kind: K }>;

/** Room a link record takes, bytes: 30 integers and two texts. Near enough for a disk that fills up. */
const LINK_BYTES = 320;
const CELL_BYTES = 8;
/** The same of a row of history: 11 integers and a few short texts. */
const HISTORY_BYTES = 160;

/** What lies on a disk: one record of each key, as the tables of a real store would hold it. */
export class DiskImage {
  /** Counts restores, as `store/restore.ts` does. */
  epoch: number;
  readonly #tables: { readonly [K in Kind]: Map<string, RecordOf<K>> };

  constructor(from?: DiskImage) {
    const tables = from === undefined ? undefined : from.#tables;
    this.epoch = from?.epoch ?? 1;
    this.#tables = {
      link: new Map(tables?.link),
      terms: new Map(tables?.terms),
      issued: new Map(tables?.issued),
      received: new Map(tables?.received),
      cashing: new Map(tables?.cashing),
      note: new Map(tables?.note),
      statement: new Map(tables?.statement),
      credit: new Map(tables?.credit),
      history: new Map(tables?.history),
      channelTotal: new Map(tables?.channelTotal),
    };
  }

  /** Records are never changed, only replaced, so a copy shares them. */
  copy(): DiskImage {
    return new DiskImage(this);
  }

  /** The record as it would come back; throws `STORE_RECORD_INVALID` for what no store takes. */
  accept(record: StoreRecord): StoreRecord {
    // By far the most frequent: checked without a detour, and kept as they are, since nobody changes them afterwards.
    if (record.kind === 'history' && isHistory(record)) return record;
    if (record.kind !== 'link') return decodeRow(record.kind, encodeRecord(record));
    if (!isLink(record) || !(this.#tables.link.has(record.neighbour) || isNodeId(record.neighbour)))
      throw new WayleaveError('STORE_RECORD_INVALID', { kind: 'link' });
    return record;
  }

  /** Replaces what has its key. Only records that `accept` gave back. */
  put(record: StoreRecord): void {
    switch (record.kind) {
      case 'link':
        this.#tables.link.set(record.neighbour, record);
        break;
      case 'terms':
        this.#tables.terms.set(`${record.neighbour} ${record.side}`, record);
        break;
      case 'issued':
        this.#tables.issued.set(`${record.chequebook} ${record.beneficiary}`, record);
        break;
      case 'received':
        this.#tables.received.set(record.chequebook, record);
        break;
      case 'cashing':
        this.#tables.cashing.set(record.transaction, record);
        break;
      case 'note':
        this.#tables.note.set(record.name, record);
        break;
      case 'statement':
        this.#tables.statement.set(`${record.neighbour} ${record.party}`, record);
        break;
      case 'credit':
        this.#tables.credit.set(record.neighbour, record);
        break;
      case 'history':
        this.#tables.history.set(historyKey(record), record);
        break;
      case 'channelTotal':
        this.#tables.channelTotal.set(`${record.channel} ${record.side}`, record);
    }
  }

  /** What a process that starts now finds, in the order of the keys. */
  state(): StoredState {
    const { link, terms, issued, received, cashing, note, statement, credit, channelTotal } = this.#tables;
    return {
      epoch: this.epoch,
      links: ordered(link),
      terms: ordered(terms),
      issued: ordered(issued),
      received: ordered(received),
      cashings: ordered(cashing),
      notes: ordered(note),
      statements: ordered(statement),
      credits: ordered(credit),
      channelTotals: ordered(channelTotal),
    };
  }

  /** What explains one link, and its account. */
  history(query: HistoryQuery): HistoryView {
    return viewOf(this.#tables.history, this.#tables.link.get(query.neighbour), query);
  }

  /** Rows of history in the order of their keys. */
  historyRows(): HistoryRecord[] {
    return inOrder(this.#tables.history);
  }

  /** Sums all but the newest rows of a link that end before `beforeMs`. */
  foldHistory(neighbour: NodeId, beforeMs: number): void {
    foldRows(this.#tables.history, this.#tables.link.get(neighbour), beforeMs);
  }

  /** Roughly what all records take, bytes. */
  get bytes(): number {
    let bytes = this.#tables.link.size * LINK_BYTES;
    const { terms, issued, received, cashing, note, statement, credit, channelTotal, history } = this.#tables;
    bytes += history.size * HISTORY_BYTES;
    for (const table of [terms, issued, received, cashing, note, statement, credit, channelTotal]) {
      for (const record of table.values()) bytes += sizeOf(record);
    }
    return bytes;
  }
}

function ordered<Row>(table: ReadonlyMap<string, Row>): Row[] {
  return [...table].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}

function sizeOf(record: StoreRecord): number {
  return encodeRecord(record).reduce<number>(
    (sum, cell) => sum + (typeof cell === 'number' ? CELL_BYTES : cell.length),
    CELL_BYTES,
  );
}

function isLink(record: LinkRecord): boolean {
  return (
    isThree(record.provided) &&
    isThree(record.consumed) &&
    isThree(record.providedBytes) &&
    isThree(record.consumedBytes) &&
    isThree(record.providedRemainder) &&
    isThree(record.consumedRemainder) &&
    isThree(record.providedCorrection) &&
    isThree(record.consumedCorrection) &&
    haveIntegers(record) &&
    typeof record.closed === 'boolean'
  );
}

function haveIntegers(record: LinkRecord): boolean {
  return (
    Number.isSafeInteger(record.attempts) &&
    Number.isSafeInteger(record.paid) &&
    Number.isSafeInteger(record.received) &&
    Number.isSafeInteger(record.lease) &&
    Number.isSafeInteger(record.chokedSinceMs) &&
    Number.isSafeInteger(record.updatedMs) &&
    Number.isSafeInteger(record.historyRows)
  );
}

/** A row about service, which is nearly every one; others are looked at in full. */
function isHistory(record: HistoryRecord): boolean {
  return (
    record.entry === 'service' &&
    record.service === 'transit' &&
    record.reference === '' &&
    record.wei === 0n &&
    record.gasWei === 0n &&
    isNodeId(record.neighbour) &&
    Number.isSafeInteger(record.number) &&
    Number.isSafeInteger(record.fromMs) &&
    Number.isSafeInteger(record.toMs) &&
    Number.isSafeInteger(record.events) &&
    isThree([record.provided, record.consumed, record.paid]) &&
    isThree([record.providedBytes, record.consumedBytes, record.received])
  );
}

function isThree(values: readonly number[] | undefined): boolean {
  return (
    values?.length === 3 &&
    Number.isSafeInteger(values[0]) &&
    Number.isSafeInteger(values[1]) &&
    Number.isSafeInteger(values[2])
  );
}
