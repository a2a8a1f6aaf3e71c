import { Column } from '../../core/ledger/columns.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import { LATE_MS } from '../../core/statement/statement-rules.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';
import { HONEST, MINUTE_MS, minuteOfTrade, STATING, verdicts } from './told-minutes.ts';

const byTime = (config: NodeConfig): NodeConfig => ({
  ...config,
  transit: { ...config.transit, metering: 'time' },
});
/** The buyer wants a piece, and gets as much as both doors let through. */
async function use(teller: Teller, bytes = 50_000): Promise<number> {
  const [seller, buyer] = [teller.node(0), teller.node(1)];
  const [sells, buys] = [seller.account.door('transit'), buyer.account.door('transit')];
  const wanted = buys.usable(bytes);
  const allowed = wanted === 0 ? 0 : sells.servable(wanted, seller.clock.nowMs()).bytes;
  if (allowed > 0) {
    const hold = sells.serve(allowed, seller.clock.nowMs());
    buys.delivered(allowed, sells.sellEpoch);
    sells.commit(hold);
  }
  await teller.calm();
  return allowed;
}
const served = (teller: Teller): readonly number[] => [teller.balance(0), teller.balance(1)];

/** Trade in kind, one way only, by time, and through each other. */
export const STORIES_OF_TRADE: readonly RuleStory[] = [
  {
    name: 'who cannot pay gets one for one at the lower price, up to dropAt, and nothing is paid',
    begins: { world: { asks: [[10], [6]], bids: [0, 0] }, dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 30);
      teller.same('at the lower price', served(teller), [180, -180]);
      teller.same('payments', [teller.heard(0, 'payment').length, teller.node(1).account.payable()], [0, 0]);
      await teller.serve(1, 20);
      teller.same('repaid in kind', served(teller), [60, -60]);
      await teller.serve(0, 100);
      teller.same('up to dropAt', served(teller), [399, -399]);
    },
  },
  {
    name: 'who can pay one who cannot keeps the link only while it is mostly the debtor',
    begins: { world: { asks: [[10], [10]], bids: [100, 0] }, dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 9);
      await teller.pass(500);
      teller.same('below payAt', verdicts(teller), []);
      await teller.serve(0);
      await teller.serve(0, 9);
      await teller.pass(500);
      teller.same('19 samples', verdicts(teller), []);
      await teller.serve(0);
      await teller.pass(500);
      teller.same('20 samples', [verdicts(teller), teller.node(0).link === undefined], [['ONE_WAY_CREDITOR'], true]);
    },
  },
  {
    name: 'who is mostly the debtor of one who cannot pay keeps it, and pays it',
    begins: { world: { asks: [[10], [10]], bids: [100, 0] }, dishonest: true },
    told: async (teller) => {
      await teller.serve(1, 10);
      await teller.serve(0, 10);
      await teller.pass(500);
      const paid = [0, 1].map((who) => teller.node(who as 0 | 1).cell(Column.paid));
      const kept = teller.node(0).link !== undefined;
      teller.same(
        'paid and kept at half of the samples, and not paid',
        [verdicts(teller), paid, kept],
        [[], [100, 0], true],
      );
      teller.same('owed in kind', teller.node(1).account.payable(), 0);
    },
  },
  {
    name: 'time is bought when it is used, costs the same whatever goes through, and is over by the clock',
    begins: { config: byTime, dishonest: true },
    told: async (teller) => {
      teller.same('nothing is bought yet', [await use(teller), served(teller)], [0, [10, -10]]);
      teller.same('bought', [await use(teller), await use(teller), served(teller)], [50_000, 50_000, [10, -10]]);
      await teller.pass(900);
      teller.same('within a second', [await use(teller), served(teller)], [50_000, [10, -10]]);
      await teller.pass(200);
      teller.same(
        'used since: the next one',
        [await use(teller), await use(teller), served(teller)],
        [0, 50_000, [20, -20]],
      );
      await teller.pass(5_000);
      teller.same('not used since', served(teller), [20, -20]);
      await teller.pass(5_000);
      await teller.pass(5_000);
      teller.same('nobody uses it', served(teller), [20, -20]);
      const { account, clock } = teller.node(0);
      const door = account.door('transit');
      const knock = (): number => {
        const { bytes } = door.servable(50_000, clock.nowMs());
        if (bytes > 0) door.release(door.serve(bytes, clock.nowMs()));
        return bytes;
      };
      teller.same('a knock, one a second', [knock(), knock()], [1_024, 0]);
      teller.same('nothing is granted', door.reserveForward(5_000, clock.nowMs()).bytes, 0);
      clock.step(1_000);
      teller.same('a second one', knock(), 1_024);
      clock.step(1_000);
      teller.same('a third', knock(), 1_024);
      clock.step(1_000);
      teller.same('and no more', knock(), 0);
      await use(teller);
      teller.same('bought again', [await use(teller), served(teller)], [50_000, [30, -30]]);
      await teller.cut();
      await teller.connect();
      teller.same('gone with the connection', [await use(teller), served(teller)], [0, [40, -40]]);
    },
  },
  {
    name: 'time is bought up to what is granted and paid like any debt, and orders wait for room',
    begins: { config: byTime, dishonest: true },
    told: async (teller) => {
      const { account, neighbour } = teller.node(0);
      const order = (count: number) => ({ kind: 'allotment', service: 'transit', count, epoch: 1 }) as const;
      await teller.hears(0, order(39));
      teller.same('sold', teller.balance(0), 390);
      await teller.hears(0, order(39));
      await teller.hears(0, order(41));
      const sold = (): number => account.ledger.get(account.row, Column.provided);
      teller.same('one of two more has no room, and is owed on its word', [teller.balance(0), sold()], [410, 400]);
      account.ledger.received(account.row, 390, 390);
      neighbour.step({ kind: 'tick' });
      await teller.calm();
      teller.same('now it has', [teller.balance(0), sold()], [20, 410]);
      teller.said(0);
      await teller.hears(0, order(200));
      teller.same('too many ahead', verdicts(teller), ['ALLOTMENT_AHEAD']);
      const buyer = teller.node(1);
      buyer.account.ledger.consumed(buyer.account.row, 0, 395);
      buyer.neighbour.step({ kind: 'pause', paused: true });
      await use(teller);
      teller.same('no time beyond what is granted', teller.balance(1), -395);
    },
  },
  {
    name: 'who sells by data takes no order for time',
    begins: { dishonest: true },
    told: async (teller) => {
      await teller.hears(0, { kind: 'allotment', service: 'transit', count: 1, epoch: 1 });
      teller.same('verdict', verdicts(teller), ['MESSAGE_UNEXPECTED']);
    },
  },
  {
    name: 'who only watches serves without time being bought',
    begins: { config: (config) => ({ ...byTime(config), mode: 'observe' }), dishonest: true },
    told: async (teller) => {
      const { account, clock } = teller.node(0);
      teller.same('served', account.door('transit').servable(5_000, clock.nowMs()).bytes, 5_000);
      teller.same('granted', account.door('transit').reserveForward(5_000, clock.nowMs()).bytes, 5_000);
      teller.same('used', teller.node(1).account.door('transit').usable(5_000), 5_000);
    },
  },
  {
    name: 'what is granted is held for until it arrives or the connection goes, to the unit',
    begins: { world: { asks: [[333_333], undefined], payAt: [3_000, 3_000], dropAt: 4_000 }, dishonest: true },
    told: async (teller) => {
      const { account, clock } = teller.node(0);
      const door = account.door('transit');
      const held = (): number => teller.node(0).cell(Column.heldProvide);
      const granted = door.reserveForward(3_000, clock.nowMs()).bytes;
      teller.same('granted', [granted, held()], [3_000, 1_000]);
      door.arrived(1_000, door.sellEpoch, clock.nowMs());
      const hold = door.serve(1_000, clock.nowMs());
      door.commit(hold);
      teller.same('a part arrived, a piece was served between', [teller.balance(0), held() >= 667], [666, true]);
      door.arrived(2_000, door.sellEpoch, clock.nowMs());
      teller.same('all of it', [teller.balance(0), held()], [1_333, 0]);
      door.arrived(1_000, door.sellEpoch, clock.nowMs());
      teller.same('more than was granted', [teller.balance(0), held()], [1_666, 0]);
      door.reserveForward(20_000, clock.nowMs());
      const most = held();
      await teller.cut();
      teller.same('gone', [held(), most <= 4_000 - 1_666, most > 2_000], [0, true, true]);
    },
  },
];

