import { type CarriedCustomer, heldBack, mayCarry, type Standing } from '../core/carried-credit.ts';
import { Column } from '../core/ledger.ts';
import type { NodeId } from '../core/node-id.ts';
import { throttleAt } from '../core/pace.ts';
import type { Units } from '../core/units.ts';
import type { ReceivedChequeRecord } from '../store/store.ts';
import type { NodeConfig } from './config.ts';
import type { Known, Neighbours } from './neighbours.ts';

export interface CarriedOptions {
  readonly config: NodeConfig;
  /** Read late: the neighbours are made with this at hand. */
  readonly neighbours: () => Neighbours | undefined;
  readonly received: () => readonly ReceivedChequeRecord[];
  /** Credit a neighbour was given beyond a newcomer's. */
  readonly earned: (neighbour: NodeId) => Units;
}

/**
 * Puts `core/carried-credit.ts` to work. It needs no books of its own: what a customer has not paid for good stands in
 * its account, so all of it survives a crash. At a gateway nothing is carried on, and nothing waits.
 */
export class Carried {
  readonly #options: CarriedOptions;
  readonly #carries: boolean;

  constructor(options: CarriedOptions) {
    this.#options = options;
    const { nextHop, sell, uplink } = options.config.transit;
    this.#carries = sell && nextHop !== 'none' && nextHop !== 'uplink' && !(nextHop === 'auto' && uplink);
  }

  /** What is owed to `upstream` and waits. */
  heldBack(upstream: NodeId): Units {
    const known = this.#carries ? this.#all().find(({ neighbour }) => neighbour.id === upstream) : undefined;
    return known === undefined ? 0 : heldBack(this.#standing(known), this.#customersBut(upstream));
  }

  /** `hop`, unless `buyer` is a newcomer and enough waits there for newcomers already. */
  hopFor(buyer: NodeId | undefined, hop: NodeId | 'local' | undefined): NodeId | 'local' | undefined {
    if (buyer === undefined || hop === undefined || hop === 'local') return hop;
    const known = this.#all().find(({ neighbour }) => neighbour.id === buyer);
    const granted = this.#options.neighbours()?.get(hop)?.account.theirs.newest?.dropAt ?? 0;
    return known === undefined || mayCarry(this.#standing(known), this.heldBack(hop), granted) ? hop : undefined;
  }

  /** Whether somebody slows this node down for money that waits until `customer`'s cheques are final. */
  waitsFor(customer: NodeId): boolean {
    if (!this.#carries || this.#options.neighbours()?.configOf(customer) !== undefined) return false;
    return this.#all().some(({ neighbour: { id, account } }) => {
      const theirs = account.theirs.newest;
      const debt = -account.ledger.get(account.row, Column.balance);
      return id !== customer && theirs !== undefined && debt >= throttleAt(theirs) && this.heldBack(id) > 0;
    });
  }

  #all(): readonly Known[] {
    return this.#options.neighbours()?.all() ?? [];
  }

  #standing({ config, neighbour }: Known): Standing {
    return { listed: config !== undefined, earned: this.#options.earned(neighbour.id) };
  }

  #customersBut(upstream: NodeId): CarriedCustomer[] {
    const uncashed = this.#uncashed();
    return this.#all()
      .filter(({ neighbour }) => neighbour.id !== upstream)
      .map((known) => {
        const { account, id } = known.neighbour;
        const balance = account.ledger.get(account.row, Column.balance);
        return { ...this.#standing(known), balance, uncashed: uncashed.get(id) ?? 0 };
      });
  }

  /** Cheques of each neighbour that its chequebooks have not paid, in units, rounded up. */
  #uncashed(): ReadonlyMap<NodeId, Units> {
    const { weiPerUnit } = this.#options.config.settlement;
    const sums = new Map<NodeId, Units>();
    for (const { neighbour, cumulative, cashedCumulative } of this.#options.received()) {
      const units = Number((cumulative - cashedCumulative + weiPerUnit - 1n) / weiPerUnit);
      if (units > 0) sums.set(neighbour, (sums.get(neighbour) ?? 0) + units);
    }
    return sums;
  }
}
