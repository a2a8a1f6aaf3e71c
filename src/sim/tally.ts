import { Column } from '../core/ledger.ts';
import type { LinkAccount } from '../core/link-account.ts';
import { serviceColumn } from '../core/service.ts';
import { BYTES_PER_MB } from '../core/units.ts';

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
    const before = this.#total('consumed');
    book();
    this.sent += this.#total('consumed') - before;
  }

  /** Runs `book`, which charges what has just been delivered here. */
  delivered(book: () => void): void {
    const before = this.#total('consumed');
    try {
      book();
    } finally {
      this.got += this.#total('consumed') - before;
    }
  }

  /** Runs `book`, which charges what has just arrived here to go on. */
  arrived(book: () => void): void {
    const before = this.#total('provided');
    try {
      book();
    } finally {
      this.gave += this.#total('provided') - before;
    }
  }

  /** With the millionths carried, which what is sent and what is delivered share: whole units would drift. */
  #total(side: 'provided' | 'consumed'): number {
    const { account } = this;
    if (account === undefined) return 0;
    const service = account.service('transit');
    const millionths = side === 'provided' ? service.providedRemainder : service.consumedRemainder;
    return account.ledger.get(account.row, Column[side] + serviceColumn.transit) + millionths / BYTES_PER_MB;
  }
}
