import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord } from '../store/store.ts';

/** What one of the nodes that share a chequebook has paid from it. Amounts in wei. */
export interface Share {
  /** By its own word, in the last of its cheques that was taken. */
  readonly paidWei: bigint;
  /** What its link was credited with. */
  readonly creditedWei: bigint;
  /** Of that, what is not yet worth a unit. */
  readonly remainderWei: bigint;
}

const PREFIX = 'cheque-share:';

/** Who shares which chequebook, as far as cheques were taken. One note each, written with the account it was credited to. */
export class ChequeShares {
  readonly #byBook = new Map<NodeId, Map<NodeId, Share>>();
  /** By chequebook, what was paid or credited before it was shared: the parts are of what is above. */
  readonly #base = new Map<NodeId, bigint>();

  constructor(notes: readonly NoteRecord[]) {
    for (const { name, text } of notes) {
      const [chequebook, neighbour] = name.startsWith(PREFIX) ? name.slice(PREFIX.length).split(' ') : [];
      if (chequebook !== undefined && neighbour !== undefined) this.#read(chequebook, neighbour, text);
    }
  }

  of(chequebook: NodeId, neighbour: NodeId): Share | undefined {
    return this.#byBook.get(chequebook)?.get(neighbour);
  }

  /** Everyone that has paid from it. */
  nodesOf(chequebook: NodeId): NodeId[] {
    return [...(this.#byBook.get(chequebook)?.keys() ?? [])];
  }

  /** Each chequebook with one that has paid from it. */
  *all(): Generator<readonly [chequebook: NodeId, neighbour: NodeId]> {
    for (const [chequebook, shares] of this.#byBook)
      for (const neighbour of shares.keys()) yield [chequebook, neighbour];
  }

  /** Of the highest cheque taken on it nobody's link was credited with so much: it is on its way. */
  poolWei(chequebook: NodeId, cumulativeWei: bigint): bigint {
    let pool = cumulativeWei - (this.#base.get(chequebook) ?? cumulativeWei);
    for (const { creditedWei } of this.#byBook.get(chequebook)?.values() ?? []) pool -= creditedWei;
    return pool > 0n ? pool : 0n;
  }

  isShared(chequebook: NodeId): boolean {
    return this.#base.has(chequebook);
  }

  /** Parts are of what is above `baseWei`, unless it is shared already. */
  begin(chequebook: NodeId, baseWei: bigint): void {
    if (!this.#base.has(chequebook)) this.#base.set(chequebook, baseWei);
  }

  /** From now on; the note to store. */
  put(chequebook: NodeId, neighbour: NodeId, share: Share): NoteRecord {
    this.#put(chequebook, neighbour, share);
    const { creditedWei, paidWei, remainderWei } = share;
    const text = JSON.stringify([paidWei, creditedWei, remainderWei, this.#base.get(chequebook) ?? 0n].map(String));
    return { kind: 'note', name: `${PREFIX}${chequebook} ${neighbour}`, text };
  }

  #read(chequebook: NodeId, neighbour: NodeId, text: string): void {
    const [paidWei = 0n, creditedWei = 0n, remainderWei = 0n, base = 0n] = (JSON.parse(text) as string[]).map(BigInt);
    this.begin(chequebook, base);
    this.#put(chequebook, neighbour, { paidWei, creditedWei, remainderWei });
  }

  #put(chequebook: NodeId, neighbour: NodeId, share: Share): void {
    const shares = this.#byBook.get(chequebook);
    if (shares === undefined) this.#byBook.set(chequebook, new Map([[neighbour, share]]));
    else shares.set(neighbour, share);
  }
}
