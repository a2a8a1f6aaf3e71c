import { Column } from '../../core/ledger/columns.ts';
import type { ServiceAccount } from '../../core/ledger/service-account.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

/** A look that a charge asks for, milliseconds. */
const LOOK_MS = 2;
const SECOND_MS = 1_000;
const KNOCK_BYTES = 1_024;

const byTime = (config: NodeConfig): NodeConfig => ({
  ...config,
  transit: { ...config.transit, metering: 'time' },
});
const BY_TIME = { config: byTime, dishonest: true } as const;
const order = (count: number) => ({ kind: 'allotment', service: 'transit', count, epoch: 1 }) as const;
const transit = (teller: Teller, who: 0 | 1): ServiceAccount => teller.node(who).account.service('transit');
const balances = (teller: Teller): readonly number[] => [teller.balance(0), teller.balance(1)];
const verdicts = (teller: Teller): (string | undefined)[] =>
  teller
    .said(0)
    .filter((each) => each.startsWith('verdict'))
    .map((each) => each.split(' ')[1]);

/** The buyer would use the service: it has time, or buys some. */
async function want(teller: Teller): Promise<boolean> {
  const there = transit(teller, 1).usable(1_000) > 0;
  await teller.calm();
  return there;
}

/** What is let through outside of bought time. */
function knock(teller: Teller): { readonly bytes: number; readonly retryMs?: number } {
  const [door, nowMs] = [transit(teller, 0), teller.node(0).clock.nowMs()];
  const allowed = door.servable(50_000, nowMs);
  if (allowed.bytes > 0) door.release(door.serve(allowed.bytes, nowMs));
  return allowed;
}

