import { Column } from '../../core/ledger/columns.ts';
import { arrivedHalf, type Half, sentHalf } from '../../core/ledger/cut.ts';
import { serviceColumn } from '../../core/service.ts';
import { MAX_PENDING_EPOCHS } from '../../core/terms/epoch-book.ts';
import type { NodeConfig } from '../../node/config.ts';
import { encodeMessage } from '../../wire/message.ts';
import { decodeTerms } from '../../wire/terms.ts';
import type { RuleStory } from './rule-story.ts';
import { moved } from './settle.ts';
import type { SmallNode } from './small-node.ts';
import { Teller } from './teller.ts';
import { ToldDesk } from './told-desk.ts';

const MILLION = 1_000_000;
const PACKETS = serviceColumn.packets;
const byTime = (config: NodeConfig): NodeConfig => ({
  ...config,
  transit: { ...config.transit, metering: 'time' },
});
const byChannel = (config: NodeConfig): NodeConfig => ({
  ...config,
  settlement: { ...config.settlement, methods: ['channel', 'barter'] },
});
const verdicts = (teller: Teller): string[] => teller.said(0).filter((each) => each.startsWith('verdict'));
/** An order of node 1 for time at the terms in force. */
const order = (teller: Teller, count: number) =>
  ({ kind: 'allotment', service: 'transit', count, epoch: teller.node(0).account.mine.newest?.epoch ?? 0 }) as const;
/** What a half has of a service, each way. Units. */
const units = ({ provided, consumed }: Half, s: number): readonly number[] =>
  [provided, consumed].map((side) => Number(side[s]?.exact ?? 0n) / MILLION);

