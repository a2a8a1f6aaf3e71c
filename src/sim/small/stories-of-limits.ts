import type { CountsMessage } from '../../core/session/message.ts';
import type { SessionEvent } from '../../core/session/session-effect.ts';
import { LATE_MS } from '../../core/statement/statement-rules.ts';
import type { Terms } from '../../core/terms/terms.ts';
import { MAX_SETTLE_EVERY_MS } from '../../core/terms/terms.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';
import { MINUTE_MS, minuteOfTrade, STATING, verdicts } from './told-minutes.ts';

/** What a desk can say that is not so, of a link on which nothing was ever paid. */
const UNTRUE: readonly SessionEvent[] = [
  { kind: 'cleared', units: 5 },
  { kind: 'paymentFailed', id: 1, method: 'cheque', units: 7, code: 'CHEQUEBOOK_MISSING' },
  {
    kind: 'paymentChecked',
    ...{ id: 1, method: 'cheque' },
    outcome: { accepted: true, units: 5, clearing: 9, acceptedWei: 5n },
  },
];

/** Who says what of terms that are sold on one way: the word for it, and what is changed. */
const ONE_WAY: readonly (readonly [0 | 1, string | undefined, (terms: Terms) => Partial<Terms>])[] = [
  [0, 'TERMS_NO_METHOD', () => ({ methods: ['transfer'] })],
  [1, 'TERMS_NO_METHOD', () => ({ methods: ['transfer'] })],
  [1, 'TERMS_PAYAT_ABOVE_DROPAT', ({ dropAt }) => ({ payAt: dropAt })],
  // Who sells nothing is never owed anything.
  [0, undefined, ({ dropAt }) => ({ payAt: dropAt })],
  [0, 'TERMS_ABSURD', () => ({ settleEveryMs: MAX_SETTLE_EVERY_MS + 1 })],
];

/** The connection is made anew, and the neighbour of node 0 opens it with these counts. */
async function reopens(teller: Teller, change: Partial<CountsMessage>): Promise<void> {
  await teller.cut();
  teller.world.connect();
  await teller.hears(0, {
    ...{ kind: 'counts', opening: true, storeEpoch: 1 },
    ...{ provided: [0, 0, 0], admitted: [0, 0, 0], consumed: [0, 0, 0], ...change },
  });
}

