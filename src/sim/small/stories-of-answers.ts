import { Column } from '../../core/ledger/columns.ts';
import { MOST_UNDER_WAY } from '../../core/session/payment-lane.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';
import { byMethods, paid, withToldDesks } from './told-desks.ts';

/** Room for as many unpaid pieces as are wanted here. */
const MUCH = { dropAt: 4_000 };
const changesTerms = async (teller: Teller): Promise<void> => {
  const { account, neighbour } = teller.node(1);
  const terms = account.mine.newest;
  if (terms !== undefined) neighbour.step({ kind: 'termsChanged', terms: { ...terms, epoch: terms.epoch + 1 } });
  await teller.calm();
};

/** What happens to payments that are under way at once, and to what is answered. */
export const STORIES_OF_ANSWERS: readonly RuleStory[] = [
  {
    name: 'a few payments wait for their answers, and no more; after a cut the last one pays for all',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('channel', { world: MUCH, config: byMethods('channel') });
      desks[0].silent = true;
      const buys = async (): Promise<void> => {
        await teller.serve(0, 10);
        await teller.pass(200);
      };
      for (let n = 0; n < MOST_UNDER_WAY + 2; n += 1) await buys();
      const ids = (): readonly number[] => desks[1].written.map(({ id }) => id);
      same('under way', ids(), [1, 2, 3, 4]);
      same('pending', teller.node(1).cell(Column.pending), 400);
      await teller.hears(1, { kind: 'paymentAck', id: 2, acceptedWei: 0n, code: '' });
      same('one answer for two, and room for what is due', ids(), [1, 2, 3, 4, 5]);
      same('paid, and pending', [...paid(teller, desks[1]), teller.node(1).cell(Column.pending)], [600, 200, 400]);
      desks[0].silent = false;
      await teller.cut();
      await teller.connect();
      await teller.pass(200);
      same('all', [...paid(teller, desks[1]), teller.node(1).cell(Column.pending)], [600, 600, 0]);
    },
  },
  {
    name: 'of two payments under way the first is refused, and paid with the second',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('channel', { world: MUCH, config: byMethods('channel') });
      desks[0].silent = true;
      for (let n = 0; n < 2; n += 1) {
        await teller.serve(0, 10);
        await teller.pass(200);
      }
      await teller.hears(1, { kind: 'paymentAck', id: 1, acceptedWei: 0n, code: 'CHEQUE_UNVERIFIED' });
      await teller.hears(1, { kind: 'paymentAck', id: 2, acceptedWei: 0n, code: '' });
      same('paid, and pending', [...paid(teller, desks[1]), teller.node(1).cell(Column.pending)], [200, 200, 0]);
    },
  },
  {
    name: 'an answer to a transfer that can never count is an answer to nothing',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('transfer', { config: byMethods('transfer') });
      desks[0].silent = true;
      await teller.serve(0, 10);
      const failed = {
        kind: 'paymentFailed',
        id: 1,
        method: 'transfer',
        units: 100,
        code: 'TRANSACTION_REVERTED',
      } as const;
      teller.node(1).neighbour.step(failed);
      await teller.hears(1, { kind: 'paymentAck', id: 1, acceptedWei: 0n, code: '' });
      same('not paid', [...paid(teller, desks[1]), teller.node(1).cell(Column.pending)], [100, 0, 0]);
      same('no rule broken', teller.node(1).account.banned, false);
    },
  },
  {
    name: 'an answer that comes while the next payment is written counts once that is done, also where it could not be',
    told: async ({ same }) => {
      for (const refuses of [undefined, 'CHANNEL_FULL'] as const) {
        const { teller, desks } = await withToldDesks('channel', { world: MUCH, config: byMethods('channel') });
        desks[0].silent = true;
        await teller.serve(0, 10);
        await teller.pass(200);
        const written = Promise.withResolvers<void>();
        desks[1].busy = written.promise;
        await teller.serve(0, 10);
        for (const code of ['', 'CHEQUE_UNVERIFIED'])
          await teller.hears(1, { kind: 'paymentAck', id: 1, acceptedWei: 0n, code });
        same('not yet', [teller.node(1).cell(Column.paid), teller.node(1).cell(Column.pending)], [0, 200]);
        desks[1].refuses = refuses;
        written.resolve();
        await teller.calm();
        const pending = refuses === undefined ? 100 : 0;
        same('then', [teller.node(1).cell(Column.paid), teller.node(1).cell(Column.pending)], [100, pending]);
        same(
          'the first answer',
          teller.said(1).filter((each) => each.startsWith('paymentRejected')),
          [],
        );
      }
    },
  },
  {
    name: 'when terms change, what is under way is answered before the next payment is made',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('channel', { world: MUCH, config: byMethods('channel') });
      desks[0].silent = true;
      await teller.serve(0, 10);
      await changesTerms(teller);
      await teller.pass(200);
      await teller.serve(0, 10);
      same('before', desks[1].written.length, 1);
      await teller.hears(1, { kind: 'paymentAck', id: 1, acceptedWei: 0n, code: '' });
      same('after', desks[1].written.length, 2);
      await changesTerms(teller);
      await teller.hears(1, { kind: 'paymentAck', id: 2, acceptedWei: 0n, code: 'CHEQUE_UNVERIFIED' });
      await teller.serve(0, 10);
      await teller.pass(10_000);
      await teller.pass(500);
      same('refused: the next covers it', desks[1].written.length, 3);
      await changesTerms(teller);
      await teller.cut();
      await teller.connect();
      await teller.pass(200);
      await teller.serve(0, 10);
      same('on a new connection', desks[1].written.length, 4);
    },
  },
  {
    name: 'where terms change while a payment is written, and it could not be, the next one waits for nothing',
    told: async ({ same }) => {
      const { teller, desks } = await withToldDesks('channel', { world: MUCH, config: byMethods('channel') });
      const written = Promise.withResolvers<void>();
      desks[1].busy = written.promise;
      desks[1].refuses = 'STORE_FULL';
      await teller.serve(0, 10);
      await changesTerms(teller);
      written.resolve();
      await teller.calm();
      same('it was not', [desks[1].written.length, teller.node(1).cell(Column.pending)], [0, 0]);
      desks[1].refuses = undefined;
      await teller.pass(10_000);
      await teller.pass(500);
      same('it is', desks[1].written.length, 1);
    },
  },
];