/** The last statement that reached a node. */
const stated = (teller: Teller, who: 0 | 1): SignedStatement | undefined =>
  teller.heard(who, 'statement').at(-1)?.statement;

/** Statements, of honest ends and of others. */
export const STORIES_OF_STATEMENTS: readonly RuleStory[] = [
  {
    name: 'both ends state every minute what moved, and agree; nothing is stated of nothing',
    begins: HONEST,
    told: async (teller) => {
      teller.trusting();
      await minuteOfTrade(teller);
      const view = { mine: 1, theirs: 1, agreed: 1, gapUnits: 0, disputed: false };
      teller.same('after a minute', teller.node(0).neighbour.session.statements, view);
      teller.same('the buyer too', teller.node(1).neighbour.session.statements, view);
      const { consumed, consumedBytes, sequence, answers } = stated(teller, 0) ?? ({} as SignedStatement);
      teller.same('what it says', [consumed, consumedBytes, sequence, answers], [[20, 0, 0], [2_000_000, 0, 0], 1, 1]);
      await teller.pass(10 * MINUTE_MS);
      teller.same('nothing moved', [stated(teller, 0), verdicts(teller)], [undefined, []]);
      await minuteOfTrade(teller);
      teller.same('again', [stated(teller, 0)?.sequence, verdicts(teller)], [2, []]);
      await teller.cut();
      await teller.connect();
      await minuteOfTrade(teller);
      teller.same('on the next connection', [stated(teller, 0)?.sequence, verdicts(teller)], [3, []]);
      teller.node(1).neighbour.step({ kind: 'finish' });
      await teller.calm();
      teller.same('nothing new to say at the end', stated(teller, 0), undefined);
      await teller.serve(0);
      teller.node(1).neighbour.step({ kind: 'finish' });
      await teller.calm();
      teller.same('one more at the end', stated(teller, 0)?.sequence, 4);
    },
  },
  {
    name: 'a statement that denies what was given is found, told once, and cuts at the third',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      let less = 0;
      teller.lies(1, (statement) => ({ ...statement, consumed: [statement.consumed[0] - less, 0, 0] }));
      await minuteOfTrade(teller);
      teller.same('honest', verdicts(teller), []);
      less = 5;
      await minuteOfTrade(teller);
      teller.same(
        'found',
        teller.said(0).filter((each) => /^(verdict|divergence)/.test(each)),
        ['divergence 1 2 pricing', 'verdict STATEMENT_UNDERCOUNTS throttle'],
      );
      teller.same('gap', teller.node(0).neighbour.session.statements?.gapUnits, 5);
      await minuteOfTrade(teller);
      teller.same('known', verdicts(teller), []);
      for (const more of [8, 12]) {
        // It is slowed down for a minute each time.
        await teller.pass(2 * MINUTE_MS);
        less = more;
        await minuteOfTrade(teller);
      }
      teller.same('the third', [verdicts(teller).at(-1), teller.node(0).account.banned], ['STATEMENT_REPEATED', true]);
    },
  },
  {
    name: 'statements that claim more, forget payments, contradict or come from elsewhere each have their word',
    begins: STATING,
    told: async (teller) => {
      const table: readonly (readonly [string, (statement: SignedStatement) => SignedStatement])[] = [
        ['STATEMENT_OVERCOUNTS', (each) => ({ ...each, provided: [each.provided[0] + 3, 0, 0] })],
        ['STATEMENT_PAYMENTS', (each) => ({ ...each, paid: each.paid + 7 })],
        ['STATEMENT_CONTRADICTS', (each) => ({ ...each, consumedBytes: [0, 0, 0] })],
        ['STATEMENT_INVALID', (each) => ({ ...each, chainId: 5 })],
        ['STATEMENT_STALE', (each) => ({ ...each, answers: each.answers + 3 })],
        ['STATEMENT_FORGED', (each) => ({ ...each, signature: new Uint8Array(65) })],
      ];
      for (const [code, lie] of table) {
        await teller.anew();
        teller.trusting();
        teller.lies(1, (statement) => statement);
        await minuteOfTrade(teller);
        teller.said(0);
        teller.lies(1, lie);
        await minuteOfTrade(teller);
        teller.same(code, verdicts(teller)[0], code);
      }
    },
  },
  {
    name: 'marks come in order and in measure, and who states nothing is late',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      await minuteOfTrade(teller);
      await teller.hears(0, { kind: 'mark', sequence: 1, answers: 0 });
      teller.same('an old mark', verdicts(teller), ['STATEMENT_STALE']);
      for (let sequence = 2; sequence < 60; sequence += 1)
        await teller.hears(0, { kind: 'mark', sequence, answers: 1 });
      teller.same(
        'a flood',
        [verdicts(teller).includes('STATEMENT_FLOOD'), teller.node(0).link === undefined],
        [true, true],
      );
      await teller.anew();
      await teller.serve(0, 2);
      teller.mute(1);
      await teller.pass(MINUTE_MS);
      await teller.pass(LATE_MS);
      teller.same('not late yet', verdicts(teller), []);
      await teller.pass(1_000);
      teller.same('late', verdicts(teller), ['STATEMENT_LATE']);
      await teller.pass(15_000);
      teller.same('and again', verdicts(teller), ['STATEMENT_LATE']);
    },
  },
];
