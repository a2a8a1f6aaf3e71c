import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import { Unsettled } from '../../core/ledger/unsettled.ts';
import { serviceColumn } from '../../core/service.ts';
import { Journal } from '../../neighbour/journal.ts';
import type { Store, StoreRecord } from '../../store/store.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const DAY_MS = 86_400_000;
const JOURNAL_MS = 50;
const BOTH_SELL = { asks: [[10], [10]] } as const;
/** Both sell and nobody can pay. */
const IN_KIND = { ...BOTH_SELL, bids: [0, 0] } as const;
const PACKETS = serviceColumn.packets;

const books = (teller: Teller): LinkAccount => teller.node(0).account;
const inKind = (teller: Teller): readonly number[] =>
  ([0, 1] as const).map((who) => teller.node(who).account.service('transit').barterNet);

/** A process dies with all of its writes done, and both ends connect again. */
async function restarts(teller: Teller, who: 0 | 1): Promise<void> {
  await teller.pass(500);
  teller.world.crash(who, 9);
  await teller.cut();
  await teller.connect();
}

/** What the books of a link hold together, charge by charge. */
export const STORIES_OF_BOOKS: readonly RuleStory[] = [
  {
    name: 'all that is charged, held and let go is of the lease, and no more than it is held',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { ledger, row } = books(teller);
      const left = (): number => teller.node(0).cell(Column.leaseLeft);
      teller.same('both limits', left(), 800);
      const kept = ledger.holdProvide(row, 100);
      teller.same('held', left(), 700);
      ledger.release(kept);
      teller.same('let go', left(), 800);
      ledger.commit(ledger.holdConsume(row, 50), 0, 30);
      teller.same('a part was used', left(), 770);
      ledger.provided(row, 0, 20);
      teller.same('what was granted before', left(), 750);
      ledger.consumed(row, 0, 10);
      teller.same('what came', left(), 740);
      ledger.setLimit(row, 'leaseLeft', 5);
      const refused = [ledger.holdConsume(row, 6) < 0, ledger.holdProvide(row, 6) < 0, left()];
      teller.same('no more than is left', refused, [true, true, 5]);
      teller.same('all that is left', [ledger.holdConsume(row, 5) >= 0, left()], [true, 0]);
    },
  },
  {
    name: 'what is charged while the books are written counts against the lease that is written with them',
    told: async (teller) => {
      const { clock, disk } = teller.node(0);
      teller.world.serve(0);
      clock.fire(JOURNAL_MS);
      await teller.world.quiet();
      for (let piece = 0; piece < 3; piece += 1) teller.world.serve(0);
      disk.durable();
      await teller.world.quiet();
      teller.same('left', teller.node(0).cell(Column.leaseLeft), 800 - 30);
    },
  },
  {
    name: 'holds of several links end each on its own link, and none is left over',
    begins: { dishonest: true },
    told: async (teller) => {
      const { ledger, row } = books(teller);
      const other = ledger.addLink();
      ledger.setLimit(other, 'dropAt', 100);
      ledger.setLimit(other, 'leaseLeft', 100);
      const [first, second, third] = [
        ledger.holdProvide(row, 10),
        ledger.holdProvide(other, 20),
        ledger.holdProvide(row, 30),
      ] as const;
      ledger.release(second);
      const fourth = ledger.holdProvide(other, 5);
      ledger.commit(first, 0, 10);
      ledger.commit(third, 0, 25);
      ledger.commit(fourth, 0, 5);
      teller.same('each link', [ledger.get(row, Column.balance), ledger.get(other, Column.balance)], [35, 5]);
      const held = [row, other].map((each) => ledger.get(each, Column.heldProvide));
      teller.same('none is left', [...held, ledger.holds], [0, 0, 0]);
    },
  },
  {
    name: 'who is paid back loses what its own payments had made good',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { ledger, row } = books(teller);
      const forgiven = (): number => teller.node(0).cell(Column.forgiven);
      ledger.provided(row, 0, 300);
      ledger.correct(row, 'provided', 0, -10);
      teller.same('written off', forgiven(), 10);
      ledger.received(row, 500, 500);
      teller.same('made good by 500', forgiven(), 0);
      ledger.paying(row, 400);
      teller.same('of which 400 go back', forgiven(), 8);
      ledger.paid(row, 400);
      teller.same('and are taken', forgiven(), 8);
    },
  },
  {
    name: 'value that was paid for is not returned',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { ledger, row } = books(teller);
      const unsettled = new Unsettled(ledger);
      unsettled.begin(row);
      ledger.consumed(row, PACKETS, 100);
      teller.same('it went', unsettled.returnable(row), 100);
      ledger.paying(row, 70);
      teller.same('70 are being paid', unsettled.returnable(row), 30);
    },
  },
  {
    name: 'a payment that the chain takes back clears nothing until it is final again',
    begins: { dishonest: true },
    told: async (teller) => {
      const room = (): number => books(teller).ledger.roomToProvide(books(teller).row);
      await teller.serve(0, 10);
      teller.same('paid', [teller.balance(0), room()], [0, 400]);
      teller.node(0).neighbour.step({ kind: 'paymentUndone', units: 60 });
      teller.same('taken back', room(), 340);
      teller.node(0).neighbour.step({ kind: 'cleared', units: 60 });
      teller.same('final', room(), 400);
      teller.node(0).neighbour.step({ kind: 'paymentUndone', units: 130 });
      teller.same('no more than was received', room(), 300);
    },
  },
  {
    name: 'a debt is paid as far as what is being provided leaves room, and less where something was written off',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { ledger, row } = books(teller);
      ledger.consumed(row, 0, 100);
      teller.same('all of it', ledger.unpaidDebt(row), 100);
      ledger.holdProvide(row, 430);
      teller.same('as far as there is room', ledger.unpaidDebt(row), 70);
      ledger.correct(row, 'provided', 0, -10);
      teller.same('a payment unmakes 2 % of what it takes back', ledger.unpaidDebt(row), 68);
      teller.same('also one ahead', ledger.payableWithin(row, 102), 100);
    },
  },
  {
    name: 'a restart keeps how much went through, and what is to be repaid in kind; what was lost is not',
    begins: { world: IN_KIND, dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 2);
      for (const who of [0, 1] as const) await restarts(teller, who);
      const [sells, buys] = ([0, 1] as const).map((who) => teller.node(who).account.service('transit'));
      teller.same('bytes', [sells?.providedBytes, buys?.consumedBytes], [2_000_000, 2_000_000]);
      teller.same('in kind', inKind(teller), [20, -20]);
      teller.world.serve(0);
      await teller.cut();
      await teller.connect();
      teller.same('a piece was lost', [teller.balance(0), inKind(teller)], [20, [20, -20]]);
    },
  },
  {
    name: 'fractions of a unit end with the connection, at both ends',
    begins: { dishonest: true },
    told: async (teller) => {
      const uses = (bytes: number): void => {
        const [seller, buyer] = [teller.node(0), teller.node(1)];
        const door = seller.account.door('transit');
        const hold = door.serve(bytes, seller.clock.nowMs());
        buyer.account.door('transit').delivered(bytes, door.sellEpoch);
        door.commit(hold);
      };
      uses(150_000);
      await teller.cut();
      await teller.connect();
      uses(50_000);
      teller.same('a half and a half', [teller.balance(0), teller.balance(1)], [1, -1]);
    },
  },
  {
    name: 'what was written off fades after a restart too, and not for the time in which there was nothing',
    begins: { dishonest: true },
    told: async (teller) => {
      const passes = async (ms: number): Promise<void> => {
        books(teller).onFading(() => 4);
        await teller.pass(ms);
        teller.node(0).neighbour.step({ kind: 'tick' });
        await teller.calm();
      };
      const forgiven = (): number => teller.node(0).cell(Column.forgiven);
      await passes(9 * DAY_MS);
      teller.world.serve(0);
      await teller.cut();
      await teller.connect();
      await passes(DAY_MS / 8);
      teller.same('nothing fades before it stands', forgiven(), 10);
      await restarts(teller, 0);
      teller.same('remembered', forgiven(), 10);
      await passes(DAY_MS / 4);
      teller.same('a quarter of a day', forgiven(), 9);
      await passes(9 * DAY_MS);
      await passes(9 * DAY_MS);
      teller.same('long gone', forgiven(), 0);
      teller.world.serve(0);
      await teller.cut();
      await teller.connect();
      await passes(DAY_MS / 8);
      teller.same('another one begins anew', forgiven(), 10);
    },
  },
  {
    name: 'who died with its books on disk believes nobody that it admitted more',
    begins: { dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 3);
      teller.alters(0, (message) =>
        message.kind === 'counts' && message.opening
          ? { ...message, provided: [90, 0, 0], admitted: [90, 0, 0] }
          : message,
      );
      await restarts(teller, 1);
      teller.same('owed', teller.balance(1), -30);
    },
  },
  {
    name: 'what was charged before a write that failed is in the history with the next one',
    told: async (teller) => {
      const { account, clock } = teller.node(0);
      const disk: StoreRecord[] = [];
      let refuses = true;
      const commit: Store['commit'] = (records) => {
        if (refuses) return Promise.reject(new Error('full'));
        disk.push(...records);
        return Promise.resolve();
      };
      const store = { commit } as Partial<Store> as Store;
      const failed = (): void => undefined;
      const journal = new Journal({ store, clock, windowMs: JOURNAL_MS, historySpanMs: DAY_MS, failed });
      journal.follow(account, undefined);
      account.ledger.provided(account.row, 0, 20);
      await journal.commit(account).catch(() => undefined);
      refuses = false;
      await journal.commit(account);
      const rows = disk.flatMap((each) => (each.kind === 'history' ? [each.provided] : []));
      teller.same('rows', rows, [20]);
    },
  },
];
