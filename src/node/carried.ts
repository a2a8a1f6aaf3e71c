import {
  CarriedCredit,
  type CarriedCustomer,
  mayCarry,
  type Standing,
  unsecured,
} from '../core/credit/carried-credit.ts';
import { Column } from '../core/ledger/columns.ts';
import { throttleAt } from '../core/meter/pace.ts';
import type { NodeId } from '../core/node-id.ts';
import { SERVICES } from '../core/service.ts';
import type { Units } from '../core/units.ts';
import type { ReceivedChequeRecord } from '../store/store.ts';
import type { NodeConfig } from './config.ts';
import type { Known, Neighbours } from './neighbours.ts';
import { uncashedByNeighbour } from './uncashed-by-neighbour.ts';

export interface CarriedOptions {
  readonly config: NodeConfig;
  /** Read late: the neighbours are made with this at hand. */
  readonly neighbours: () => Pick<Neighbours, 'all' | 'known'> | undefined;
  /** The last cheque taken from each chequebook. */
  readonly received: () => readonly ReceivedChequeRecord[];
  /** Credit a neighbour was given beyond a newcomer's. */
  readonly earned: (neighbour: NodeId) => Units;
}

/** Puts `core/credit/carried-credit.ts` to work: who carried for whom, and what everybody has paid for good. */
export class Carried {
  readonly #options: CarriedOptions;
  readonly #credit = new CarriedCredit();

  constructor(options: CarriedOptions) {
    this.#options = options;
  }

  /** `upstream`, which is not in the configuration, charged for what it did for `customer`. */
  note(upstream: NodeId, customer: NodeId, units: Units): void {
    const known = this.#get(customer);
    if (known === undefined || known.config !== undefined) return;
    this.#credit.carried(upstream, customer, units, providedTo(known));
  }

  /** After a start: who carried for whom is forgotten, so each upstream is assumed to have carried for all who owe. */
  assume(): void {
    const uncashed = this.#uncashed();
    const owing = this.#all().filter(
      (known) => known.config === undefined && unsecured(this.#customer(known, uncashed)) > 0,
    );
    for (const { config, neighbour } of this.#all()) {
      const owed = -balanceOf(neighbour.account);
      if (config !== undefined || owed <= 0) continue;
      for (const known of owing) this.#credit.carried(neighbour.id, known.neighbour.id, owed, 0);
    }
  }

  /** What is owed to `upstream` and waits. */
  heldBack(upstream: NodeId): Units {
    const known = this.#get(upstream);
    if (known === undefined) return 0;
    let uncashed: ReadonlyMap<NodeId, Units> | undefined;
    return this.#credit.heldBack(upstream, this.#standing(known), (id) => {
      const customer = this.#get(id);
      // Asked with each stream that goes on: mostly nobody's money waits there.
      uncashed ??= this.#uncashed();
      return customer === undefined ? undefined : this.#customer(customer, uncashed);
    });
  }

  /** `hop`, unless `buyer` is a newcomer and enough waits there for newcomers already. */
  hopFor(buyer: NodeId | undefined, hop: NodeId | 'local' | undefined): NodeId | 'local' | undefined {
    if (buyer === undefined || hop === undefined || hop === 'local') return hop;
    const known = this.#get(buyer);
    const granted = this.#get(hop)?.neighbour.account.theirs.newest?.dropAt ?? 0;
    return known === undefined || mayCarry(this.#standing(known), this.heldBack(hop), granted) ? hop : undefined;
  }

  /** Whether somebody slows this node down for money that waits until `customer`'s cheques are final. */
  waitsFor(customer: NodeId): boolean {
    if (!this.#credit.concerns(customer)) return false;
    return this.#all().some(({ neighbour: { id, account } }) => {
      const theirs = account.theirs.newest;
      return theirs !== undefined && -balanceOf(account) >= throttleAt(theirs) && this.heldBack(id) > 0;
    });
  }

  #all(): readonly Known[] {
    return this.#options.neighbours()?.all() ?? [];
  }

  #get(id: NodeId): Known | undefined {
    return this.#options.neighbours()?.known(id);
  }

  #standing({ config, neighbour }: Known): Standing {
    return { listed: config !== undefined, earned: this.#options.earned(neighbour.id) };
  }

  #customer(known: Known, uncashed: ReadonlyMap<NodeId, Units>): CarriedCustomer {
    const { account, id } = known.neighbour;
    const balance = balanceOf(account);
    return { ...this.#standing(known), balance, uncashed: uncashed.get(id) ?? 0, provided: providedTo(known) };
  }

  #uncashed(): ReadonlyMap<NodeId, Units> {
    return uncashedByNeighbour(this.#options.received(), this.#options.config.settlement.weiPerUnit);
  }
}

function balanceOf({ ledger, row }: Known['neighbour']['account']): number {
  return ledger.get(row, Column.balance);
}

function providedTo({ neighbour: { account } }: Known): Units {
  let sum = 0;
  for (let service = 0; service < SERVICES.length; service += 1)
    sum += account.ledger.get(account.row, Column.provided + service);
  return sum;
}