/** What a session makes of connections, terms and orders as they come. */
export const STORIES_OF_SESSIONS: readonly RuleStory[] = [
  {
    name: 'nothing is paid while there is no connection, and what was asked for then is paid on the next one',
    told: async (teller) => {
      await teller.serve(0, 5);
      await teller.cut();
      teller.node(1).neighbour.step({ kind: 'settle' });
      await teller.calm();
      teller.same('apart', [teller.node(1).neighbour.session.up, teller.node(1).cell(Column.pending)], [false, 0]);
      await teller.connect();
      teller.same('together', teller.balance(1), 0);
    },
  },
  {
    name: 'a limit that is lowered holds from the moment it is said',
    begins: { dishonest: true },
    told: async (teller) => {
      const { account, neighbour } = teller.node(0);
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      const { newest } = account.mine;
      if (newest === undefined) return teller.same('terms', newest, 'any');
      neighbour.step({ kind: 'termsChanged', terms: { ...newest, epoch: newest.epoch + 1, dropAt: 300 } });
      teller.same('before it is taken', account.ledger.roomToProvide(account.row), 300);
      await teller.serve(0, 40);
      teller.same('served up to it', teller.balance(0), 300);
    },
  },
  {
    name: 'a limit that is lowered holds too where so many terms await an answer that these cannot be said; a higher one does not',
    begins: { dishonest: true },
    told: async (teller) => {
      const { account, neighbour } = teller.node(0);
      const { newest } = account.mine;
      if (newest === undefined) return teller.same('terms', newest, 'any');
      const changed = (more: number, dropAt: number): number => {
        neighbour.step({ kind: 'termsChanged', terms: { ...newest, epoch: newest.epoch + more, dropAt } });
        return account.ledger.roomToProvide(account.row);
      };
      for (let more = 1; more <= MAX_PENDING_EPOCHS; more += 1) changed(more, 400);
      teller.same('lowered', [changed(20, 300), account.mine.mayAnnounce], [300, false]);
      teller.same('lowered again', changed(21, 250), 250);
      teller.same('raised', changed(22, 500), 400);
      await teller.calm();
      teller.same('answered', account.ledger.roomToProvide(account.row), 500);
    },
  },
  {
    name: 'what the neighbour agreed to is on disk, each time it changes',
    begins: { world: { asks: [[10], [10, 12]] } },
    told: async (teller) => {
      const written = (): readonly (number | undefined)[] =>
        [...teller.node(0).disk.rows()].flatMap((row) =>
          row.kind === 'terms' && row.side === 'theirs'
            ? [decodeTerms(row.bytes).services.transit.askPerMb, decodeTerms(row.bytes).epoch]
            : [],
        );
      const { newest } = teller.node(0).account.theirs;
      teller.same('at first', written(), [10, newest?.epoch]);
      teller.node(1).reprice();
      await teller.calm();
      teller.same('then', written(), [12, (newest?.epoch ?? 0) + 1]);
    },
  },
  {
    name: 'who takes new terms may know of a channel now: what is due is paid there at once',
    told: async ({ same }) => {
      const desks = [new ToldDesk('cheque'), new ToldDesk('cheque')] as const;
      const made = (node: SmallNode): { channel: ToldDesk } => ({ channel: desks[node.who] });
      const teller = await Teller.begin({ config: byChannel, desks: made, dishonest: true });
      desks[1].refuses = 'CHANNEL_MISSING';
      await teller.serve(0, 10);
      same('there is none yet', [desks[1].written.length, teller.balance(1)], [0, -100]);
      desks[1].refuses = undefined;
      await teller.hears(1, { kind: 'termsAck', epoch: teller.node(1).account.mine.newest?.epoch ?? 0 });
      same('there is one', [desks[1].written, teller.balance(1)], [[{ id: 2, units: 100 }], 0]);
    },
  },
  {
    name: 'who could not look at a payment that was taken once has it again in a while, on the same connection',
    begins: { dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 10);
      const says = (code: 'CHEQUE_UNVERIFIED' | 'CHEQUE_STALE'): Promise<void> =>
        teller.hears(1, { kind: 'paymentAck', id: 1, acceptedWei: 0n, code });
      const after = async (ms: number): Promise<number> => {
        await teller.pass(ms);
        await teller.pass(500);
        return teller.heard(0, 'payment').length;
      };
      teller.heard(0, 'payment');
      await says('CHEQUE_STALE');
      teller.same('nothing to say again', await after(11_000), 0);
      await says('CHEQUE_UNVERIFIED');
      teller.same('not yet', await after(5_000), 0);
      teller.same('again', await after(5_000), 1);
      teller.same('once', await after(11_000), 0);
      await says('CHEQUE_UNVERIFIED');
      await teller.cut();
      await teller.connect();
      teller.heard(0, 'payment');
      teller.same('not on the next one', await after(11_000), 0);
    },
  },
  {
    name: 'counts are not told twice: what both ends have just agreed on is known',
    told: async (teller) => {
      await teller.serve(0, 3);
      await teller.pass(500);
      teller.world.crash(1, 9);
      await teller.cut();
      await teller.connect();
      const opening = teller.heard(0, 'counts').map((each) => each.opening);
      for (let beat = 0; beat < 3; beat += 1) await teller.pass(1_000);
      teller.same('the opening ones', [opening.at(-1), teller.heard(0, 'counts').length], [true, 0]);
      teller.node(1).neighbour.step({ kind: 'tick' });
      await teller.calm();
      teller.same('nor where somebody looks', teller.heard(0, 'counts').length, 0);
    },
  },
  {
    name: 'who orders time before the books are compared is out of turn, though time is sold',
    begins: { apart: true, config: byTime, dishonest: true },
    told: async (teller) => {
      teller.world.connect();
      await teller.hears(0, order(teller, 1));
      teller.same('verdict', verdicts(teller), ['verdict MESSAGE_UNEXPECTED cut']);
    },
  },
  {
    name: 'time that is ordered before the lease is on disk is sold after it',
    begins: { apart: true, config: byTime, dishonest: true },
    told: async (teller) => {
      teller.world.connect();
      await teller.world.quiet();
      const phase = (): unknown => teller.node(0).neighbour.session.standing(0)[0];
      for (let turn = 0; turn < 20 && phase() !== 'leasing'; turn += 1) await moved(teller.world);
      teller.node(0).link?.handlers?.message('control', encodeMessage(order(teller, 2)));
      await teller.world.quiet();
      teller.same('not yet', [phase(), teller.balance(0)], ['leasing', 0]);
      await teller.calm();
      teller.same('sold', teller.balance(0), 20);
    },
  },
  {
    name: 'what a buyer sends and orders is charged as it leaves, and at the other end as it comes',
    begins: { config: byTime, dishonest: true },
    told: async (teller) => {
      const [seller, buyer] = [teller.node(0), teller.node(1)];
      buyer.account.door('transit').usable(1_000);
      await teller.calm();
      teller.same('time', [teller.balance(0), teller.balance(1)], [10, -10]);
      const transit = serviceColumn.transit;
      teller.same(
        'ordered',
        [sentHalf(buyer.account), arrivedHalf(buyer.account)].map((each) => units(each, transit)),
        [
          [0, 10],
          [0, 0],
        ],
      );
      teller.same(
        'taken',
        [sentHalf(seller.account), arrivedHalf(seller.account)].map((each) => units(each, transit)),
        [
          [0, 0],
          [10, 0],
        ],
      );
      buyer.account.ledger.consumed(buyer.account.row, PACKETS, 7);
      seller.account.ledger.provided(seller.account.row, PACKETS, 7);
      teller.same(
        'sent',
        [sentHalf(buyer.account), arrivedHalf(buyer.account)].map((each) => units(each, PACKETS)),
        [
          [0, 7],
          [0, 0],
        ],
      );
      teller.same(
        'come',
        [sentHalf(seller.account), arrivedHalf(seller.account)].map((each) => units(each, PACKETS)),
        [
          [0, 0],
          [7, 0],
        ],
      );
    },
  },
];
