import { Column } from '../core/ledger.ts';
import type { LinkAccount } from '../core/link-account.ts';
import { serviceColumn } from '../core/service.ts';

/**
 * What really passed between a node and one neighbour, in units, over all lives of the node: only what arrived. Books
 * forget what a crash took and count uploads that were lost on their way; this does neither.
 */
export class Tally {
  /** The neighbour's service that came here, and this node's service for what the neighbour sent through it. */
  got = 0;
  gave = 0;
  /** What this node sent through the neighbour, whether it arrived or was lost on its way: it stands by its word. */
  sent = 0;
  account: LinkAccount | undefined;

  /** Runs `book`, which charges this node for what it sends through the neighbour. */
  sending(book: () => void): void {
    const before = this.#total(Column.consumed);
    book();
    this.sent += this.#total(Column.consumed) - before;
  }

  /** Runs `book`, which charges what has just been delivered here. */
  delivered(book: () => void): void {
    const before = this.#total(Column.consumed);
    try {
      book();
    } finally {
      this.got += this.#total(Column.consumed) - before;
    }
  }

  /** Runs `book`, which charges what has just arrived here to go on. */
  arrived(book: () => void): void {
    const before = this.#total(Column.provided);
    try {
      book();
    } finally {
      this.gave += this.#total(Column.provided) - before;
    }
  }

  #total(column: number): number {
    const { account } = this;
    return account === undefined ? 0 : account.ledger.get(account.row, column + serviceColumn.transit);
  }
}
