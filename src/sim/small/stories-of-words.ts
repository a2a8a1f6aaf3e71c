import { chequeDigest } from '../../chain/eip712.ts';
import { codeOf } from '../../core/errors.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { CountsMessage, PaymentMessage } from '../../core/session/message.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import type { Terms } from '../../core/terms/terms.ts';
import type { RuleStory } from './rule-story.ts';
import { CHEQUEBOOKS, IDS, smallConfig, WEI_PER_UNIT } from './small-node.ts';
import { smallSigner } from './small-signer.ts';
import { ROUND, type Teller } from './teller.ts';

const BOTH_SELL = { asks: [[10], [10]] } as const;
const NOBODY = `0x${'77'.repeat(20)}`;

const verdicts = (teller: Teller): string[] => teller.said(0).filter((each) => each.startsWith('verdict'));
const ready = (teller: Teller): boolean => teller.node(0).account.door('transit').ready;
/** The terms that node 1 sent last. */
const theirs = (teller: Teller): Terms => teller.node(0).account.theirs.newest as Terms;
const counts = (change: Partial<CountsMessage>): CountsMessage => ({
  ...{ kind: 'counts', opening: true, storeEpoch: 1 },
  ...{ provided: [0, 0, 0], admitted: [0, 0, 0], consumed: [0, 0, 0], ...change },
});

/** A cheque of node 1 over so many units in all, or one with something wrong. */
function payment(units: number, change: Partial<SignedCheque> = {}, signer: 0 | 1 = 1): PaymentMessage {
  const plain = { chequebook: CHEQUEBOOKS[1], beneficiary: IDS[0], cumulativeWei: BigInt(units) * WEI_PER_UNIT };
  const cheque = { ...plain, signature: new Uint8Array(65), ...change };
  const signature = smallSigner(IDS[signer], signer).signDigest(
    chequeDigest(smallConfig(ROUND, 1).settlement.chainId, cheque),
  );
  return { kind: 'payment', id: units, units, proof: { kind: 'cheque', cheque: { ...cheque, signature, ...change } } };
}

/** Terms that cannot be taken, and why not. */
const BAD_TERMS: readonly (readonly [string, (terms: Terms) => Partial<Terms>])[] = [
  ['TERMS_WRONG_VERSION', () => ({ protocolVersion: 9 })],
  ['TERMS_WRONG_CHAIN', () => ({ chainId: 5 })],
  ['TERMS_WRONG_TOKEN', () => ({ token: NOBODY })],
  ['TERMS_ABSURD', ({ ratio }) => ({ ratio: { ...ratio, numerator: ratio.numerator * 10n ** 12n } })],
  ['TERMS_PAYAT_ABOVE_DROPAT', ({ dropAt }) => ({ payAt: dropAt })],
  [
    'TERMS_PAYAT_ABOVE_DROPAT',
    ({ services }) => ({
      ...{ payAt: 399, dropAt: 400, metering: 'time', allotment: { bytes: 1, ms: 60_000 } },
      services: { ...services, transit: { askPerMb: 10, bidPerMb: 0 } },
    }),
  ],
  ['TERMS_STALE', ({ epoch, payAt }) => ({ epoch, payAt: payAt + 1 })],
  ['TERMS_STALE', ({ epoch }) => ({ epoch: epoch - 1 })],
  ['TERMS_NO_METHOD', () => ({ methods: ['transfer'] })],
];

