import type { CashReceipt, ChequebookFacts } from '../../chain/chain.ts';
import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import { retryMs } from '../../core/settlement/cashier.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import { CashierDesk } from '../../settle/cashier-desk.ts';
import type { RuleStory } from './rule-story.ts';
import { SmallChain } from './small-chain.ts';
import { CHEQUEBOOKS, IDS, WEI_PER_UNIT } from './small-node.ts';
import type { Teller } from './teller.ts';

/** At this worth of coin a wei of the price of gas makes cashing one cheque cost one unit, and going along 4 of 9. */
const PER_COIN = 111_111_111_111_111n;
const EVERY_MS = 7_000_000;
/** The price of gas is asked for again after so long. */
const FRESH_MS = 60_000;
const RETRY_MS = 30_000;
const PLENTY = 1_000_000;
const OTHER: NodeId = `0x${'0d'.repeat(20)}`;
const PAYERS = CHEQUEBOOKS[1];
/** Units that add up to so much wei. */
const wei = (units: number): bigint => BigInt(units) * WEI_PER_UNIT;

/** The cashier of node 0, on a chain that a story tells. */
class Till {
  gasUnits = 1;
  availableUnits = PLENTY;
  withdrawing = false;
  waited = false;
  riskAt = 1_000_000;
  /** What becomes of the next transactions. */
  outcome: 'paid' | 'TRANSACTION_REVERTED' | 'TRANSACTION_PENDING' = 'paid';
  readonly sent: string[] = [];
  readonly #teller: Teller;
  #cashier: CashierDesk;

  constructor(teller: Teller) {
    this.#teller = teller;
    this.#cashier = this.#made();
  }

  #made(): CashierDesk {
    const node = this.#teller.node(0);
    return new CashierDesk({
      chain: {
        ...new SmallChain(new Map()).port(),
        gasPriceWei: () => Promise.resolve(BigInt(this.gasUnits)),
        chequebook: (address) => Promise.resolve(this.#facts(address)),
        outcome: () => Promise.resolve(undefined),
        cash: (cheque, sent) => this.#cash([cheque], sent),
        cashMany: async (cheques, sent) => {
          const { gasWei, hash } = await this.#cash(cheques, sent);
          return { gasWei, hash, paid: cheques.map(() => ({ paidWei: 0n, bounced: false })) };
        },
      },
      ...{ clock: node.clock, store: node.disk.store(), desk: node.desk, cashings: [] },
      ...{ weiPerUnit: WEI_PER_UNIT, perCoin: PER_COIN, everyMs: EVERY_MS },
      riskAt: () => this.riskAt,
      waitedFor: () => this.waited,
      keep: (_, records) => node.neighbour.keep(records),
      cleared: () => undefined,
      bounced: () => undefined,
      emit: () => undefined,
    });
  }

  #facts(address: NodeId): ChequebookFacts {
    const sums = { paidOutWei: 0n, totalPaidOutWei: 0n, reservedWei: 0n, withdrawalWei: 0n };
    const availableWei = wei(address === OTHER ? PLENTY : this.availableUnits);
    const book = { fromFactory: true, issuer: IDS[1], bounced: false, balanceWei: availableWei, availableWei, ...sums };
    return this.withdrawing ? { ...book, withdrawableAtS: 1 } : book;
  }

  async #cash(cheques: readonly SignedCheque[], sent: (hash: string) => Promise<void>): Promise<CashReceipt> {
    const hash = `t${this.sent.length}`;
    await sent(hash);
    this.sent.push(cheques.map(({ chequebook }) => (chequebook === OTHER ? 'other' : 'payer')).join(' '));
    if (this.outcome !== 'paid') throw new WayleaveError(this.outcome, { hash });
    return { hash, gasWei: 0n, paidWei: cheques[0]?.cumulativeWei ?? 0n, bounced: false };
  }

  async #until<T>(asked: Promise<T>): Promise<T> {
    let done = false;
    const watched = asked.finally(() => {
      done = true;
    });
    for (let turn = 0; turn < 20 && !done; turn += 1) {
      for (let each = 0; each < 20; each += 1) await undefined; // oxlint-disable-line typescript/await-thenable -- one turn of the promises, nothing else
      await this.#teller.calm();
    }
    return watched;
  }

  /** What is decided about each chequebook now, at this price of gas. */
  async decides(
    gasUnits: number,
    change: Partial<Pick<Till, 'availableUnits' | 'withdrawing' | 'waited' | 'riskAt'>> = {},
  ): Promise<readonly string[]> {
    const usual = { availableUnits: PLENTY, withdrawing: false, waited: false, riskAt: 1_000_000 };
    Object.assign(this, usual, change, { gasUnits });
    this.#teller.node(0).clock.step(FRESH_MS);
    const { entries } = await this.#until(this.#cashier.plan());
    return entries.map(({ because }) => because);
  }

  /** Of each cheque the issuer's risk, in thousandths. */
  async risks(): Promise<readonly number[]> {
    return (await this.#until(this.#cashier.plan())).entries.map(({ riskPermille }) => riskPermille);
  }

  /** Cashes what is asked for; what left, cheque by cheque. */
  async cashesAll(outcome: Till['outcome'] = 'paid'): Promise<readonly string[]> {
    this.outcome = outcome;
    await this.#until(this.#cashier.cashAll());
    return this.sent.splice(0);
  }

  /** Looks by itself, as it does every second. */
  async looks(): Promise<readonly string[]> {
    this.#cashier.start();
    this.#teller.node(0).clock.step(1_000);
    await this.#until(this.#cashier.stop());
    this.#cashier = this.#made();
    return this.sent.splice(0);
  }
}

