import { Column } from '../../core/ledger/columns.ts';
import type { CountsMessage } from '../../core/session/message.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';
import { STATING, verdicts } from './told-minutes.ts';

const counts = (change: Partial<CountsMessage>): CountsMessage => ({
  ...{ kind: 'counts', opening: true, storeEpoch: 1 },
  ...{ provided: [0, 0, 0], admitted: [0, 0, 0], consumed: [0, 0, 0], ...change },
});
/** The neighbour of `who` opens the next connection with these counts. */
async function reopens(teller: Teller, who: 0 | 1, change: Partial<CountsMessage>): Promise<void> {
  await teller.cut();
  teller.world.connect();
  await teller.hears(who, counts(change));
}

/** What holds over connections, crashes and changed offers. */
export const STORIES_OF_BREAKS: readonly RuleStory[] = [
  {
    name: 'what was under way when an offer was withdrawn keeps its price, at both ends',
    begins: { world: { asks: [[10, undefined as unknown as number], undefined] }, dishonest: true },
    told: async (teller) => {
      const [seller, buyer] = [teller.node(0), teller.node(1)];
      const [sells, buys] = [seller.account.door('transit'), buyer.account.door('transit')];
      const tag = sells.sellEpoch;
      sells.reserveForward(1_000_000, seller.clock.nowMs());
      const hold = buys.use(1_000_000);
      seller.reprice();
      await teller.calm();
      teller.same('nothing is sold any more', [sells.selling, buys.buying], [false, false]);
      sells.arrived(1_000_000, tag, seller.clock.nowMs());
      buys.commit(hold);
      buys.delivered(1_000_000, tag);
      teller.same('booked', [teller.balance(0), teller.balance(1)], [10, -20]);
    },
  },
  {
    name: 'what a connection agreed on stands on the next ones too, whatever is denied then',
    begins: { dishonest: true },
    told: async (teller) => {
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await teller.serve(0, 5);
      await teller.cut();
      await teller.connect();
      teller.same('agreed', [teller.node(0).account.counts.admitted[0], teller.balance(0)], [50, 50]);
      for (let again = 0; again < 2; again += 1) {
        await reopens(teller, 0, { consumed: [0, 0, 0] });
        teller.same('denied', teller.balance(0), 50);
      }
    },
  },
  {
    name: 'nobody is charged for more than he has counted or admitted, and who claims it is found out',
    begins: { world: { statements: true }, dishonest: true },
    told: async (teller) => {
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await teller.serve(0, 5);
      await teller.pass(500);
      await reopens(teller, 1, { provided: [90, 0, 0], admitted: [90, 0, 0] });
      teller.same('charged', teller.balance(1), -50);
      teller.same('verdict', verdicts(teller, 1)[0], 'COUNTS_INFLATED');
    },
  },
  {
    name: 'a restart keeps what was used, admitted, paid and shut, and names its terms anew',
    told: async (teller) => {
      await teller.serve(0, 12);
      await teller.pass(500);
      const before = [0, 1].map((who) => teller.node(who as 0 | 1).account.door('transit'));
      const epochs = before.map((door) => Math.max(door.sellEpoch, door.buyEpoch));
      for (const who of [0, 1] as const) {
        teller.world.crash(who, 2);
        await teller.cut();
        await teller.connect();
      }
      const [seller, buyer] = [teller.node(0), teller.node(1)];
      teller.same('balances', [teller.balance(0), teller.balance(1)], [20, -20]);
      teller.same('paid', [buyer.cell(Column.paid), seller.cell(Column.received)], [100, 100]);
      teller.same('admitted', [seller.account.counts.admitted[0], buyer.account.lease.consumedUnits], [120, 120]);
      teller.same('newer terms', seller.account.door('transit').sellEpoch > (epochs[0] ?? 0), true);
      await teller.serve(0, 9);
      await teller.pass(500);
      teller.same('and goes on', [teller.balance(0), buyer.cell(Column.paid)], [10, 200]);
    },
  },
  {
    name: 'what was consumed is told with the payment for it, and now and then while it changes',
    told: async (teller) => {
      await teller.serve(0, 10);
      teller.same(
        'with the payment',
        teller.heard(0, 'counts').map(({ consumed }) => consumed[0]),
        [90, 100],
      );
      await teller.serve(0, 3);
      teller.same('not at once', teller.heard(0, 'counts').length, 0);
      await teller.pass(500);
      teller.same(
        'a moment later',
        teller.heard(0, 'counts').map(({ consumed }) => consumed[0]),
        [130],
      );
      await teller.pass(5_000);
      teller.same('nothing new', teller.heard(0, 'counts').length, 0);
    },
  },
  {
    name: 'what waits while a statement is made is free again when the connection breaks',
    begins: { world: { statements: true }, dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 2);
      const { account, neighbour } = teller.node(0);
      neighbour.session.step({ kind: 'finish' }, teller.node(0).clock.nowMs());
      teller.same('settling', account.settling, true);
      teller.world.cut(0);
      teller.world.cut(1);
      teller.same('cut', [account.settling, account.ready], [false, false]);
    },
  },
  {
    name: 'one-for-one prices that change under way are held against nobody, up to what may have crossed',
    begins: {
      ...STATING,
      world: { asks: [[10, 4], [10]], bids: [0, 0], statements: true },
    },
    told: async (teller) => {
      teller.trusting();
      let less = 0;
      teller.lies(1, (statement) => ({ ...statement, consumed: [statement.consumed[0] - less, 0, 0] }));
      await teller.serve(0, 2);
      await teller.pass(60_500);
      teller.node(0).reprice();
      await teller.calm();
      less = 5;
      await teller.serve(0, 2);
      await teller.pass(60_500);
      teller.same('five units', verdicts(teller), []);
      less = 30;
      await teller.serve(0, 10);
      await teller.pass(60_500);
      teller.same('too many', verdicts(teller), ['STATEMENT_UNDERCOUNTS']);
    },
  },
];
