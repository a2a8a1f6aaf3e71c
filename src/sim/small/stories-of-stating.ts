import type { CountsMessage, MarkMessage, Message } from '../../core/message.ts';
import type { SignedStatement } from '../../core/statement.ts';
import { STATEMENT_RULES } from '../../core/statement-rules.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const MINUTE_MS = 60_000;
const everyMinute = (config: NodeConfig): NodeConfig => ({
  ...config,
  credit: { ...config.credit, statementEveryS: 60 },
});
const byTime = (config: NodeConfig): NodeConfig => ({
  ...everyMinute(config),
  transit: { ...config.transit, metering: 'time' },
});
const STATING = { world: { statements: true }, config: everyMinute, dishonest: true } as const;

type Lie = (statement: SignedStatement) => SignedStatement;
type Who = 0 | 1;

const verdicts = (teller: Teller, who: Who = 0): (string | undefined)[] =>
  teller
    .said(who)
    .filter((each) => each.startsWith('verdict'))
    .map((each) => each.split(' ')[1]);
const found = (teller: Teller): string[] => teller.said(0).filter((each) => each.startsWith('divergence'));
const mark = (sequence: number, answers: number): MarkMessage => ({ kind: 'mark', sequence, answers });
const fewer =
  (units: number, bytes = 0): Lie =>
  (each) => ({
    ...each,
    consumed: [each.consumed[0] - units, 0, 0],
    consumedBytes: [each.consumedBytes[0] - bytes, 0, 0],
  });
const view = (teller: Teller, who: Who = 0) => teller.node(who).neighbour.session.statements;

/** A minute of trade, and the statements about it: those that reached the seller. */
async function minute(teller: Teller, pieces = 2): Promise<SignedStatement[]> {
  await teller.serve(0, pieces);
  await teller.pass(MINUTE_MS);
  await teller.pass(500);
  return teller.heard(0, 'statement').map(({ statement }) => statement);
}

/** The same, once nobody is slowed down any more. */
async function later(teller: Teller): Promise<void> {
  await teller.pass(2 * MINUTE_MS);
  await minute(teller);
}

async function again(teller: Teller): Promise<void> {
  await teller.cut();
  await teller.connect();
  teller.said(0);
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
const OF_GAPS: readonly RuleStory[] = [
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
      teller.same('admitted', teller.node(0).account.admitted[0], 20);
      teller.world.crash(0, 9);
      await reopens(teller, 0, { consumed: [0, 0, 0] });
      teller.same('denied', [teller.balance(0), verdicts(teller)[0]], [20, 'STATEMENT_DENIED']);
    },
  },
];