/** Node 1 owes so many units by cheque: the books of node 0 know no more of it. */
async function owed(teller: Teller, chequebook: NodeId, units: number, bounced = false): Promise<void> {
  const { disk } = teller.node(0);
  const plain = { neighbour: IDS[1], issuer: IDS[1], signature: new Uint8Array(65), remainderWei: 0n };
  const sums = { cumulative: wei(units), cashedCumulative: 0n, creditedUnits: units };
  const writing = disk.store().commit([{ kind: 'received', chequebook, bounced, ...plain, ...sums }]);
  disk.durable();
  await writing;
}

/** When cheques are cashed, and when they wait. */
export const STORIES_OF_CASHING: readonly RuleStory[] = [
  {
    name: 'a cheque is cashed when it is worth the gas, waited for, in danger or old, and never at a loss',
    begins: { apart: true, dishonest: true },
    told: async (teller) => {
      await owed(teller, PAYERS, 100);
      teller.node(0).start();
      const till = new Till(teller);
      teller.same('dear gas', await till.decides(200), ['notWorthGas']);
      teller.same('a part is at risk', await till.decides(6), ['wait']);
      teller.same('as much as gas costs', await till.decides(5), ['worthGas']);
      teller.same('a withdrawal', await till.decides(90, { withdrawing: true }), ['withdrawal']);
      teller.same('drawn by others', await till.decides(90, { availableUnits: 95 }), ['uncovered']);
      teller.same('not worth it any more', await till.decides(90, { availableUnits: 80, riskAt: 100 }), ['empty']);
      teller.same('nothing there', await till.decides(90, { availableUnits: 0 }), ['empty']);
      teller.same('not even when asked for', await till.cashesAll(), []);
      teller.same('waited for', await till.decides(90, { waited: true }), ['waitedFor']);
      teller.same('half of riskAt, at any price', await till.decides(500, { riskAt: 200 }), ['risk']);
      teller.same('still waiting', await till.decides(90), ['wait']);
      teller.node(0).clock.step(EVERY_MS);
      teller.same('for long', await till.decides(90), ['due']);
    },
  },
  {
    name: 'a cashing that failed is tried again in its time, and one under way is not sent twice',
    begins: { apart: true, dishonest: true },
    told: async (teller) => {
      await owed(teller, PAYERS, 100);
      teller.node(0).start();
      const till = new Till(teller);
      // A small clock stands long after zero: only a node that has just begun could see it.
      teller.same('none failed yet', retryMs(0), 0);
      await till.decides(5);
      teller.same('asked for', await till.cashesAll('TRANSACTION_REVERTED'), ['payer']);
      teller.same('asked for again', await till.cashesAll('TRANSACTION_REVERTED'), ['payer']);
      teller.same('a minute later', await till.decides(5), ['worthGas']);
      teller.same('a third time', await till.cashesAll('TRANSACTION_REVERTED'), ['payer']);
      teller.same('twice as long after each', await till.decides(5), ['retryLater']);
      teller.node(0).clock.step(2 * RETRY_MS);
      teller.same('in time', await till.decides(5), ['worthGas']);
      teller.same('not mined', await till.cashesAll('TRANSACTION_PENDING'), ['payer']);
      teller.same('under way', await till.decides(5), ['underWay']);
      teller.same('not even when asked for', await till.cashesAll(), []);
    },
  },
  {
    name: 'what would wait goes along where that costs less than is at risk, and what failed does not',
    begins: { apart: true, dishonest: true },
    told: async (teller) => {
      await owed(teller, PAYERS, 1_000);
      await owed(teller, OTHER, 100);
      teller.node(0).start();
      const till = new Till(teller);
      teller.same('one alone', await till.decides(10), ['worthGas', 'wait']);
      teller.same('it takes the other along', await till.looks(), ['payer other']);
      teller.same('too dear', await till.decides(20), ['worthGas', 'wait']);
      teller.same('so it goes alone', await till.looks(), ['payer']);
      await till.decides(10, { availableUnits: 0 });
      for (let time = 0; time < 3; time += 1) await till.cashesAll('TRANSACTION_REVERTED');
      teller.same('it failed a moment ago', await till.decides(10), ['worthGas', 'retryLater']);
      teller.same('so it stays', await till.looks(), ['payer']);
    },
  },
  {
    name: 'of who bounced all is at risk',
    begins: { apart: true, dishonest: true },
    told: async (teller) => {
      await owed(teller, PAYERS, 100, true);
      await owed(teller, OTHER, 100);
      teller.node(0).start();
      const till = new Till(teller);
      teller.same('risks', await till.risks(), [1_000, 50]);
      teller.same('demanded or not, it is weighed', await till.decides(60), ['worthGas', 'wait']);
    },
  },
];
