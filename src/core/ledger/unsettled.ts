import { serviceColumn } from '../service.ts';
import type { Units } from '../units.ts';
import { CONSUME, Column, PROVIDE } from './columns.ts';
import { doubled } from './doubled.ts';
import type { Ledger, LinkRow } from './ledger.ts';

const WENT = Column.consumed + serviceColumn.packets;
const CAME = Column.provided + serviceColumn.packets;

/**
 * Value that went over each link in packets, net, and that nobody has paid for since. So much of it may be returned,
 * whatever else is owed: the counter is then where it was before. What was paid for is gone: to return it would be value
 * on credit; and so would what the neighbour has used for packets of its own.
 */
export class Unsettled {
  readonly #ledger: Ledger;
  /** What went less what came, at its lowest since this node last paid, returns aside. By row. */
  #lowest = new Float64Array(16).fill(Number.NaN);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    ledger.settled = (row) => this.#settled(row);
  }

  /** A link is used: nothing from before the start can be returned any more. */
  begin(row: LinkRow): void {
    while (row >= this.#lowest.length) {
      const { length } = this.#lowest;
      this.#lowest = doubled(this.#lowest).fill(Number.NaN, length);
    }
    if (Number.isNaN(this.#lowest[row])) this.#lowest[row] = this.#net(row);
  }

  /** A packet of the neighbour was taken, and booked. */
  taken(row: LinkRow): void {
    // Cells are read where they lie: a number that is handed over beyond 2³¹ is an allocation, once a packet.
    const went = this.#ledger.consuming[row * CONSUME + WENT - PROVIDE] as number;
    const net = went - (this.#ledger.providing[row * PROVIDE + CAME] as number);
    if (net < (this.#lowest[row] as number)) this.#lowest[row] = net;
  }

  /** How much the neighbour may return. Units, ≥ 0. */
  returnable(row: LinkRow): Units {
    return Math.max(0, this.#net(row) - (this.#lowest[row] ?? Number.NaN)) || 0;
  }

  #net(row: LinkRow): number {
    return this.#ledger.get(row, WENT) - this.#ledger.get(row, CAME);
  }

  /** This node pays: at most what it leaves unpaid may be returned. */
  #settled(row: LinkRow): void {
    const left = Math.max(0, -this.#ledger.get(row, Column.balance) - this.#ledger.get(row, Column.pending));
    const lowest = this.#net(row) - left;
    if (lowest > (this.#lowest[row] ?? Number.NaN)) this.#lowest[row] = lowest;
  }
}