/** What cannot be, must not be taken, or has been said before. */
export const STORIES_OF_LIMITS: readonly RuleStory[] = [
  {
    name: 'books that would say what cannot be end their link loudly, and nothing is served on it any more',
    begins: { dishonest: true },
    told: async (teller) => {
      for (const event of UNTRUE) {
        await teller.anew();
        await teller.serve(0, 1);
        const { account, clock, neighbour } = teller.node(0);
        try {
          neighbour.step(event);
        } catch {
          // Whoever ran it hears of it too.
        }
        await teller.calm();
        const { ledger, row } = account;
        teller.same(`${event.kind}: halted`, ledger.halted(row), true);
        teller.same('served', account.door('transit').servable(1_000, clock.nowMs()).bytes, 0);
        teller.same('held', ledger.holdProvide(row, 1) < 0, true);
      }
    },
  },
  {
    name: 'terms are weighed where somebody would pay by them, and only there',
    begins: { dishonest: true },
    told: async (teller) => {
      for (const [who, code, change] of ONE_WAY) {
        await teller.anew();
        const last = teller.node(who).account.theirs.newest;
        if (last === undefined) return teller.same('terms', last, 'any');
        await teller.hears(who, { kind: 'terms', terms: { ...last, epoch: last.epoch + 1, ...change(last) } });
        teller.same(`${who}: ${Object.keys(change(last)).join(' ')}`, verdicts(teller, who)[0], code);
      }
    },
  },
  {
    name: 'where nobody would pay, no common method is asked for',
    begins: { world: { bids: [0, 0] }, dishonest: true },
    told: async (teller) => {
      const last = teller.node(1).account.theirs.newest;
      if (last === undefined) return teller.same('terms', last, 'any');
      await teller.hears(1, { kind: 'terms', terms: { ...last, epoch: last.epoch + 1, methods: ['transfer'] } });
      teller.same('taken', [verdicts(teller, 1), teller.node(1).account.theirs.newest?.methods], [[], ['transfer']]);
    },
  },
  {
    name: 'a price at which a debt would outgrow a transfer under way is not agreed on',
    begins: {
      apart: true,
      config: (config) => ({
        ...config,
        settlement: { ...config.settlement, methods: ['transfer'], blockMs: 600_000, confirmations: 12 },
      }),
      dishonest: true,
    },
    told: async (teller) => {
      await teller.connect();
      const said = [...verdicts(teller, 0), ...verdicts(teller, 1)];
      teller.same('verdicts', [...new Set(said)], ['TERMS_TRANSFER_TOO_SLOW']);
    },
  },
  {
    name: 'what was stated is remembered over a restart: who denies it is found out, and numbers go on',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await minuteOfTrade(teller);
      teller.same('agreed', teller.node(0).neighbour.session.statements?.agreed, 1);
      teller.world.crash(0, 9);
      await teller.cut();
      await teller.connect();
      teller.trusting();
      const { statements } = teller.node(0).neighbour.session;
      teller.same('remembered', [statements?.mine, statements?.theirs, statements?.agreed], [1, 1, 1]);
      teller.same('what was admitted', teller.node(0).account.counts.admitted[0], 20);
      await minuteOfTrade(teller);
      teller.same('the next', [teller.node(0).neighbour.session.statements?.mine, verdicts(teller)], [2, []]);
      await reopens(teller, { consumed: [0, 0, 0] });
      teller.same('denied', verdicts(teller)[0], 'STATEMENT_DENIED');
      teller.same('held to it', teller.balance(0), 40);
    },
  },
  {
    name: 'who comes back with an old copy is told of once, and held to what it signed without blame',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      await minuteOfTrade(teller);
      teller.said(0);
      for (const times of ['once', 'and no more']) {
        await reopens(teller, { storeEpoch: 2 });
        const said = teller.said(0).filter((each) => /^(restored|verdict STATEMENT)/.test(each));
        teller.same(times, said, times === 'once' ? ['restored'] : []);
      }
      teller.same('held to it', teller.balance(0), 20);
    },
  },
  {
    name: 'a statement that was judged is repeated, overtaken or contradicted, each with its own word',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      await minuteOfTrade(teller);
      const [first] = teller.heard(0, 'statement');
      await minuteOfTrade(teller);
      const [second] = teller.heard(0, 'statement');
      if (first === undefined || second === undefined) return teller.same('statements', first, second);
      teller.said(0);
      await teller.hears(0, second);
      teller.same('repeated', verdicts(teller), []);
      await teller.hears(0, first);
      teller.same('an old one', verdicts(teller), ['STATEMENT_STALE']);
      await teller.anew();
      teller.trusting();
      await minuteOfTrade(teller);
      const [other] = teller.heard(0, 'statement');
      if (other === undefined) return teller.same('statement', other, 'any');
      const { statement } = other;
      await teller.hears(0, { kind: 'statement', statement: { ...statement, paid: statement.paid + 1 } });
      teller.same('another one of the same number', verdicts(teller), ['STATEMENT_CONTRADICTS']);
    },
  },
  {
    name: 'a statement that is due waits for its mark, then for quiet, and is given up in the end',
    begins: STATING,
    told: async (teller) => {
      teller.trusting();
      await minuteOfTrade(teller);
      await teller.cut();
      await teller.connect();
      await teller.pass(10 * MINUTE_MS);
      teller.same('nothing moved since', teller.heard(0, 'statement').length, 1);
      await minuteOfTrade(teller);
      teller.same('one a minute', teller.heard(0, 'statement').length, 1);
      await teller.serve(0, 1);
      await teller.pass(MINUTE_MS / 2);
      teller.same('not before its time', teller.heard(0, 'statement').length, 0);
      teller.mute(1);
      await teller.pass(MINUTE_MS);
      await teller.pass(LATE_MS + 1_000);
      teller.same('late', verdicts(teller), ['STATEMENT_LATE']);
      await teller.cut();
      await teller.connect();
      await teller.pass(LATE_MS + 1_000);
      teller.same('a new connection owes none', verdicts(teller), []);
    },
  },
];
