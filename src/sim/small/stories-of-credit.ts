import { Column } from '../../core/ledger/columns.ts';
import type { LinkRow } from '../../core/ledger/ledger.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { NodeConfig } from '../../node/config.ts';
import { Credits } from '../../node/credits.ts';
import type { ReceivedChequeRecord } from '../../store/store.ts';
import type { RuleStory } from './rule-story.ts';
import { emptyFlight, SmallLink } from './small-link.ts';
import { IDS } from './small-node.ts';
import type { Teller } from './teller.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const [A, B, C, D, E] = ['a1', 'b1', 'c1', 'd1', 'e1'].map((byte) => `0x${byte.repeat(20)}`) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const CUSTOMER = IDS[1];

/** A piece costs 10, a newcomer may owe 400, half of what is kept is lent, and 10 more a day. */
const growing = (config: NodeConfig): NodeConfig => ({
  ...config,
  transit: { ...config.transit, uplink: true },
  credit: {
    ...config.credit,
    ...{ payAtUnits: undefined, dropAtUnits: undefined, payAtMb: 10, dropAtMb: 40 },
    ...{ growMbPerDay: 1, maxEarnedMb: 3, earnPercent: 50, newcomersPerDay: 2 },
  },
});

/** Node 0 gives credit, with the books of the small node it is. */
class Lender {
  passedOn = 0;
  /** Cheques that came. */
  held: readonly ReceivedChequeRecord[] = [];
  readonly told: string[] = [];
  #credits: Credits;
  readonly #teller: Teller;

  constructor(teller: Teller) {
    this.#teller = teller;
    // It pays what a story says.
    teller.node(1).neighbour?.step({ kind: 'pause', paused: true });
    this.#credits = this.#made();
  }

  #made(): Credits {
    const node = this.#teller.node(0);
    const { clock, config, disk } = node;
    return new Credits({
      ...{ config, clock, store: disk.store(), stored: disk.state() },
      neighbours: () => node.neighbours,
      received: () => this.held,
      passedOn: () => this.passedOn,
      costPerMb: () => 3,
      emit: (_, { earned, why }) => this.told.push(`${earned} ${why}`),
    });
  }

  get credits(): Credits {
    return this.#credits;
  }

  /** So much time passes, and everybody's income is looked at; what was said of it. */
  async after(ms: number): Promise<readonly string[]> {
    this.#teller.node(0).clock.step(ms);
    this.#credits.renew();
    await this.#teller.calm();
    return this.told.splice(0);
  }

  /** The neighbour pays so much. */
  receives(units: number): void {
    const { ledger, row } = this.#teller.node(0).account;
    ledger.received(row, units, units);
  }

  comes(id: NodeId, listed = false): boolean {
    this.#credits.came(id, listed);
    return !this.#credits.refuses(id);
  }

  /** The process dies with all of it on disk, and starts again. */
  async restarts(): Promise<void> {
    await this.#teller.calm();
    this.#credits = this.#made();
  }
}

