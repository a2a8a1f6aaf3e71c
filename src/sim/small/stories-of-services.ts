import { codeOf } from '../../core/errors.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { ServiceAccount } from '../../core/ledger/service-account.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const MB = 1_000_000;
/** Neither can pay, so both exchange one for one: at 6 units, the lower price. */
const BARTER = { world: { asks: [[10], [6]], bids: [0, 0] }, dishonest: true } as const;

const transit = (teller: Teller, who: 0 | 1 = 0): ServiceAccount => teller.node(who).account.service('transit');
const held = (teller: Teller): number => teller.node(0).cell(Column.heldProvide);
const now = (teller: Teller): number => teller.node(0).clock.nowMs();

/** The seller grants as much as it can of so many bytes. */
const grant = (teller: Teller, bytes: number): number => transit(teller).reserveForward(bytes, now(teller)).bytes;

/** Bytes of the buyer come in, under the terms in force. */
function arrive(teller: Teller, bytes: number): void {
  transit(teller).arrived(bytes, transit(teller).sellEpoch, now(teller));
}

/** A piece is served, whether it arrives or not. */
function serve(teller: Teller, bytes: number): void {
  transit(teller).commit(transit(teller).serve(bytes, now(teller)));
}

/** What comes out of something that should not be possible. */
function refusal(act: () => void): string | undefined {
  try {
    act();
    return 'nothing';
  } catch (error) {
    return codeOf(error);
  }
}