/** Who buys by the second, who sells, and what comes of it when a connection breaks. */
export const STORIES_OF_TIME: readonly RuleStory[] = [
  {
    name: 'who goes on using the service buys time again, whichever way it is used; who does not buys none',
    begins: BY_TIME,
    told: async (teller) => {
      const door = transit(teller, 1);
      const prices: (readonly number[])[] = [];
      teller.node(1).account.onBought((...bought) => prices.push(bought));
      teller.same('nothing is bought yet', [await want(teller), balances(teller)], [false, [10, -10]]);
      teller.same('what it costs is noted', prices, [[1_000_000, 10]]);
      door.delivered(1_000, door.buyEpoch);
      await teller.pass(SECOND_MS + 100);
      teller.same('something came', balances(teller), [20, -20]);
      door.commit(door.use(1_000));
      await teller.pass(SECOND_MS + 100);
      teller.same('something was sent', balances(teller), [30, -30]);
      await teller.pass(SECOND_MS + 100);
      teller.same('neither', balances(teller), [30, -30]);
    },
  },
  {
    name: 'time is exchanged one for one like anything else, and nobody pays for it then',
    begins: { ...BY_TIME, world: { asks: [[10], [6]], bids: [0, 0] } },
    told: async (teller) => {
      await want(teller);
      teller.same('at the lower price', balances(teller), [6, -6]);
      teller.same('in kind', [transit(teller, 0).barterNet, transit(teller, 1).netOwed()], [6, 6]);
      teller.same('not in tokens', teller.node(1).account.payable(), 0);
      const { ledger, row } = teller.node(0).account;
      ledger.provided(row, 0, 390);
      await teller.hears(0, order(2));
      teller.same('what has no room is taken on its word, in kind', transit(teller, 0).barterNet, 12);
    },
  },
  {
    name: 'time that costs nothing need not be bought',
    begins: { ...BY_TIME, world: { asks: [[0], undefined] } },
    told: async (teller) => {
      teller.same('used', [await want(teller), knock(teller).bytes, balances(teller)], [true, 50_000, [0, 0]]);
    },
  },
  {
    name: 'who is refused time looks again when something changes, not each time it is asked',
    begins: BY_TIME,
    told: async (teller) => {
      const { account, clock, neighbour } = teller.node(1);
      neighbour.step({ kind: 'pause', paused: true });
      account.ledger.consumed(account.row, 0, 392);
      await want(teller);
      teller.same('refused', teller.balance(1), -392);
      transit(teller, 1).usable(1_000);
      teller.same('asked again', clock.waits(LOOK_MS), false);
      neighbour.step({ kind: 'tick' });
      neighbour.step({ kind: 'tick' });
      transit(teller, 1).usable(1_000);
      teller.same('after a look', clock.waits(LOOK_MS), true);
    },
  },
  {
    name: 'what was wanted, ordered or left over on one connection is nothing on the next',
    begins: BY_TIME,
    told: async (teller) => {
      const [seller, buyer] = [teller.node(0), teller.node(1)];
      buyer.neighbour.step({ kind: 'pause', paused: true });
      transit(teller, 1).usable(1_000);
      await teller.cut();
      await teller.connect();
      teller.same('nobody wants it any more', balances(teller), [0, 0]);
      await want(teller);
      await teller.pass(2 * SECOND_MS);
      teller.same('a knock is left over', knock(teller).bytes, KNOCK_BYTES);
      await teller.cut();
      await teller.connect();
      await teller.pass(2 * SECOND_MS);
      teller.same('and gone', knock(teller).bytes, 0);
      seller.account.ledger.provided(seller.account.row, 0, 385);
      buyer.account.ledger.consumed(buyer.account.row, 0, 385);
      await teller.hears(0, order(1));
      teller.same('an order waits, on its word', balances(teller), [405, -395]);
      await teller.hears(0, order(2));
      teller.same('and another', balances(teller), [415, -395]);
      await teller.cut();
      await teller.connect();
      teller.same('both know what is owed', balances(teller), [395, -395]);
      seller.account.ledger.received(seller.account.row, 395, 395);
      seller.neighbour.step({ kind: 'tick' });
      teller.same('nobody waits any more', teller.balance(0), 0);
      await teller.hears(0, order(1));
      teller.same('a new one is sold', teller.balance(0), 10);
    },
  },
  {
    name: 'whoever waits for the next connection finds no time on it that was bought on the last one',
    begins: BY_TIME,
    told: async (teller) => {
      const found: (readonly number[])[] = [];
      const door = transit(teller, 1);
      await want(teller);
      teller.same('bought', door.usable(1_000), 1_000);
      await teller.cut();
      door.watch(() => {
        if (door.ready) found.push([door.usable(1_000), teller.balance(1)]);
      });
      await teller.connect();
      teller.same('then there is some', [door.usable(1_000), balances(teller)], [1_000, [20, -20]]);
      teller.same('but not before it is bought', found[0], [0, -10]);
    },
  },
  {
    name: 'who buys time and is served nothing buys ever more seldom, until it is served',
    begins: BY_TIME,
    told: async (teller) => {
      const door = transit(teller, 1);
      const owed: number[] = [];
      for (let second = 0; second < 10; second += 1) {
        await want(teller);
        owed.push(-teller.balance(1));
        await teller.pass(SECOND_MS + 2);
      }
      teller.same('each is waited for longer', owed, [10, 20, 20, 30, 30, 30, 40, 40, 40, 40]);
      await teller.cut();
      await teller.connect();
      await want(teller);
      teller.same('another connection is tried at once', -teller.balance(1), 60);
      door.delivered(1_000, door.buyEpoch);
      for (let second = 0; second < 2; second += 1) {
        await teller.pass(SECOND_MS + 2);
        await want(teller);
      }
      teller.same('something came', balances(teller), [80, -80]);
    },
  },
  {
    name: 'orders that wait for room are no fault of who made them, one a second, and are sold as far as there is some',
    begins: BY_TIME,
    told: async (teller) => {
      const { account, clock, neighbour } = teller.node(0);
      const sold = (): number => account.ledger.get(account.row, Column.provided);
      account.ledger.provided(account.row, 0, 400);
      teller.said(0);
      for (let count = 1; count <= 100; count += 1) {
        clock.step(SECOND_MS);
        await teller.hears(0, order(count));
      }
      teller.same('all are taken', [verdicts(teller), sold(), teller.balance(0)], [[], 400, 1_400]);
      account.ledger.received(account.row, 400, 400);
      neighbour.step({ kind: 'tick' });
      teller.same('as many as have room', [sold(), teller.balance(0)], [800, 1_000]);
      account.ledger.received(account.row, 1_000, 1_000);
      await teller.calm();
      neighbour.step({ kind: 'tick' });
      teller.same('and the others', [sold(), teller.balance(0)], [1_400, 0]);
      await teller.hears(0, order(100 + 61));
      teller.same('more than a minute ahead', [verdicts(teller), teller.balance(0)], [['ALLOTMENT_AHEAD'], 0]);
    },
  },
  {
    name: 'what is ordered adds up, and each order that waits is owed at the price it was made at',
    begins: { ...BY_TIME, world: { asks: [[10, 11], undefined] } },
    told: async (teller) => {
      const { account, clock } = teller.node(0);
      await teller.hears(0, order(2));
      clock.step(2 * SECOND_MS - 1);
      teller.same('two seconds', knock(teller).bytes, 50_000);
      account.ledger.provided(account.row, 0, 980);
      await teller.hears(0, order(3));
      teller.node(0).reprice();
      await teller.calm();
      await teller.hears(0, { ...order(4), epoch: 2 });
      teller.same('another price', account.service('transit').pieceUnits(), 11);
      teller.same('one at each', teller.balance(0), 1_000 + 10 + 11);
    },
  },
  {
    name: 'an order that is repeated brings nothing, and what is in stock counts against the next',
    begins: BY_TIME,
    told: async (teller) => {
      const { account, clock } = teller.node(0);
      await teller.hears(0, order(1));
      await teller.pass(2 * SECOND_MS);
      teller.same('a knock', knock(teller), { bytes: KNOCK_BYTES });
      teller.same('the next in a second', knock(teller), { bytes: 0, retryMs: SECOND_MS });
      for (let left = 2; left > 0; left -= 1) {
        clock.step(SECOND_MS);
        knock(teller);
      }
      clock.step(SECOND_MS);
      await teller.hears(0, order(1));
      teller.same('repeated', [knock(teller).bytes, teller.balance(0)], [0, 10]);
      await teller.hears(0, order(39));
      teller.same('more', teller.balance(0), 390);
      await teller.hears(0, order(5));
      teller.same('an older one', teller.balance(0), 390);
      account.ledger.received(account.row, 390, 390);
      teller.said(0);
      await teller.hears(0, order(39 + 30));
      teller.same('more than a minute in stock', [verdicts(teller), teller.balance(0)], [['ALLOTMENT_AHEAD'], 0]);
    },
  },
];