/** When statements are made, and what they speak of. */
const OF_CUTS: readonly RuleStory[] = [
  {
    name: 'nothing of a connection that is gone is said, wanted or answered on the next one',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      const [theirs] = await minute(teller);
      const [mine] = teller.heard(1, 'statement').map(({ statement }) => statement);
      if (theirs === undefined || mine === undefined) return teller.same('statements', [mine, theirs], 'both');
      await again(teller);
      teller.heard(1, 'mark');
      await teller.hears(0, { kind: 'statement', statement: theirs });
      teller.same('said again', verdicts(teller), []);
      teller.node(0).neighbour.step({ kind: 'statementKept', statement: mine });
      teller.node(0).neighbour.step({ kind: 'quiet' });
      await teller.calm();
      teller.same('stated too late', teller.heard(1, 'statement').length, 0);
      await teller.hears(0, mark(2, 0));
      await teller.hears(0, { kind: 'statement', statement: { ...theirs, sequence: 2, answers: 1 } });
      teller.same('an answer to what was said before', verdicts(teller), ['STATEMENT_STALE']);
    },
  },
  {
    name: 'a statement that was due when the connection broke is due no more, until something moves',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      await teller.serve(0, 2);
      await again(teller);
      await teller.pass(10 * MINUTE_MS);
      teller.same('nothing moved since', teller.heard(0, 'mark').length, 0);
      await teller.serve(0, 2);
      const { link, neighbour } = teller.node(0);
      if (link !== undefined) link.queuedBytes = 1;
      neighbour.step({ kind: 'finish' });
      await again(teller);
      await teller.pass(500);
      teller.same('nor now', teller.heard(1, 'mark').length, 0);
      neighbour.step({ kind: 'quiet' });
      await teller.calm();
      teller.same('a quiet moment in which none is due', teller.heard(1, 'mark').length, 0);
      await teller.serve(0);
      await teller.cut();
      teller.world.connect();
      neighbour.step({ kind: 'finish' });
      teller.same('before books are compared', teller.node(0).account.settling, false);
    },
  },
  {
    name: 'a mark that nobody answered waits for no answer on the next connection',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      teller.mute(1);
      await minute(teller);
      await again(teller);
      await teller.hears(0, mark(9, 0));
      teller.same(
        'asked anew',
        teller.heard(1, 'statement').map(({ statement }) => statement.answers),
        [9],
      );
    },
  },
  {
    name: 'who is asked for a statement gives one too; an answer is answered by none',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      await minute(teller);
      await teller.serve(0);
      teller.heard(1, 'statement');
      teller.node(1).neighbour.step({ kind: 'finish' });
      await teller.calm();
      teller.same('one each', [teller.heard(1, 'statement').length, teller.heard(0, 'statement').length], [1, 1]);
      teller.mute(1);
      await teller.hears(0, mark(9, 2));
      teller.same('an answer', teller.heard(1, 'mark').length, 0);
      await minute(teller);
      teller.same(
        'the next one asks',
        teller.heard(1, 'mark').map(({ answers }) => answers),
        [0],
      );
    },
  },
  {
    name: 'marks are remembered as long as an answer may take, and no longer',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      const [theirs] = await minute(teller);
      if (theirs === undefined) return teller.same('statement', theirs, 'any');
      const last = 2 + STATEMENT_RULES.marksKept;
      for (let sequence = 2; sequence <= last; sequence += 1) await teller.hears(0, mark(sequence, 1));
      const states = async (sequence: number): Promise<(string | undefined)[]> => {
        await teller.hears(0, { kind: 'statement', statement: { ...theirs, sequence } });
        return verdicts(teller);
      };
      teller.same('too old', await states(2), ['STATEMENT_STALE']);
      teller.same('the oldest', await states(3), []);
    },
  },
  {
    name: 'while something always waits to leave, nothing new is charged for a while, and then none is stated',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      const { account, link } = teller.node(0);
      if (link === undefined) return teller.same('link', link, 'any');
      let woken = 0;
      account.watch(() => {
        woken += 1;
      });
      link.queuedBytes = 1;
      await minute(teller);
      teller.same('it waits', [account.settling, teller.heard(1, 'mark').length], [false, 0]);
      await teller.pass(STATEMENT_RULES.patienceMs + 1);
      await teller.serve(0);
      teller.same('nothing is served', [account.settling, teller.balance(0)], [true, 20]);
      woken = 0;
      await teller.pass(STATEMENT_RULES.giveUpMs);
      teller.same('given up', [account.settling, woken > 0, teller.heard(1, 'mark').length], [false, true, 0]);
      await teller.serve(0);
      teller.same('served again', teller.balance(0), 30);
    },
  },
  {
    name: 'bytes that cost nothing are stated, and so is time that moved none',
    begins: { ...STATING, world: { statements: true, asks: [[0], undefined] } },
    told: async (teller) => {
      teller.trusting();
      const [free] = await minute(teller);
      teller.same('for nothing', [free?.consumedBytes[0], free?.consumed[0]], [2_000_000, 0]);
    },
  },
  {
    name: 'time and value that cross a mark belong to the cut of the next one',
    begins: { ...STATING, config: byTime },
    told: async (teller) => {
      teller.trusting();
      const { account, neighbour } = teller.node(1);
      const buy = (): void => {
        account.door('transit').usable(1_000);
        neighbour.step({ kind: 'tick' });
      };
      buy();
      await teller.calm();
      teller.same('bought', [teller.balance(0), teller.balance(1)], [10, -10]);
      let crossed = false;
      teller.alters(0, (message) => {
        if (message.kind !== 'mark' || crossed) return message;
        // More time is bought, and a packet with value leaves, behind the mark that was set already.
        buy();
        account.ledger.consumed(account.row, 2, 7);
        crossed = true;
        return message;
      });
      const [statement] = await minute(teller, 0);
      teller.same('crossed', [crossed, teller.balance(1)], [true, -27]);
      teller.same('stated', statement?.consumed, [10, 0, 0]);
    },
  },
];

/** Statements in the details that only a hostile or unlucky neighbour brings about. */
export const STORIES_OF_STATING: readonly RuleStory[] = [...OF_GAPS, ...OF_CUTS];
