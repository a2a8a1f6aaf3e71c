import type { NodeId } from '../core/node-id.ts';
import { MAX_UNCASHED_CHEQUEBOOKS, type SignedCheque } from '../core/settlement/cheque.ts';
import type { Units } from '../core/units.ts';
import type { IssuedChequeRecord } from '../store/store.ts';

/**
 * The last cheque to each beneficiary on each chequebook, and what all cheques on one promise together. A beneficiary is
 * paid from one chequebook at a time: from the one of its last cheque until that was taken, then from the newest.
 */
export class IssuedCheques {
  readonly #books = new Map<NodeId, Map<NodeId, IssuedChequeRecord>>();
  /** By beneficiary, the one with the highest payment id. */
  readonly #last = new Map<NodeId, IssuedChequeRecord>();
  /** By chequebook, with what is being written: cheques under way together must not promise too much. */
  readonly #promised = new Map<NodeId, bigint>();

  constructor(records: readonly IssuedChequeRecord[]) {
    for (const record of records) {
      this.put(record);
      this.promise(record.chequebook, record.cumulative);
    }
  }

  /** Takes the place of the one before on the same chequebook. What it promises is counted by `promise`. */
  put(record: IssuedChequeRecord): void {
    const { beneficiary, chequebook } = record;
    let book = this.#books.get(chequebook);
    if (book === undefined) this.#books.set(chequebook, (book = new Map()));
    book.set(beneficiary, record);
    const last = this.#last.get(beneficiary);
    if (last === undefined || last.chequebook === chequebook || record.paymentId >= last.paymentId)
      this.#last.set(beneficiary, record);
  }

  /** The last one to a beneficiary, whatever it is drawn on. */
  last(beneficiary: NodeId): IssuedChequeRecord | undefined {
    return this.#last.get(beneficiary);
  }

  on(chequebook: NodeId, beneficiary: NodeId): IssuedChequeRecord | undefined {
    return this.#books.get(chequebook)?.get(beneficiary);
  }

  /** Of each chequebook the last one to a beneficiary, where that was accepted; the newest few, oldest payment first. */
  takenBy(beneficiary: NodeId): IssuedChequeRecord[] {
    const taken: IssuedChequeRecord[] = [];
    for (const book of this.#books.values()) {
      const record = book.get(beneficiary);
      if (record !== undefined && !isPending(record) && record.signature.some((byte) => byte !== 0)) taken.push(record);
    }
    return taken.sort((a, b) => a.paymentId - b.paymentId).slice(-MAX_UNCASHED_CHEQUEBOOKS);
  }

  /** All that was ever promised on a chequebook. */
  promisedWei(chequebook: NodeId): bigint {
    return this.#promised.get(chequebook) ?? 0n;
  }

  /** So much more is promised; less, where it was not written after all. */
  promise(chequebook: NodeId, wei: bigint): void {
    this.#promised.set(chequebook, this.promisedWei(chequebook) + wei);
  }

  /** Units of the last cheque that were never acknowledged, and its payment id. */
  pending(beneficiary: NodeId): { units: Units; lastPaymentId: number } {
    const last = this.#last.get(beneficiary);
    if (last === undefined) return { units: 0, lastPaymentId: 0 };
    return { units: isPending(last) ? last.amount : 0, lastPaymentId: last.paymentId };
  }
}

/** It was not acknowledged: it must be taken, or be replaced on the same chequebook. */
export function isPending({ acceptedCumulative, cumulative }: IssuedChequeRecord): boolean {
  return cumulative > acceptedCumulative;
}

export function chequeOf({ beneficiary, chequebook, cumulative, signature }: IssuedChequeRecord): SignedCheque {
  return { chequebook, beneficiary, cumulativeWei: cumulative, signature };
}
