import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import { serviceColumn } from '../../core/service.ts';
import { BYTES_PER_MB } from '../../core/units.ts';

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

  /** What this node has been charged, and has charged, so far: to be read before and after a booking. */
  get consumed(): number {
    return this.#total('consumed');
  }

  get provided(): number {
    return this.#total('provided');
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