/** Who is given credit beyond a newcomer's, and how many newcomers there are. */
export const STORIES_OF_CREDIT: readonly RuleStory[] = [
  {
    name: 'credit grows by a share of what is kept, so much a day, and falls at once when it is spent',
    begins: { config: growing, dishonest: true },
    told: async (teller) => {
      const lender = new Lender(teller);
      const untilMidnightMs = DAY_MS - (teller.node(0).clock.wallMs() % DAY_MS);
      await lender.after(10 * DAY_MS + untilMidnightMs - 32_000);
      await teller.serve(0, 10);
      lender.receives(160);
      teller.same('a day’s growth', await lender.after(2_000), ['10 income']);
      teller.same('another day, a moment later', await lender.after(MINUTE_MS / 2), []);
      teller.same('a minute later', await lender.after(MINUTE_MS), ['20 income']);
      teller.same('no more that day', await lender.after(2 * MINUTE_MS), []);
      teller.same('and the next', await lender.after(DAY_MS), ['30 income']);
      teller.same('not more than the most', await lender.after(DAY_MS), []);
      await lender.restarts();
      teller.same('remembered', [lender.credits.earned(CUSTOMER), await lender.after(DAY_MS)], [30, []]);
      lender.passedOn = 90;
      const [fall = ''] = await lender.after(DAY_MS - MINUTE_MS);
      teller.same(
        'what circulates earns nothing',
        [fall.endsWith('spent'), lender.credits.earned(CUSTOMER) < 20],
        [true, true],
      );
      lender.passedOn = 0;
      teller.same('not at once', await lender.after(MINUTE_MS / 2), []);
      teller.same('later', (await lender.after(DAY_MS))[0]?.endsWith('income'), true);
    },
  },
  {
    name: 'what service and gas cost is no income, and nobody is lent more than all have left here',
    begins: { config: growing, dishonest: true },
    told: async (teller) => {
      const lender = new Lender(teller);
      await lender.after(10 * DAY_MS);
      await teller.serve(0, 30);
      lender.receives(105);
      teller.same('of 105 it cost 90', await lender.after(2_000), []);
      lender.receives(10);
      teller.same('now it is enough', await lender.after(2_000), ['10 income']);
      lender.credits.heard('cashed', CUSTOMER, { gasWei: '100' });
      const [fall = ''] = await lender.after(2_000);
      teller.same('gas', fall.endsWith('spent'), true);
      lender.receives(100);
      lender.credits.heard('cashed', CUSTOMER, { gasWei: '0' });
      teller.same('income again', (await lender.after(DAY_MS)).length, 1);
      await lender.restarts();
      teller.same('the costs are remembered', lender.credits.status(known(teller)).kept, 215 - 90 - 10);
    },
  },
  {
    name: 'a cheque earns nothing before it is cashed, nor does what is paid back or owed',
    begins: { config: growing, dishonest: true },
    told: async (teller) => {
      const lender = new Lender(teller);
      const node = teller.node(0);
      const { ledger, row } = node.account;
      await lender.after(10 * DAY_MS);
      ledger.provided(row, 0, 100);
      lender.receives(100);
      lender.held = [cheque(node.config, 100, 0)];
      teller.same('it may bounce', await lender.after(2_000), []);
      lender.held = [cheque(node.config, 100, 81)];
      teller.same('half of 81', [await lender.after(2_000), keptOf(lender, teller)], [['10 income'], 81]);
      lender.held = [cheque(node.config, 100, 100)];
      ledger.consumed(row, 0, 90);
      const [fall = ''] = await lender.after(2_000);
      teller.same('90 are owed', [fall.endsWith('spent'), keptOf(lender, teller)], [true, 10]);
      ledger.paying(row, 90);
      ledger.paid(row, 90);
      teller.same('and paid back', [await lender.after(DAY_MS), keptOf(lender, teller)], [[], 10]);
    },
  },
  {
    name: 'what service cost left through the uplink, so it is not there to be lent to anybody',
    begins: { config: growing, dishonest: true },
    told: async (teller) => {
      const lender = new Lender(teller);
      const { ledger } = teller.node(0).account;
      await lender.after(10 * DAY_MS);
      await teller.serve(0, 30);
      lender.receives(160);
      const other = await stranger(teller);
      ledger.consumed(other, 0, 65);
      teller.same('of 160 it cost 90, and 65 are owed to another', await lender.after(2_000), []);
      ledger.provided(other, 0, 10);
      teller.same('55', await lender.after(2_000), ['10 income']);
    },
  },
  {
    name: 'who bounced is barred for good, and who comes with an old backup begins anew',
    begins: { config: growing, dishonest: true },
    told: async (teller) => {
      const lender = new Lender(teller);
      const { ledger, row } = teller.node(0).account;
      const pays = (units: number): void => {
        ledger.provided(row, 0, units);
        lender.receives(units);
      };
      await lender.after(10 * DAY_MS);
      pays(500);
      await lender.after(2_000);
      lender.credits.heard('restored', CUSTOMER, {});
      teller.same('restored', lender.told.splice(0), ['0 restored']);
      teller.same('what it had paid counts no more', await lender.after(DAY_MS), []);
      pays(100);
      teller.same('what it pays now does', await lender.after(DAY_MS), ['10 income']);
      lender.credits.heard('verdict', CUSTOMER, { code: 'CHEQUE_BOUNCED' });
      teller.same('barred', [lender.told.splice(0), lender.credits.refuses(CUSTOMER)], [['0 barred'], true]);
      teller.same('whatever it pays', [pays(500), await lender.after(DAY_MS)], [undefined, []]);
      await lender.restarts();
      teller.same('after a restart', lender.credits.refuses(CUSTOMER), true);
    },
  },
  {
    name: 'so many newcomers a day have credit, also over a restart, and who uses nothing gives its place back',
    begins: { apart: true, config: growing, dishonest: true },
    told: async (teller) => {
      teller.node(0).clock.step(10 * DAY_MS);
      const lender = new Lender(teller);
      teller.same(
        'two',
        [lender.comes(A), lender.comes(B), lender.comes(A), lender.comes(C)],
        [true, true, true, false],
      );
      teller.same('listed', lender.comes(D, true), true);
      await lender.restarts();
      teller.same('after a restart', [lender.comes(E), lender.comes(A), lender.comes(D)], [false, true, true]);
      await lender.after(DAY_MS);
      teller.same('the next day', [lender.comes(C), lender.comes(A)], [true, true]);
      await teller.connect();
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      teller.same('it takes the last place', [lender.comes(CUSTOMER), lender.comes(E)], [true, false]);
      lender.credits.heard('linkDown', CUSTOMER, {});
      teller.same('and gives it back', [lender.credits.refuses(CUSTOMER), lender.comes(E)], [true, true]);
      teller.same('so it has none', lender.comes(CUSTOMER), false);
      await lender.after(DAY_MS);
      teller.same('tomorrow', lender.comes(CUSTOMER), true);
      await teller.serve(0, 1);
      lender.credits.heard('linkDown', CUSTOMER, {});
      teller.same('used', [lender.credits.refuses(CUSTOMER), lender.comes(`${A.slice(0, -1)}2`)], [false, true]);
      teller.same('full', lender.comes(`${A.slice(0, -1)}3`), false);
      lender.receives(400);
      await lender.after(2_000);
      teller.same('who paid for it all is no newcomer', lender.comes(`${A.slice(0, -1)}4`), true);
      await lender.after(2_000);
      lender.credits.heard('linkDown', CUSTOMER, {});
      teller.same('for good', [lender.credits.refuses(CUSTOMER), lender.comes(`${A.slice(0, -1)}5`)], [false, false]);
      teller.same('received', teller.node(0).cell(Column.received), 400);
    },
  },
];

/** A cheque of the customer, of which so many units were paid out. */
function cheque({ settlement }: NodeConfig, units: number, cashed: number): ReceivedChequeRecord {
  return {
    ...{ kind: 'received', neighbour: CUSTOMER, issuer: CUSTOMER, chequebook: A, signature: new Uint8Array() },
    cumulative: BigInt(units) * settlement.weiPerUnit,
    cashedCumulative: BigInt(cashed) * settlement.weiPerUnit,
    ...{ creditedUnits: units, remainderWei: 0n, bounced: false },
  };
}

function keptOf(lender: Lender, teller: Teller): number {
  return lender.credits.status(known(teller)).kept;
}

/** Somebody else connects to node 0. The row of its account. */
async function stranger(teller: Teller): Promise<LinkRow> {
  const { neighbours } = teller.node(0);
  neighbours.attach(new SmallLink(A, emptyFlight(), () => 0));
  await teller.calm();
  return neighbours.get(A)?.account.row ?? -1;
}

function known(teller: Teller): Parameters<Credits['status']>[0] {
  const found = teller.node(0).neighbours.known(CUSTOMER);
  if (found === undefined) throw new Error('the customer is known');
  return found;
}
