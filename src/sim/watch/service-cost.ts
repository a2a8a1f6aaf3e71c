import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import type { SimNode } from '../sim-node.ts';

/** What a node's first look at its neighbours may have missed after a start. */
const FIRST_MS = 3_000;
/** A crash forgets what service cost of at most so long: it is written now and then, and a bad disk writes nothing for a while. */
const FORGOTTEN_MS = 60_000;

/**
 * What it cost a node with an uplink to serve one neighbour: at least so much, by what it charged, over all its lives.
 * Whoever has no uplink pays its neighbours for it, which is counted there.
 */
export class ServiceCost {
  readonly #node: SimNode;
  #life = 0;
  #bornMs = 0;
  /** Units charged: when this life began to count, now, and when a look was long enough ago to be on disk. */
  #from = 0;
  #now = 0;
  #durable = 0;
  #next = { provided: 0, atMs: 0 };
  /** Of all lives before. */
  #before = 0;
  #askPerMb = 0;
  #stopping = 0;

  constructor(node: SimNode) {
    this.#node = node;
  }

  /** At least so much. Units. */
  get units(): number {
    const { transit } = this.#node.config;
    if (!transit.uplink || this.#askPerMb === 0) return 0;
    // A second that was sold costs nothing unless something went through it.
    if (transit.metering === 'time') return 0;
    const charged = this.#before + this.#now - this.#from;
    return Math.floor(charged * Math.min(1, transit.uplinkPricePerMb / this.#askPerMb)) - this.#node.lives;
  }

  /** The node stops as an operator does it: it sells nothing any more, and counts nothing. */
  stops(): void {
    this.#stopping = this.#node.lives;
  }

  look({ ledger, mine, row }: LinkAccount): void {
    if (this.#stopping === this.#node.lives) return;
    const provided = ledger.get(row, Column.provided);
    const atMs = this.#node.clock?.nowMs() ?? 0;
    if (this.#life !== this.#node.lives) this.#begin(provided, atMs);
    this.#askPerMb = Math.max(this.#askPerMb, mine.newest?.services.transit.askPerMb ?? 0);
    this.#now = provided;
    if (atMs - this.#bornMs < FIRST_MS) this.#from = provided;
    if (atMs - this.#next.atMs < FORGOTTEN_MS) return;
    this.#durable = this.#next.provided;
    this.#next = { provided, atMs };
  }

  #begin(provided: number, atMs: number): void {
    this.#before += Math.max(0, this.#durable - this.#from);
    this.#life = this.#node.lives;
    this.#bornMs = atMs;
    this.#from = provided;
    this.#durable = provided;
    this.#next = { provided, atMs };
  }
}
