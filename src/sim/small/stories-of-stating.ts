import type { MarkMessage } from '../../core/session/message.ts';
import { STATEMENT_RULES } from '../../core/statement/statement-rules.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { RuleStory } from './rule-story.ts';
import { again, everyMinute, MINUTE_MS, minute, STATING, verdicts } from './told-minutes.ts';

const byTime = (config: NodeConfig): NodeConfig => ({
  ...everyMinute(config),
  transit: { ...config.transit, metering: 'time' },
});
const mark = (sequence: number, answers: number): MarkMessage => ({ kind: 'mark', sequence, answers });

/** When statements are made, and what they speak of. */
export const STORIES_OF_STATING: readonly RuleStory[] = [
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
