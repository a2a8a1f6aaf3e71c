import { Column } from '../../core/ledger/columns.ts';
import type { NodeId } from '../../core/node-id.ts';
import { Carried } from '../../node/carried.ts';
import type { NeighbourConfig } from '../../node/config.ts';
import type { Known } from '../../node/neighbours.ts';
import type { RuleStory } from './rule-story.ts';
import { Teller } from './teller.ts';

const LISTED = {} as NeighbourConfig;
/** A thousand bytes cost a unit. */
const DEAR = { world: { asks: [[1_000], undefined] }, dishonest: true } as const;

/** One node between a customer and an upstream: it sells in one small world, buys in another, and is one and the same. */
class Between {
  readonly sells: Teller;
  readonly buys: Teller;
  readonly #listed = new Set<NodeId>();
  readonly #earned = new Map<NodeId, number>();
  carried: Carried;

  constructor(sells: Teller, buys: Teller) {
    this.sells = sells;
    this.buys = buys;
    this.carried = this.#made();
    sells.node(0).account.onCarried(() => undefined);
    buys.node(1).account.onCarried((buyer, units) => this.carried.note(this.upstream, buyer, units));
    // Nobody pays but who is told to.
    sells.node(1).neighbour.step({ kind: 'pause', paused: true });
    buys.node(1).neighbour.step({ kind: 'pause', paused: true });
  }

  #made(): Carried {
    const known = ({ neighbour }: Pick<Known, 'neighbour'>): Known => ({
      neighbour,
      config: this.#listed.has(neighbour.id) ? LISTED : undefined,
    });
    const all = (): Known[] => [known(this.sells.node(0)), known(this.buys.node(1))];
    return new Carried({
      config: this.sells.node(0).config,
      neighbours: () => ({ all, known: (id) => all().find(({ neighbour }) => neighbour.id === id) }),
      received: () => [],
      earned: (id) => this.#earned.get(id) ?? 0,
    });
  }

  get customer(): NodeId {
    return this.sells.node(0).peer;
  }

  get upstream(): NodeId {
    return this.buys.node(1).peer;
  }

  /** What is owed to the upstream and waits. */
  get waits(): number {
    return this.carried.heldBack(this.upstream);
  }

  list(id: NodeId, listed = true): void {
    if (listed) this.#listed.add(id);
    else this.#listed.delete(id);
  }

  earn(id: NodeId, units: number): void {
    this.#earned.set(id, units);
  }

  /** The process begins anew: who carried for whom is forgotten. */
  restart(): void {
    this.carried = this.#made();
    this.carried.assume();
  }

  /** The upstream carries so many units for the customer, of which some reach it. */
  carry(units: number, reached = units): void {
    const { account } = this.buys.node(1);
    const door = account.door('transit');
    door.delivered(units * 1_000, door.buyEpoch, this.customer);
    this.reaches(reached);
  }

  /** The customer is charged. */
  reaches(units: number): void {
    const { ledger, row } = this.sells.node(0).account;
    ledger.provided(row, 0, units);
  }

  /** The customer pays all it owes, for good. */
  pays(): void {
    const { ledger, row } = this.sells.node(0).account;
    const units = ledger.get(row, Column.balance);
    ledger.received(row, units, units);
  }
}

async function between(buys: Teller): Promise<Between> {
  return new Between(await Teller.begin({ dishonest: true }), buys);
}

/** Credit for service must not become cash. */
export const STORIES_OF_CARRYING: readonly RuleStory[] = [
  {
    name: 'what was carried for a newcomer waits until it has paid for all of it, also for what never reached it',
    begins: DEAR,
    told: async (teller) => {
      const us = await between(teller);
      us.carry(60);
      teller.same('it owes', us.waits, 60);
      us.carry(30);
      teller.same('and more', [us.waits, us.carried.waitsFor(us.customer)], [90, false]);
      us.carry(95);
      teller.same('the upstream slows us down', us.carried.waitsFor(us.customer), true);
      us.pays();
      teller.same('it has paid', [us.waits, us.carried.waitsFor(us.customer)], [0, false]);
      us.carry(40, 10);
      teller.same('thirty never reached it', us.waits, 40);
      us.pays();
      teller.same('nobody pays for those', us.waits, 30);
    },
  },
  {
    name: 'what a customer was served beyond what was carried for it makes good for nothing later',
    begins: DEAR,
    told: async (teller) => {
      const us = await between(teller);
      us.carry(50, 90);
      us.pays();
      teller.same('paid', us.waits, 0);
      us.carry(40, 0);
      teller.same('hung up', us.waits, 40);
    },
  },
  {
    name: 'what was owed to an upstream for oneself, or is owed to one that is listed or has earned it, does not wait',
    begins: DEAR,
    told: async (teller) => {
      const us = await between(teller);
      const door = us.buys.node(1).account.door('transit');
      door.delivered(90_000, door.buyEpoch);
      us.reaches(30);
      teller.same('for oneself', us.waits, 0);
      us.carry(50, 50);
      teller.same('no more than it carried', us.waits, 50);
      us.earn(us.upstream, 20);
      teller.same('but for what it earned', us.waits, 30);
      us.list(us.upstream);
      teller.same('it is listed', us.waits, 0);
      us.list(us.upstream, false);
      us.earn(us.upstream, 0);
      us.earn(us.customer, 70);
      teller.same('its customer has earned it', us.waits, 10);
    },
  },
  {
    name: 'nothing waits for a customer that the operator listed, whatever it owes or never got',
    begins: DEAR,
    told: async (teller) => {
      const us = await between(teller);
      us.carry(60, 20);
      teller.same('a stranger', us.waits, 60);
      us.list(us.customer);
      teller.same('listed', us.waits, 0);
      us.restart();
      teller.same('nor after a restart', [us.waits, us.carried.waitsFor(us.customer)], [0, false]);
      us.list(us.customer, false);
      us.restart();
      teller.same('a stranger, after a restart', us.waits, 60);
    },
  },
  {
    name: 'newcomers may fill half of an upstream’s credit; who has earned something is carried all the same',
    begins: DEAR,
    told: async (teller) => {
      const us = await between(teller);
      const goes = (): boolean => us.carried.hopFor(us.customer, us.upstream) === us.upstream;
      us.carry(199);
      teller.same('below half', goes(), true);
      us.carry(1);
      teller.same('half', goes(), false);
      us.earn(us.customer, 1);
      us.carry(1);
      teller.same('earned', [us.waits, goes()], [200, true]);
      us.earn(us.customer, 0);
      teller.same('not earned', goes(), false);
    },
  },
];
