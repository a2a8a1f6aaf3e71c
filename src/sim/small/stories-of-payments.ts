import { Column } from '../../core/ledger/columns.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';
import { byMethods, paid, settling, withToldDesks } from './told-desks.ts';

const PERIOD_S = 60;
const settle = async (teller: Teller, aheadUnits?: number): Promise<void> => {
  teller.node(1).neighbour.step({ kind: 'settle', ...(aheadUnits !== undefined && { aheadUnits }) });
  await teller.calm();
};

/** When, how much and by which method is paid. */
export const STORIES_OF_PAYMENTS: readonly RuleStory[] = [
  {
    name: 'where a method cannot be used the next one is, at once, and the first again when it is open',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('channel', { config: byMethods('channel', 'cheque') });
      desks[1].refuses = 'CHANNEL_FULL';
      await teller.serve(0, 3);
      await settle(teller);
      same('by cheque, though it is little', paid(teller, desks[1]), [0, 30]);
      desks[1].refuses = undefined;
      await teller.pass(200);
      await teller.serve(0, 10);
      same('still shut', paid(teller, desks[1]), [0, 130]);
      teller.node(1).neighbour.step({ kind: 'methodOpened', method: 'channel' });
      await teller.pass(200);
      await teller.serve(0, 10);
      same('open', paid(teller, desks[1]), [100, 230]);
      desks[1].refuses = 'CHANNEL_MISSING';
      await teller.pass(200);
      await teller.serve(0, 10);
      desks[1].refuses = undefined;
      await teller.hears(1, { kind: 'termsAck', epoch: teller.node(1).account.mine.newest?.epoch ?? 0 });
      await teller.pass(200);
      await teller.serve(0, 10);
      same('known to the other', paid(teller, desks[1]), [200, 430]);
      desks[1].refuses = 'CHANNEL_MISSING';
      await teller.pass(200);
      await teller.serve(0, 10);
      desks[1].refuses = undefined;
      await teller.pass(10_000);
      await teller.serve(0, 10);
      same('by itself after a while', paid(teller, desks[1]), [300, 630]);
    },
  },
  {
    name: 'a payment in a channel that was closed without it is made by another method',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('channel', { config: byMethods('channel', 'cheque') });
      desks[0].answers = 'CHANNEL_CLOSED';
      await teller.serve(0, 10);
      same('it may count yet', paid(teller, desks[1]), [100, 0]);
      same('pending', teller.node(1).cell(Column.pending), 100);
      desks[1].void = true;
      desks[0].answers = 'CHANNEL_CLOSED';
      await teller.pass(10_000);
      await teller.pass(500);
      desks[1].refuses = 'CHANNEL_MISSING';
      await teller.pass(10_000);
      await teller.pass(10_000);
      same('by cheque', [...paid(teller, desks[1]), teller.node(1).cell(Column.pending)], [100, 100, 0]);
    },
  },
  {
    name: 'what a close paid of a payment that nobody answered is not paid once more',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('channel', { config: byMethods('channel', 'cheque') });
      desks[0].answers = 'CHANNEL_CLOSED';
      desks[1].void = true;
      desks[1].paidByClose = 40;
      await teller.serve(0, 10);
      same('paid, and pending', [teller.node(1).cell(Column.paid), teller.node(1).cell(Column.pending)], [40, 0]);
      same('the rest is owed', teller.balance(1), -60);
    },
  },
  {
    name: 'a transfer waits for the answer to the one before, and ids go on over restarts',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('transfer', { config: byMethods('transfer') });
      desks[1].lastPaymentId = 7;
      teller.world.crash(1, 0);
      await teller.cut();
      await teller.connect();
      desks[0].silent = true;
      await teller.serve(0, 10);
      same('the next id', desks[1].written, [{ id: 8, units: 100 }]);
      await teller.pass(200);
      await teller.serve(0, 12);
      await teller.pass(9_000);
      same('no other one', [desks[1].written.length, teller.balance(1)], [1, -220]);
      desks[0].silent = false;
      await teller.cut();
      await teller.connect();
      await teller.pass(200);
      same('answered, and the next one', desks[1].written, [
        { id: 8, units: 100 },
        { id: 9, units: 120 },
      ]);
    },
  },
  {
    name: 'what is wanted ahead is paid once, and forgotten where there is no room for it',
    told: async (teller) => {
      await settle(teller, 50);
      teller.same('ahead', teller.balance(1), 50);
      await teller.pass(200);
      await teller.serve(0, 15);
      teller.same('then what is owed', teller.balance(1), 0);
      await teller.pass(200);
      await settle(teller, 5_000);
      await teller.pass(200);
      await settle(teller, 5_000);
      teller.same('as far as there is room', teller.balance(1), 99);
      await teller.pass(200);
      await teller.serve(0, 20);
      teller.same('no more is ahead', teller.balance(1), 0);
    },
  },
  {
    name: 'a period that both agreed on settles what is little, from when it is owed',
    begins: { world: { asks: [[10], [10]] }, config: settling({ settleEveryS: PERIOD_S }) },
    told: async (teller) => {
      await teller.serve(0, 2);
      await teller.pass(500);
      await teller.pass(30_000);
      await teller.serve(1, 2);
      await teller.pass(100);
      teller.same('repaid in kind', teller.balance(1), 0);
      await teller.pass(15_000);
      await teller.serve(0, 3);
      await teller.pass(500);
      await teller.pass(20_000);
      teller.same('not by the time of the old debt', teller.balance(1), -30);
      await teller.pass(40_000);
      teller.same('by its own', teller.balance(1), 0);
      await teller.serve(0, 10);
      await teller.pass(500);
      await teller.serve(0, 1);
      await teller.pass(500);
      await teller.pass(PERIOD_S * 1_000 - 1_500);
      teller.same('what came after a payment', teller.balance(1), -10);
      await teller.pass(1_500);
      teller.same('in time', teller.balance(1), 0);
    },
  },
  {
    name: 'no more of what is paid clears debt than riskAt, until it is cashed',
    begins: { world: { riskAt: 130 } },
    told: async (teller) => {
      for (const [received, uncleared] of [
        [100, 0],
        [200, 70],
      ] as const) {
        await teller.serve(0, 10);
        await teller.pass(500);
        const taken = [teller.node(0).cell(Column.received), teller.node(0).cell(Column.uncleared)];
        teller.same('received, and at risk beyond riskAt', taken, [received, uncleared]);
      }
    },
  },
];
