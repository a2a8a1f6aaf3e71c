import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { ReceivedChequeRecord } from '../store/store.ts';

/** The last cheque taken from each chequebook. A neighbour may have paid from several, one after another. */
export class ReceivedCheques {
  readonly #byBook = new Map<NodeId, ReceivedChequeRecord>();
  readonly #booksOf = new Map<NodeId, Set<NodeId>>();
  readonly #shared = new Set<NodeId>();

  constructor(records: readonly ReceivedChequeRecord[]) {
    for (const record of records) this.put(record);
  }

  /** Takes the place of the one before on the same chequebook. */
  put(record: ReceivedChequeRecord): void {
    const { chequebook, neighbour } = record;
    const before = this.#byBook.get(chequebook);
    this.#byBook.set(chequebook, record);
    if (before?.neighbour === neighbour) return;
    if (before !== undefined && !this.#shared.has(chequebook)) this.#booksOf.get(before.neighbour)?.delete(chequebook);
    this.#add(chequebook, neighbour);
  }

  /** Several nodes of one operator pay from it: what is uncashed on it is at risk with each of them. */
  share(chequebook: NodeId, neighbour: NodeId): void {
    this.#shared.add(chequebook);
    this.#add(chequebook, neighbour);
  }

  #add(chequebook: NodeId, neighbour: NodeId): void {
    const books = this.#booksOf.get(neighbour);
    if (books === undefined) this.#booksOf.set(neighbour, new Set([chequebook]));
    else books.add(chequebook);
  }

  of(chequebook: NodeId): ReceivedChequeRecord | undefined {
    return this.#byBook.get(chequebook);
  }

  /** Those of one neighbour, the chequebook it paid from first in front. */
  from(neighbour: NodeId): ReceivedChequeRecord[] {
    const found: ReceivedChequeRecord[] = [];
    for (const chequebook of this.#booksOf.get(neighbour) ?? []) {
      const record = this.#byBook.get(chequebook);
      if (record !== undefined) found.push(record);
    }
    return found;
  }

  all(): ReceivedChequeRecord[] {
    return [...this.#byBook.values()];
  }

  /** What the cheques of a neighbour would pay if they were cashed now, wei. Without a list: this is asked for each payment. */
  uncashedWei(neighbour: NodeId): bigint {
    let wei = 0n;
    for (const chequebook of this.#booksOf.get(neighbour) ?? []) {
      const record = this.#byBook.get(chequebook);
      if (record !== undefined) wei += record.cumulative - record.cashedCumulative;
    }
    return wei;
  }
}

export function chequeFrom(record: ReceivedChequeRecord, beneficiary: NodeId): SignedCheque {
  const { chequebook, cumulative, signature } = record;
  return { chequebook, beneficiary, cumulativeWei: cumulative, signature };
}
