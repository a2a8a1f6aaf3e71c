import type { CountsMessage, Message } from '../../core/session/message.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';
import { again, type Lie, MINUTE_MS, minute, STATING, verdicts, type Who } from './told-minutes.ts';

const found = (teller: Teller): string[] => teller.said(0).filter((each) => each.startsWith('divergence'));
const fewer =
  (units: number, bytes = 0): Lie =>
  (each) => ({
    ...each,
    consumed: [each.consumed[0] - units, 0, 0],
    consumedBytes: [each.consumedBytes[0] - bytes, 0, 0],
  });
const view = (teller: Teller, who: Who = 0) => teller.node(who).neighbour.session.statements;

/** The same, once nobody is slowed down any more. */
async function later(teller: Teller): Promise<void> {
  await teller.pass(2 * MINUTE_MS);
  await minute(teller);
}

/** The neighbour of `who` opens the next connection with these counts. */
async function reopens(teller: Teller, who: Who, change: Partial<CountsMessage>): Promise<void> {
  await teller.cut();
  teller.said(who);
  teller.world.connect();
  await teller.hears(who, {
    ...{ kind: 'counts', opening: true, storeEpoch: 1 },
    ...{ provided: [0, 0, 0], admitted: [0, 0, 0], consumed: [0, 0, 0], ...change },
  });
}

/** Wrong statements of the other end that this node keeps. */
function disputed(teller: Teller): number {
  return [...teller.node(0).disk.rows()].filter((row) => row.kind === 'statement' && row.party === 'disputed').length;
}

/** What is made of statements that differ: at once, after a break, and after a copy was put back. */
const OF_DIFFERENCES: readonly RuleStory[] = [
  {
    name: 'what differs is told by its cause and kept, and on the next connection it is new',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      await minute(teller);
      teller.said(0);
      teller.lies(1, fewer(5, 500_000));
      await minute(teller);
      teller.same('bytes', [found(teller), disputed(teller)], [['divergence 1 2 metering'], 1]);
      teller.lies(1, fewer(10, 500_000));
      await later(teller);
      teller.same('the same bytes', found(teller), ['divergence 1 3 pricing']);
      await again(teller);
      await later(teller);
      teller.same('on the next connection', verdicts(teller), ['STATEMENT_UNDERCOUNTS', 'STATEMENT_REPEATED']);
    },
  },
  {
    name: 'the first statement of a connection says where payments stand, the next ones what differs',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      await minute(teller);
      await again(teller);
      teller.lies(1, (each) => ({ ...each, paid: each.paid + 7 }));
      await minute(teller);
      teller.same('where they stand', verdicts(teller), []);
      teller.lies(1, (each) => ({ ...each, paid: each.paid + 9 }));
      await minute(teller);
      teller.same('what differs', verdicts(teller), ['STATEMENT_PAYMENTS']);
    },
  },
  {
    name: 'who was put back says with its first statement how far it is apart, and is held to that',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      const says = (storeEpoch: number, units: number) => (message: Message) => {
        if (message.kind === 'counts') return { ...message, storeEpoch };
        if (message.kind !== 'statement') return message;
        return { ...message, statement: { ...fewer(units)(message.statement), storeEpoch } };
      };
      await minute(teller);
      teller.alters(1, says(2, 5));
      await again(teller);
      await minute(teller);
      teller.same('so far', [verdicts(teller), view(teller)?.gapUnits], [[], 5]);
      await minute(teller);
      teller.same('no farther', verdicts(teller), []);
      teller.alters(1, says(2, 9));
      await minute(teller);
      teller.same('farther', verdicts(teller), ['STATEMENT_UNDERCOUNTS']);
      teller.alters(1, says(1, 0));
      await again(teller);
      await later(teller);
      teller.same('a copy of before that', verdicts(teller), ['STATEMENT_STALE']);
    },
  },
  {
    name: 'nothing that was stated shrinks, but by a copy that is put back; who says so is kept',
    begins: STATING,
    told: async (teller) => {
      const shrunk: readonly (readonly [Lie, Lie])[] = [
        [(each) => each, (each) => ({ ...each, paid: each.paid - 50 })],
        [(each) => ({ ...each, received: 9 }), (each) => ({ ...each, received: 8 })],
        [(each) => ({ ...each, packetsSent: 5 }), (each) => ({ ...each, packetsSent: 4 })],
        [(each) => ({ ...each, packetsReceived: 5 }), (each) => ({ ...each, packetsReceived: 4 })],
      ];
      for (const [first, then] of shrunk) {
        await teller.anew();
        teller.trusting();
        teller.lies(1, first);
        await minute(teller, 12);
        teller.said(0);
        teller.lies(1, then);
        await minute(teller);
        teller.same('contradicts', [verdicts(teller), disputed(teller)], [['STATEMENT_CONTRADICTS'], 1]);
      }
    },
  },
  {
    name: 'who lost a minute of its books states anew without blame, and is then believed no more than others',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await minute(teller);
      teller.node(1).disk.copy();
      await minute(teller);
      teller.world.restore(1);
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await again(teller);
      teller.trusting();
      await minute(teller);
      teller.same('stated anew', [verdicts(teller), view(teller)?.gapUnits, view(teller)?.theirs], [[], 0, 2]);
      const owed = teller.balance(1);
      for (const life of ['the same', 'the next']) {
        await reopens(teller, 1, { storeEpoch: 1, provided: [90, 0, 0], admitted: [90, 0, 0], consumed: [0, 0, 0] });
        teller.same(`${life}: owed`, teller.balance(1), owed);
        teller.same(`${life}: found`, verdicts(teller, 1)[0], 'COUNTS_INFLATED');
        teller.world.crash(1, 9);
      }
    },
  },
  {
    name: 'who lost its books is told what it was paid until it states by its new ones, and notes what was had since',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      teller.node(0).disk.copy();
      await minute(teller, 12);
      teller.same('paid', [teller.balance(0), teller.balance(1)], [20, -20]);
      teller.world.restore(0);
      await again(teller);
      teller.trusting();
      teller.same('paid again by the same cheque', [teller.balance(0), teller.balance(1)], [20, -20]);
      const noted = [...teller.node(0).disk.rows()].flatMap((row) =>
        row.kind === 'note' && row.name.startsWith('forgotten-use:') ? [row.text] : [],
      );
      teller.same('had since', noted, ['120']);
      await again(teller);
      teller.same('said again', teller.heard(0, 'payment').length > 0, true);
      await minute(teller);
      await again(teller);
      teller.same('and no more', teller.heard(0, 'payment').length, 0);
    },
  },
  {
    name: 'what was stated is admitted: over a restart, and where nothing else was said',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      teller.alters(1, (message) =>
        message.kind === 'counts' && !message.opening ? { ...message, consumed: [0, 0, 0] } : message,
      );
      await minute(teller);
      teller.same('admitted', teller.node(0).account.counts.admitted[0], 20);
      teller.world.crash(0, 9);
      await reopens(teller, 0, { consumed: [0, 0, 0] });
      teller.same('denied', [teller.balance(0), verdicts(teller)[0]], [20, 'STATEMENT_DENIED']);
    },
  },
];

