import type { LinkRow } from '../core/ledger/ledger.ts';

/** Links that something is to be done for when a burst is over: each once, in the order in which they came. */
export class RowList {
  readonly #rows: LinkRow[] = [];
  #next = 0;
  #listed = new Uint8Array(16);

  add(row: LinkRow): void {
    if (row >= this.#listed.length) this.#grow(row);
    if (this.#listed[row] === 1) return;
    this.#listed[row] = 1;
    this.#rows.push(row);
  }

  /** Does it for all, also for those that are added meanwhile, which may be one that had its turn. May be nested. */
  each(act: (row: LinkRow) => void): void {
    while (this.#next < this.#rows.length) {
      const row = this.#rows[this.#next++] as LinkRow;
      this.#listed[row] = 0;
      act(row);
    }
    this.#rows.length = 0;
    this.#next = 0;
  }

  #grow(row: LinkRow): void {
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(row + 1)));
    larger.set(this.#listed);
    this.#listed = larger;
  }
}
