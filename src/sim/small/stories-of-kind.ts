import type { SignedStatement } from '../../core/statement/statement.ts';
import type { RuleStory } from './rule-story.ts';
import type { Scenario } from './scenario.ts';
import type { Beginning, Teller } from './teller.ts';
import { minuteOfTrade, STATING, verdicts } from './told-minutes.ts';

const MEGABYTE = 1_000_000;
/** Withdrawn with the next change of price. */
const NOTHING = undefined as unknown as number;
/** What is offered at these prices is paid in kind, and stated. */
const repaying = (asks: Scenario['asks']): Beginning => ({
  ...STATING,
  world: { asks, bids: [0, 0], statements: true, pieceBytes: 100_000 },
});

/** Two who repay each other, whose prices change, and of whom node 1 states what it likes. */
class Liar {
  /** Units that it states to have given and not to have taken, in all. */
  gave = 0;
  denied = 0;
  readonly #teller: Teller;

  constructor(teller: Teller) {
    this.#teller = teller;
  }

  /** From the beginning, with a minute of honest trade. */
  async begins(): Promise<void> {
    await this.#teller.anew();
    this.#teller.trusting();
    this.gave = 0;
    this.denied = 0;
    this.#teller.lies(1, (each: SignedStatement) => ({
      ...each,
      provided: [each.provided[0] + this.gave, 0, 0],
      consumed: [each.consumed[0] - this.denied, 0, 0],
    }));
    await this.states();
  }

  /** A minute with some trade; what was said of what it stated. */
  async states(): Promise<string[]> {
    this.#teller.said(0);
    await minuteOfTrade(this.#teller, 20);
    return verdicts(this.#teller);
  }

  /** The next price; both ends know of it at once. */
  async reprices(): Promise<void> {
    this.#teller.node(0).reprice();
    await this.#teller.calm();
  }
}

/** Where somebody cannot pay, prices follow from both sides' terms. */
export const STORIES_OF_KIND: readonly RuleStory[] = [
  {
    name: 'who cannot pay has the price of both, also for what was under way when the offer was withdrawn',
    begins: { world: { asks: [[10, NOTHING], [6]], bids: [100, 0] }, dishonest: true },
    told: async (teller) => {
      const [seller, buyer] = [teller.node(0), teller.node(1)];
      const [sells, buys] = [seller.account.door('transit'), buyer.account.door('transit')];
      const tag = sells.sellEpoch;
      for (let each = 0; each < 3; each += 1) sells.reserveForward(MEGABYTE, seller.clock.nowMs());
      sells.arrived(MEGABYTE, tag, seller.clock.nowMs());
      buys.commit(buys.use(MEGABYTE));
      teller.same('the lower one', [teller.balance(0), teller.balance(1)], [6, -6]);
      const hold = buys.use(MEGABYTE);
      seller.reprice();
      await teller.calm();
      teller.same('nothing is sold any more', [sells.selling, buys.buying], [false, false]);
      teller.same('nor priced', seller.account.relation('transit')?.providePerMb, 0);
      sells.arrived(MEGABYTE, tag, seller.clock.nowMs());
      teller.same('what was sent before', teller.balance(0), 12);
      buys.commit(hold);
      buys.delivered(MEGABYTE, tag);
      teller.same('and what was delivered', teller.balance(1), -18);
    },
  },
  {
    name: 'a change of price in kind explains so much either way, once, and no other change of terms does',
    begins: repaying([[10, 4], [10]]),
    told: async (teller) => {
      const liar = new Liar(teller);
      await liar.begins();
      await liar.reprices();
      liar.gave = 8;
      teller.same('what may have crossed', await liar.states(), []);
      liar.gave += 2;
      teller.same('once', await liar.states(), ['STATEMENT_OVERCOUNTS']);
      await liar.begins();
      await liar.reprices();
      liar.denied = 8;
      teller.same('the other way', await liar.states(), []);
      await liar.begins();
      const { neighbour } = teller.node(0);
      const { newest } = teller.node(0).account.mine;
      if (newest === undefined) return teller.same('terms', newest, 'any');
      const services = { ...newest.services, transit: { askPerMb: 10, bidPerMb: 100 } };
      neighbour.step({ kind: 'termsChanged', terms: { ...newest, epoch: newest.epoch + 1, services } });
      await teller.calm();
      liar.denied = 1;
      teller.same('another bid, at the same price', await liar.states(), ['STATEMENT_UNDERCOUNTS']);
    },
  },
  {
    name: 'who keeps changing prices gets no more out of it than its credit',
    begins: repaying([[10, 410], [10_000]]),
    told: async (teller) => {
      const liar = new Liar(teller);
      await liar.begins();
      await liar.reprices();
      liar.gave = 9;
      teller.same('all of it was given one way', await liar.states(), ['STATEMENT_OVERCOUNTS']);
    },
  },
];