/** What is made of what the neighbour says. */
export const STORIES_OF_WORDS: readonly RuleStory[] = [
  {
    name: 'terms that cannot be taken end the connection, each with its own word, and the same ones again do not',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      for (const [code, change] of BAD_TERMS) {
        for (const { start } of teller.world.nodes.map((node) => ({ start: () => node.start() }))) start();
        await teller.cut();
        await teller.connect();
        teller.said(0);
        const last = theirs(teller);
        const terms = { ...last, epoch: last.epoch + 1, ...change(last) };
        await teller.hears(0, { kind: 'terms', terms });
        const [verdict = ''] = verdicts(teller);
        teller.same(`verdict on ${JSON.stringify(Object.keys(change(last)))}`, verdict.split(' ')[1], code);
        teller.same('connected', teller.node(0).link === undefined, true);
        await teller.cut();
        await teller.connect();
        teller.same('the last good ones stand', theirs(teller).epoch, last.epoch);
      }
      await teller.hears(0, { kind: 'terms', terms: theirs(teller) });
      teller.same('the same again', [verdicts(teller), ready(teller)], [[], true]);
    },
  },
  {
    name: 'what comes out of its turn cuts the connection, and nothing is served before both have answered',
    begins: { apart: true, dishonest: true },
    told: async (teller) => {
      const early = [
        payment(5),
        { kind: 'allotment', service: 'transit', count: 1, epoch: 1 },
        { kind: 'mark', sequence: 1, answers: 0 },
        { kind: 'termsAck', epoch: 9 },
      ] as const;
      for (const message of early) {
        teller.world.connect();
        teller.same('ready', ready(teller), false);
        await teller.hears(0, message);
        teller.same(message.kind, verdicts(teller)[0]?.split(' ').at(-1), 'cut');
        await teller.cut();
      }
      await teller.connect();
      teller.same('ready', ready(teller), true);
      await teller.hears(0, counts({}));
      teller.same('counts twice', verdicts(teller), ['verdict MESSAGE_UNEXPECTED cut']);
      teller.same('not ready', ready(teller), false);
    },
  },
  {
    name: 'what was admitted stands on the next connection, whatever is said then',
    begins: { dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 5);
      await teller.pass(500);
      teller.same('admitted', teller.node(0).account.counts.admitted[0], 50);
      await teller.cut();
      teller.world.connect();
      await teller.hears(0, counts({ consumed: [0, 0, 0] }));
      teller.same('denied', teller.balance(0), 50);
    },
  },
  {
    name: 'of what was lost on the way all is credited back, and told; of what was paid for nothing is',
    told: async (teller) => {
      await teller.serve(0, 4);
      teller.world.serve(0);
      await teller.cut();
      await teller.connect();
      teller.same(
        'written off',
        teller.said(0).filter((each) => each.startsWith('writeOff')),
        ['writeOff -10 0'],
      );
      teller.same('forgiven', teller.node(0).cell(Column.forgiven), 10);
      teller.same('room', teller.node(0).account.ledger.roomToProvide(teller.node(0).account.row), 400 - 40 - 10);
      await teller.serve(0, 10);
      await teller.pass(500);
      teller.same('paid', teller.balance(0) <= 40, true);
      teller.world.serve(0);
      await teller.cut();
      await teller.connect();
      teller.same(
        '2 % of what was paid is made good',
        teller.node(0).cell(Column.forgiven),
        20 - Math.floor((teller.node(0).cell(Column.received) * 2) / 100),
      );
    },
  },
  {
    name: 'cheques are taken for what they add, once, and refused each for its own reason',
    begins: { dishonest: true },
    told: async (teller) => {
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      const outcome = async (message: PaymentMessage): Promise<unknown> => {
        if (teller.node(0).link === undefined) {
          await teller.cut();
          await teller.connect();
        }
        const before = teller.node(0).cell(Column.received);
        teller.heard(1, 'paymentAck');
        await teller.hears(0, message);
        const ack = teller.heard(1, 'paymentAck').find(({ id }) => id === message.id);
        return ack?.code || teller.node(0).cell(Column.received) - before;
      };
      teller.same('a good one', await outcome(payment(50)), 50);
      teller.same('the same again', await outcome(payment(50)), 0);
      teller.same('one that adds', await outcome(payment(80)), 30);
      teller.same('not for me', await outcome(payment(90, { beneficiary: NOBODY })), 'CHEQUE_NOT_FOR_ME');
      teller.same('another book', await outcome(payment(90, { chequebook: NOBODY })), 'CHEQUE_WRONG_CHEQUEBOOK');
      teller.same('next to nothing', await outcome(payment(80, { cumulativeWei: 801n })), 'CHEQUE_TOO_SMALL');
      teller.same('an older one', await outcome(payment(70)), 'CHEQUE_STALE');
      teller.same('one after it', await outcome(payment(100)), 20);
      teller.same('beyond all sense', await outcome(payment(1, { cumulativeWei: 2n ** 255n })), 'CHEQUE_ABSURD');
      teller.same('it is banned for that', teller.node(0).account.banned, true);
      teller.node(0).account.banned = false;
      teller.same('signed by another', await outcome(payment(110, {}, 0)), 'CHEQUE_FORGED');
      teller.same('banned', teller.node(0).account.banned, true);
      teller.node(0).account.banned = false;
      teller.same('received', teller.node(0).cell(Column.received), 100);
    },
  },
  {
    name: 'who is banned stays so after a restart, and is not served',
    begins: { dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 2);
      teller.node(0).neighbour.step({ kind: 'fault', code: 'CHEQUE_BOUNCED' });
      teller.same('state', teller.node(0).account.state(), 'closed');
      await teller.pass(500);
      teller.world.crash(0, 2);
      await teller.cut();
      await teller.connect();
      teller.same('after a restart', [teller.node(0).account.state(), teller.balance(0)], ['closed', 20]);
      await teller.serve(0);
      teller.same('not served', teller.balance(0), 20);
    },
  },
  {
    name: 'payments are taken so many a second, and a flood cuts',
    begins: { dishonest: true },
    told: async (teller) => {
      const burst = async (from: number, many: number): Promise<void> => {
        for (let each = 0; each < many; each += 1) await teller.hears(0, payment(from + each));
      };
      await burst(10, 20);
      teller.same('an honest burst', verdicts(teller), []);
      await teller.pass(1_000);
      await burst(40, 20);
      teller.same('a second later', verdicts(teller), []);
      await burst(70, 1);
      teller.same('one more', verdicts(teller), ['verdict PAYMENT_FLOOD cut']);
    },
  },
  {
    name: 'small faults add up: warned, slowed down, cut; and fade with time',
    begins: { dishonest: true },
    told: async (teller) => {
      const fault = async (times: number): Promise<string[]> => {
        for (let each = 0; each < times; each += 1)
          teller.node(0).neighbour.step({ kind: 'fault', code: 'EPOCH_STALE' });
        await teller.calm();
        return verdicts(teller).map((each) => each.split(' ').at(-1) ?? '');
      };
      const fast = (): boolean => {
        const { account, clock } = teller.node(0);
        return account.allow(1_000_000, clock.nowMs()).bytes === 1_000_000;
      };
      teller.same('four', [await fault(4), fast()], [['warn', 'warn', 'warn', 'warn'], true]);
      teller.same('five', [await fault(1), fast()], [['throttle'], false]);
      await teller.pass(60_000);
      fast();
      await teller.pass(100);
      teller.same('a minute later', [fast(), await fault(2)], [true, ['throttle', 'throttle']]);
      await teller.pass(10 * 60_000);
      teller.same('when all is forgotten', await fault(1), ['warn']);
      teller.same('again and again', (await fault(19)).at(-1), 'cut');
      teller.same('gone', teller.node(0).link === undefined, true);
    },
  },
  {
    name: 'frames are priced by the terms they name, for a grace time, and then refused',
    begins: { world: { asks: [[10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110], undefined] }, dishonest: true },
    told: async (teller) => {
      const seller = teller.node(0);
      const door = seller.account.door('transit');
      const arrives = (tag: number): unknown => {
        const before = seller.cell(Column.provided);
        try {
          door.arrived(1_000_000, tag, seller.clock.nowMs());
          return seller.cell(Column.provided) - before;
        } catch (error) {
          return codeOf(error);
        }
      };
      const first = door.sellEpoch;
      seller.reprice();
      await teller.world.quiet();
      teller.same('before it is taken', [door.sellEpoch, arrives(first)], [first, 10]);
      await teller.calm();
      teller.same('taken', [door.sellEpoch, arrives(first), arrives(first + 1)], [first + 1, 10, 20]);
      await teller.pass(10_000);
      teller.same('within the grace time', arrives(first), 10);
      await teller.pass(1);
      teller.same('after it', [arrives(first), arrives(first + 9)], ['EPOCH_STALE', 'EPOCH_UNKNOWN']);
      for (let change = 0; change < 9; change += 1) seller.reprice();
      teller.same('so many await an answer', seller.account.mine.mayAnnounce, false);
      await teller.calm();
      teller.same('and the last one is in force', [theirs2(teller), arrives(door.sellEpoch)], [110, 110]);
      teller.same('one that is long gone', arrives(first), 'EPOCH_STALE');
      const buyer = teller.node(1).account.door('transit');
      const consumed = teller.node(1).cell(Column.consumed);
      buyer.delivered(1_000_000, first);
      teller.same('what was delivered is booked, however old', teller.node(1).cell(Column.consumed) - consumed, 10);
    },
  },
  {
    name: 'a refused payment stays pending, goes again when it is time, and an answer to nothing is nothing',
    begins: { dishonest: true },
    told: async (teller) => {
      await teller.hears(1, { kind: 'paymentAck', id: 1, acceptedWei: 5n, code: '' });
      teller.same('paid', teller.node(1).cell(Column.paid), 0);
      teller.node(0).account.banned = true;
      await teller.serve(0, 5);
      teller.node(0).account.banned = false;
      await teller.serve(0, 9);
      const buyer = teller.node(1);
      buyer.account.door('transit').delivered(1_000_000, buyer.account.door('transit').buyEpoch);
      buyer.neighbour.step({ kind: 'tick' });
      await teller.world.quiet();
      for (let turn = 0; turn < 6 && teller.world.toward[0].payment.length === 0; turn += 1) {
        buyer.disk.durable();
        await teller.world.quiet();
      }
      const [sent] = teller.world.toward[0].payment.splice(0);
      teller.same('it left', sent === undefined, false);
      await teller.hears(1, { kind: 'paymentAck', id: 1, acceptedWei: 0n, code: 'CHEQUE_UNVERIFIED' });
      teller.same(
        'pending',
        [buyer.cell(Column.pending), teller.said(1).includes('paymentRejected CHEQUE_UNVERIFIED')],
        [100, true],
      );
      await teller.pass(9_000);
      teller.same('not yet', teller.heard(0, 'payment').length, 0);
      await teller.pass(1_500);
      teller.same(
        'again',
        [teller.heard(0, 'payment').length, buyer.cell(Column.pending), buyer.cell(Column.paid)],
        [1, 0, 100],
      );
    },
  },
];

/** What node 1 knows that node 0 asks. */
function theirs2(teller: Teller): number | undefined {
  return teller.node(1).account.theirs.newest?.services.transit.askPerMb;
}