/** What is reserved, granted, exchanged in kind, and kept. */
export const STORIES_OF_SERVICES: readonly RuleStory[] = [
  {
    name: 'a reservation ends once: who ends it again is told, and no byte is counted twice',
    begins: { world: { asks: [[10, 0], undefined] }, dishonest: true },
    told: async (teller) => {
      const door = transit(teller);
      for (const price of ['sold', 'for nothing']) {
        const [first, last] = [door.serve(MB, now(teller)), door.serve(MB, now(teller))];
        const before = door.providedBytes;
        for (const hold of [first, last]) {
          door.commit(hold);
          teller.same(
            `${price}: committed`,
            refusal(() => door.commit(hold)),
            'HOLD_UNKNOWN',
          );
          const another = door.serve(MB, now(teller));
          door.release(another);
          teller.same(
            `${price}: released`,
            refusal(() => door.commit(another)),
            'HOLD_UNKNOWN',
          );
        }
        teller.same(price, [door.providedBytes - before, held(teller)], [2 * MB, 0]);
        teller.node(0).reprice();
        await teller.calm();
      }
    },
  },
  {
    name: 'what is served between grants fills up fractions, and what they will cost stays reserved',
    begins: { dishonest: true },
    told: async (teller) => {
      serve(teller, 90_000);
      teller.same('nine tenths of a unit', [grant(teller, 90_000), held(teller)], [90_000, 1]);
      arrive(teller, 45_000);
      teller.same('the first half fills it up', [teller.balance(0), held(teller)], [1, 0]);
      serve(teller, 50_000);
      teller.same('half a unit is served: the rest will fill up another', [teller.balance(0), held(teller)], [1, 1]);
      serve(teller, 10_000);
      teller.same('reserved once', [teller.balance(0), held(teller)], [1, 1]);
      arrive(teller, 45_000);
      teller.same('and it does', [teller.balance(0), held(teller)], [2, 0]);
    },
  },
  {
    name: 'no more is granted than has room, whatever was granted or arrived before',
    begins: { world: { asks: [[4_000], undefined], payAt: [3_000, 3_000], dropAt: 4_000 }, dishonest: true },
    told: async (teller) => {
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      teller.same('all there is', [grant(teller, 2 * MB), held(teller)], [999_500, 3_998]);
      arrive(teller, 500_000);
      teller.same('half of it came', [teller.balance(0), held(teller)], [2_000, 1_998]);
      teller.same('which leaves no more room', [grant(teller, 2 * MB), held(teller)], [0, 1_998]);
      const { ledger, row } = teller.node(0).account;
      ledger.provided(row, 0, 500);
      teller.same('nor less', [grant(teller, 2 * MB), held(teller)], [0, 1_998]);
      arrive(teller, 499_500);
      teller.same('the rest came', [teller.balance(0), held(teller)], [4_498, 0]);
    },
  },
  {
    name: 'after a break as much is granted as there is room for, and no more',
    begins: { world: { asks: [[1_000], undefined], payAt: [3_000, 3_000], dropAt: 4_000 }, dishonest: true },
    told: async (teller) => {
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await teller.serve(0, 3);
      grant(teller, 900_000);
      teller.same('granted', [teller.balance(0), held(teller)], [3_000, 900]);
      await teller.cut();
      await teller.connect();
      teller.same('again', [grant(teller, 2 * MB), held(teller)], [998_000, 998]);
    },
  },
  {
    name: 'what is granted is paced like what is served',
    begins: { dishonest: true },
    told: async (teller) => {
      teller.node(0).account.slow(now(teller) + 60_000);
      const first = grant(teller, MB);
      teller.same('one burst', [first > 0 && first < MB, grant(teller, MB)], [true, 0]);
    },
  },
  {
    name: 'nothing is used on a connection that is gone, or of who sells nothing that one would pay',
    begins: { world: { asks: [[10], undefined], bids: [100, 100] }, dishonest: true },
    told: async (teller) => {
      teller.same('used', transit(teller, 1).usable(1_000), 1_000);
      await teller.cut();
      teller.same('gone', transit(teller, 1).usable(1_000), 0);
    },
  },
  {
    name: 'who would not pay the price is sold nothing, and not choked for what it owes',
    begins: { world: { asks: [[10], undefined], bids: [100, 5] }, dishonest: true },
    told: async (teller) => {
      const { account } = teller.node(0);
      const { ledger, row } = account;
      ledger.provided(row, 0, 400);
      teller.same('sold', [transit(teller).selling, transit(teller, 1).usable(1_000)], [false, 0]);
      teller.same('owing', [account.nextCharge, account.state()], [0, 'open']);
    },
  },
  {
    name: 'who sends through one it cannot pay is charged one for one, like for what it gets',
    begins: { world: { asks: [[10], [6]], bids: [100, 0] }, dishonest: true },
    told: async (teller) => {
      grant(teller, MB);
      teller.same('granted', held(teller), 6);
      arrive(teller, MB);
      teller.same('charged', teller.balance(0), 6);
    },
  },
  {
    name: 'fractions are forgotten by both ends when books are compared',
    told: async (teller) => {
      const half = async (): Promise<void> => {
        const [sells, buys] = [transit(teller), transit(teller, 1)];
        serve(teller, 50_000);
        buys.delivered(50_000, sells.sellEpoch);
        await teller.calm();
      };
      await half();
      await teller.cut();
      await teller.connect();
      await half();
      teller.same('two halves', [teller.balance(0), teller.balance(1)], [0, 0]);
      await half();
      teller.same('three', [teller.balance(0), teller.balance(1)], [1, -1]);
    },
  },
  {
    name: 'what was lost on the way is not owed in kind either, and nobody pays for what is',
    begins: BARTER,
    told: async (teller) => {
      await teller.serve(0);
      teller.same('given', [transit(teller).barterNet, transit(teller, 1).barterNet], [6, -6]);
      teller.world.serve(0);
      await teller.cut();
      await teller.connect();
      teller.same('one was lost', [transit(teller).barterNet, transit(teller, 1).barterNet], [6, -6]);
      await teller.serve(1, 3);
      teller.same('owed in kind', [teller.balance(0), transit(teller).netOwed()], [-12, 12]);
      teller.same('not in tokens', teller.node(0).account.payable(), 0);
    },
  },
  {
    name: 'a restart keeps what was counted, and what is owed in kind as long as anything is owed',
    begins: BARTER,
    told: async (teller) => {
      await teller.serve(0, 2);
      await teller.pass(500);
      const restart = async (): Promise<void> => {
        teller.world.crash(1, 9);
        await teller.cut();
        await teller.connect();
      };
      await restart();
      const { account, clock } = teller.node(1);
      const kept = transit(teller, 1);
      teller.same('kept', [kept.consumedBytes, kept.netOwed(), account.payable()], [2 * MB, 12, 0]);
      // It carried value for as much, so nothing is owed.
      account.ledger.provided(account.row, 2, 12);
      kept.delivered(0, kept.buyEpoch);
      clock.step(0);
      await teller.pass(500);
      teller.same('nothing is owed', teller.balance(1), 0);
      await restart();
      teller.same('nor in kind', transit(teller, 1).netOwed(), 0);
    },
  },
];
