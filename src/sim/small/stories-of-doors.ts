import { codeOf } from '../../core/errors.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { RuleStory } from './rule-story.ts';

const CUSTOMER: NodeId = `0x${'c0'.repeat(20)}`;

const codeIn = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
};

/** What services ask of the books: holds, grants, and what is told of them. A megabyte costs 10. */
export const STORIES_OF_DOORS: readonly RuleStory[] = [
  {
    name: 'holds end once each, in whatever order, with their own bytes and side',
    begins: { dishonest: true },
    told: async (teller) => {
      const [seller, buyer] = [teller.node(0), teller.node(1)];
      const [sells, buys] = [seller.account.service('transit'), buyer.account.service('transit')];
      const nowMs = seller.clock.nowMs();
      const [first, second, third] = [100_000, 250_000, 300_000].map((bytes) => sells.serve(bytes, nowMs)) as [
        number,
        number,
        number,
      ];
      sells.release(first);
      sells.commit(second);
      teller.same('one is left', [teller.balance(0), seller.cell(Column.heldProvide)], [2, 3]);
      sells.commit(third);
      teller.same('with its millionths', [teller.balance(0), seller.cell(Column.heldProvide)], [5, 0]);
      teller.same('bytes', [sells.providedBytes, sells.consumedBytes], [550_000, 0]);
      teller.same(
        'not again',
        [first, second, third].map((hold) => codeIn(() => sells.commit(hold))),
        ['HOLD_UNKNOWN', 'HOLD_UNKNOWN', 'HOLD_UNKNOWN'],
      );
      teller.same(
        'too much',
        codeIn(() => sells.serve(50_000_000, nowMs)),
        'SERVICE_REFUSED',
      );
      const [one, other] = [buys.use(100_000), buys.use(250_000)];
      buys.commit(one);
      buys.release(other);
      teller.same('used', [teller.balance(1), buyer.cell(Column.heldConsume)], [-1, 0]);
      teller.same('counted apart', [buys.used.bytes, buys.used.units, buys.consumedBytes], [100_000, 1, 100_000]);
      buys.commit(buys.use(50_000));
      buys.commit(buys.use(50_000));
      teller.same('to the millionth', [buys.used.bytes, buys.used.units, buys.used.remainder], [200_000, 2, 0]);
    },
  },
  {
    name: 'what is bought and for whom it is carried is told, all of it, by the next record',
    begins: { dishonest: true },
    told: async (teller) => {
      const [seller, buyer] = [teller.node(0), teller.node(1)];
      const [sells, buys] = [seller.account.service('transit'), buyer.account.service('transit')];
      const bought: [number, number][] = [];
      const carried: [NodeId, number][] = [];
      buyer.account.onBought((bytes, perMb) => bought.push([bytes, perMb]));
      for (const { account } of [seller, buyer]) account.onCarried((id, units) => carried.push([id, units]));
      buys.delivered(300_000, buys.buyEpoch, CUSTOMER);
      buys.delivered(400_000, buys.buyEpoch);
      teller.same('not each frame', bought, []);
      await teller.pass(500);
      teller.same('together', bought.splice(0), [[700_000, 10]]);
      buys.commit(buys.use(100_000));
      await teller.pass(500);
      teller.same('what was sent', bought.splice(0), [[100_000, 10]]);
      sells.commit(sells.serve(200_000, seller.clock.nowMs()), CUSTOMER);
      teller.same('for whom', carried, [
        [CUSTOMER, 3],
        [CUSTOMER, 2],
      ]);
      buys.delivered(900_000, buys.buyEpoch);
      buys.delivered(900_000, buys.buyEpoch);
      teller.same('a megabyte at once', bought, [[900_000, 10]]);
    },
  },
  {
    name: 'grants stand under one hold, which shrinks with what arrives and goes with the connection',
    begins: { dishonest: true },
    told: async (teller) => {
      const seller = teller.node(0);
      const door = seller.account.service('transit');
      const held = (): number => seller.cell(Column.heldProvide);
      const grant = (bytes: number): number => door.reserveForward(bytes, seller.clock.nowMs()).bytes;
      teller.same('granted', [grant(150_000), grant(150_000), held()], [150_000, 150_000, 3]);
      const arrive = (bytes: number): void => door.arrived(bytes, door.sellEpoch, seller.clock.nowMs());
      arrive(150_000);
      teller.same('a half', [teller.balance(0), held()], [1, 2]);
      door.commit(door.serve(50_000, seller.clock.nowMs()));
      teller.same('a piece between them', [teller.balance(0), held()], [2, 2]);
      arrive(150_000);
      teller.same('the rest', [teller.balance(0), held()], [3, 0]);
      teller.same('counted apart', [door.forwarded.bytes, door.forwarded.units], [300_000, 3]);
      grant(200_000);
      await teller.cut();
      teller.same('gone', held(), 0);
      await teller.connect();
      teller.same('from nothing', [grant(100_000), held()], [100_000, 1]);
      seller.account.lapsed = true;
      teller.same('who is not served is granted nothing', grant(100_000), 0);
      seller.account.lapsed = false;
      seller.account.banned = true;
      teller.same('nor who is banned', grant(100_000), 0);
    },
  },
  {
    name: 'frames of terms that nobody announced, or of services that nobody sells, are refused by name',
    begins: { dishonest: true },
    told: async (teller) => {
      const [seller, buyer] = [teller.node(0), teller.node(1)];
      const [sells, buys] = [seller.account.door('transit'), buyer.account.door('transit')];
      const first = sells.sellEpoch;
      const nowMs = seller.clock.nowMs();
      teller.same(
        'from the future',
        codeIn(() => buys.delivered(1_000, first + 9)),
        'EPOCH_UNKNOWN',
      );
      teller.same(
        'mine',
        codeIn(() => sells.arrived(1_000, first + 9, nowMs)),
        'EPOCH_UNKNOWN',
      );
      teller.same(
        'not sold',
        codeIn(() => seller.account.door('chunks').arrived(1_000, first, nowMs)),
        'SERVICE_NOT_OFFERED',
      );
      teller.same(
        'not bought',
        codeIn(() => buyer.account.door('chunks').delivered(1_000, first)),
        'SERVICE_NOT_OFFERED',
      );
      teller.same('nothing is booked', [teller.balance(0), teller.balance(1)], [0, 0]);
      await teller.hears(0, { kind: 'termsAck', epoch: first });
      teller.same('an old answer', sells.sellEpoch, first);
    },
  },
];
