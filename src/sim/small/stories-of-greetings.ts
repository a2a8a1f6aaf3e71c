import { codeOf } from '../../core/errors.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { CountsMessage, Message } from '../../core/session/message.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const NOTHING = [0, 0, 0] as const;
const OPENING: CountsMessage = {
  ...{ kind: 'counts', opening: true, storeEpoch: 1 },
  ...{ provided: NOTHING, admitted: NOTHING, consumed: NOTHING },
};
const DAY_MS = 86_400_000;

/** Every order of three things. */
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

const verdicts = (teller: Teller): string[] => teller.said(0).filter((each) => each.startsWith('verdict'));

/** How a connection begins, and what it finds there from the ones before. */
export const STORIES_OF_GREETINGS: readonly RuleStory[] = [
  {
    name: 'in whatever order terms, their answer and counts come, the link is ready after the third, and not before',
    begins: { dishonest: true },
    told: async (teller) => {
      const terms = teller.node(0).account.theirs.newest;
      const epoch = teller.node(0).account.mine.newest?.epoch ?? 0;
      const ready = (): boolean => teller.node(0).account.door('transit').ready;
      if (terms === undefined) return teller.same('terms', terms, 'any');
      const words: readonly Message[] = [{ kind: 'terms', terms }, { kind: 'termsAck', epoch }, OPENING];
      for (const order of ORDERS) {
        await teller.cut();
        teller.world.connect();
        // Nobody is there any more: nothing but what is said here arrives.
        teller.world.cut(1);
        const seen: boolean[] = [];
        for (const at of order) {
          await teller.hears(0, words[at] as Message);
          seen.push(ready());
        }
        teller.same(`order ${order.join(' ')}`, seen, [false, false, true]);
      }
    },
  },
  {
    name: 'who orders time or states before the books are compared is out of turn',
    begins: { apart: true, dishonest: true },
    told: async (teller) => {
      const early: readonly Message[] = [
        { kind: 'allotment', service: 'transit', count: 1, epoch: 1 },
        { kind: 'mark', sequence: 1, answers: 0 },
      ];
      for (const message of early) {
        teller.world.connect();
        await teller.hears(0, message);
        teller.same(message.kind, verdicts(teller)[0], 'verdict MESSAGE_UNEXPECTED cut');
        await teller.cut();
      }
    },
  },
  {
    name: 'what is due when the connection is made is paid at once, and a cheque written meanwhile waits its turn',
    told: async (teller) => {
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await teller.serve(0, 15);
      await teller.cut();
      teller.node(1).neighbour.step({ kind: 'pause', paused: false });
      await teller.connect();
      teller.same('paid', [teller.balance(1), teller.node(1).cell(Column.paid)], [0, 150]);
      await teller.pass(200);
      await teller.serve(0, 9);
      // The tenth piece is due; its cheque is being written when the connection breaks, and is made anew.
      teller.world.serve(0);
      teller.world.deliver(1, 'data');
      const { clock, disk } = teller.node(1);
      for (const delayMs of [2, 50]) if (clock.waits(delayMs)) clock.fire(delayMs);
      await teller.world.quiet();
      for (const who of [0, 1] as const) teller.world.cut(who);
      await teller.world.quiet();
      teller.world.connect();
      for (let turn = 0; turn < 9; turn += 1) {
        disk.durable();
        await teller.world.quiet();
      }
      teller.same('waits', teller.world.toward[0].payment.length, 0);
      await teller.calm();
      await teller.pass(10_500);
      teller.same('in its turn', [teller.balance(1), teller.node(1).cell(Column.paid)], [0, 250]);
    },
  },
  {
    name: 'what was written off fades by the day, as fast as credit is given to newcomers',
    told: async (teller) => {
      const seller = teller.node(0);
      seller.account.onFading(() => 4);
      const passes = async (ms: number): Promise<void> => {
        await teller.pass(ms);
        seller.neighbour.step({ kind: 'tick' });
        await teller.calm();
      };
      const forgiven = (): number => seller.cell(Column.forgiven);
      await teller.serve(0, 1);
      teller.world.serve(0);
      await teller.cut();
      await teller.connect();
      teller.same('a piece was lost', forgiven(), 10);
      await passes(DAY_MS / 8);
      teller.same('an eighth of a day', forgiven(), 10);
      await passes(DAY_MS / 8);
      teller.same('a quarter', forgiven(), 9);
      await passes(DAY_MS);
      teller.same('a day more', forgiven(), 5);
      await passes(9 * DAY_MS);
      teller.same('all of it', forgiven(), 0);
      teller.world.serve(0);
      await teller.cut();
      await teller.connect();
      teller.same('another one begins anew', forgiven(), 10);
      await passes(DAY_MS / 4);
      teller.same('a quarter of a day', forgiven(), 9);
    },
  },
  {
    name: 'counts are told so often, however much is used',
    told: async (teller) => {
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await teller.serve(0, 1);
      await teller.pass(500);
      teller.heard(0, 'counts');
      for (let time = 0; time < 4; time += 1) {
        await teller.serve(0, 1);
        await teller.pass(60);
      }
      const soon = teller.heard(0, 'counts').length;
      await teller.pass(1_000);
      teller.same('told', [soon <= 1, teller.heard(0, 'counts').at(-1)?.consumed[0]], [true, 50]);
    },
  },
  {
    name: 'books that are broken end that link, whoever speaks',
    begins: { dishonest: true },
    told: async (teller) => {
      const { account } = teller.node(0);
      await teller.serve(0, 1);
      // A hold that is more than was held.
      const hold = account.ledger.holdProvide(account.row, 1);
      let code: string | undefined;
      try {
        account.ledger.commit(hold, 0, 5);
      } catch (error) {
        code = codeOf(error);
      }
      teller.same('found', [code, account.ledger.halted(account.row)], ['INVARIANT_BROKEN', true]);
      const before = teller.balance(0);
      await teller.serve(0, 1);
      teller.same('no service', teller.balance(0), before);
    },
  },
];