/** What may have crossed a change of terms where one for one is exchanged: both judge by it, within a bound. */
const OF_CROSSINGS: readonly RuleStory[] = [
  {
    name: 'what may have crossed a change of one-for-one prices is forgiven once, to seller and buyer alike',
    begins: { ...STATING, world: { statements: true, asks: [[10, 4], [10]], bids: [0, 0] } },
    told: async (teller) => {
      const lies: readonly (readonly [Who, string, (units: number) => Lie])[] = [
        [0, 'STATEMENT_UNDERCOUNTS', fewer],
        [1, 'STATEMENT_OVERCOUNTS', (units) => (each) => ({ ...each, provided: [each.provided[0] + units, 0, 0] })],
      ];
      for (const [judge, code, lie] of lies) {
        await teller.anew();
        teller.trusting();
        await minute(teller);
        teller.node(0).reprice();
        await teller.calm();
        teller.lies(judge === 0 ? 1 : 0, lie(5));
        await minute(teller);
        teller.same('five units', verdicts(teller, judge), []);
        teller.lies(judge === 0 ? 1 : 0, lie(10));
        await minute(teller);
        teller.same('five more', verdicts(teller, judge), [code]);
      }
    },
  },
  {
    name: 'where one price changes and the other one does not, nothing is excused at that',
    begins: { ...STATING, world: { statements: true, asks: [[20, 30], [10]], bids: [0, 100] } },
    told: async (teller) => {
      teller.trusting();
      await minute(teller);
      teller.node(0).reprice();
      await teller.calm();
      teller.lies(1, (each) => ({ ...each, provided: [each.provided[0] + 1, 0, 0] }));
      await minute(teller);
      teller.same('one unit', verdicts(teller), ['STATEMENT_OVERCOUNTS']);
    },
  },
  {
    name: 'who keeps changing prices is excused for no more than its credit',
    begins: { ...STATING, world: { statements: true, asks: [[200, 10, 200, 10, 200], [300]], bids: [0, 0] } },
    told: async (teller) => {
      teller.trusting();
      for (let change = 0; change < 4; change += 1) {
        teller.node(0).reprice();
        await teller.calm();
      }
      for (let piece = 0; piece < 5; piece += 1) {
        await teller.serve(0);
        await teller.serve(1);
      }
      teller.same('given and taken', teller.balance(0), 0);
      teller.lies(1, fewer(450));
      await minute(teller, 0);
      teller.same('more than dropAt', verdicts(teller), ['STATEMENT_UNDERCOUNTS']);
    },
  },
];

/** Statements that differ from the books, in the details that only a hostile or unlucky neighbour brings about. */
export const STORIES_OF_GAPS: readonly RuleStory[] = [...OF_DIFFERENCES, ...OF_CROSSINGS];
