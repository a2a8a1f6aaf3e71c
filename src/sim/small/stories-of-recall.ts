import { BUDGET_WINDOW_MS } from '../../core/carrier/send-budget.ts';
import type { PacketTeller } from './packet-teller.ts';
import type { PacketStory } from './rule-story.ts';
import { AROUND, carrying, givesBack } from './stories-of-packets.ts';

/** So many packets fill the window's first table, and the next one. */
const MANY = 1_100;

/** Sends packets of these ids to A, and says how many were known. */
async function known(teller: PacketTeller, ...ids: readonly Buffer[]): Promise<number> {
  for (const id of ids) teller.tells('B', 'A', { to: 'A', value: 0, id });
  await teller.pass(50);
  return teller.heard('B').filter(({ reason }) => reason === 'DUPLICATE').length;
}

/** How long a node remembers what it saw and spent. */
export const STORIES_OF_RECALL: readonly PacketStory[] = [
  {
    name: 'an id is known for one window at least and two at most, whatever else passes',
    among: AROUND,
    async carried(teller) {
      const [first, second, third] = [teller.newId(), teller.newId(), teller.newId()] as const;
      const seen: number[] = [];
      const after = async (ms: number, id: Buffer): Promise<void> => {
        teller.sleeps('A', ms);
        seen.push(await known(teller, id));
      };
      await after(0, first);
      for (const ms of [5_000, 5_000, 5_000]) await after(ms, first);
      await after(6_000, second);
      for (const id of [first, second]) await after(2_000, id);
      await after(10_000, first);
      await after(6_000, third);
      for (const id of [first, second, third]) await after(100, id);
      await after(45_000, third);
      await after(100, first);
      teller.same('known', seen, [0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0]);
    },
  },
  {
    name: 'thousands of ids are kept apart, also those of another time',
    among: AROUND,
    async carried(teller) {
      const ids = Array.from({ length: MANY }, () => teller.newId());
      const some = [0, 3, 500, 511, 512, 600, MANY - 1].map((at) => ids[at] as Buffer);
      const packets = ids.map((id, at) =>
        teller.tells('B', 'A', { to: at < 5 ? 'D' : 'A', value: at < 5 ? 15 : 0, id }),
      );
      await teller.calm();
      teller.same('all are new', [teller.heard('B').length, teller.heard('D').length], [0, 5]);
      const [one, other] = packets as [Buffer, Buffer];
      givesBack(teller, 'D', one, 10);
      await teller.calm();
      teller.same('it came back', teller.heardWords('B'), ['returned 10 from A NO_ROUTE']);
      teller.same('known', await known(teller, ...some), some.length);
      teller.sleeps('A', 21_000);
      teller.same('it is old', await known(teller, teller.newId()), 0);
      teller.receipts('D', 'A', other);
      await teller.calm();
      teller.same('of an old one', teller.heardWords('B'), ['receipt 15 from A']);
      teller.sleeps('A', 21_000);
      for (let n = 0; n < MANY; n += 1) teller.tells('B', 'A', { to: 'A', value: 0 });
      teller.same('forgotten', await known(teller, ...some), 0);
    },
  },
  {
    name: 'a day’s budget is spent, made good by what comes back, and new on the next day',
    among: { ...AROUND, config: carrying({ sendBudgetUnits: 100 }) },
    async carried(teller) {
      const { user } = teller.packets('A');
      const costs = async (value: number, to = 'D'): Promise<string | undefined> => {
        const sent = teller.sends('A', { to, value });
        await teller.calm();
        return sent.failed;
      };
      teller.same('within', [await costs(60), user.figures.spentUnits, user.figures.budgetUnits], [null, 60, 100]);
      teller.same('beyond', [await costs(41), user.figures.spentUnits], ['PACKETS_OVER_BUDGET', 60]);
      const [heard] = teller.heard('D');
      givesBack(teller, 'D', heard?.bytes as Buffer, 50);
      await teller.calm();
      teller.same('it came back', user.figures.spentUnits, 10);
      teller.same('so there is room', [await costs(80), await costs(41)], [null, 'PACKETS_OVER_BUDGET']);
      teller.sleeps('A', BUDGET_WINDOW_MS);
      teller.same(
        'the next day',
        [user.figures.spentUnits, await costs(100), await costs(1)],
        [0, null, 'PACKETS_OVER_BUDGET'],
      );
    },
  },
];
