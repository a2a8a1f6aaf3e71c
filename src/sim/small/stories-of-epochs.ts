import { codeOf } from '../../core/errors.ts';
import { Column } from '../../core/ledger/columns.ts';
import { MAX_SUPERSEDED_EPOCHS, MAX_TAKEN_EPOCHS } from '../../core/terms/epoch-book.ts';
import type { Terms } from '../../core/terms/terms.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const MB = 1_000_000;
/** Prices that rise by one unit with each change. */
const RISING = Array.from({ length: 40 }, (_, change) => 10 + change);
const BEGINS = { world: { asks: [RISING, undefined] }, dishonest: true } as const;

/** So many changes of the price, each taken at once. */
async function reprice(teller: Teller, times: number): Promise<void> {
  for (let change = 0; change < times; change += 1) {
    teller.node(0).reprice();
    await teller.calm();
  }
}

/** What something comes to, or the code of what it says. */
function outcome(act: () => number): number | string | undefined {
  try {
    return act();
  } catch (error) {
    return codeOf(error);
  }
}

/** What a piece that arrives under a tag costs the buyer that sent it. */
const arrives = (teller: Teller, tag: number) =>
  outcome(() => {
    const { account, clock } = teller.node(0);
    const before = teller.node(0).cell(Column.provided);
    account.door('transit').arrived(MB, tag, clock.nowMs());
    return teller.node(0).cell(Column.provided) - before;
  });

/** What a piece that was delivered under a tag costs its buyer. */
const delivered = (teller: Teller, tag: number) =>
  outcome(() => {
    const before = teller.node(1).cell(Column.consumed);
    teller.node(1).account.door('transit').delivered(MB, tag);
    return teller.node(1).cell(Column.consumed) - before;
  });

/** By which terms frames are priced, and for how long. */
export const STORIES_OF_EPOCHS: readonly RuleStory[] = [
  {
    name: 'an answer to older terms brings no older price back, however often it comes',
    begins: BEGINS,
    told: async (teller) => {
      const { account } = teller.node(0);
      const first = account.door('transit').sellEpoch;
      await reprice(teller, 1);
      for (const epoch of [first, first, 0]) await teller.hears(0, { kind: 'termsAck', epoch });
      teller.same('in force', [account.door('transit').sellEpoch, arrives(teller, first + 1)], [first + 1, 11]);
      teller.same(
        'no fault',
        teller.said(0).filter((each) => each.startsWith('verdict')),
        [],
      );
      teller.same('it stands', teller.node(0).link === undefined, false);
    },
  },
  {
    name: 'who changes prices all the time remembers so many of them, and takes frames under older ones no more',
    begins: BEGINS,
    told: async (teller) => {
      const first = teller.node(0).account.door('transit').sellEpoch;
      await reprice(teller, MAX_SUPERSEDED_EPOCHS);
      teller.same('the oldest that is kept', arrives(teller, first), 10);
      await reprice(teller, 1);
      teller.same('one more', [arrives(teller, first), arrives(teller, first + 1)], ['EPOCH_STALE', 11]);
    },
  },
  {
    name: 'a buyer remembers so many terms of one who changes them all the time, and no more',
    begins: BEGINS,
    told: async (teller) => {
      const first = teller.node(1).account.door('transit').buyEpoch;
      await reprice(teller, MAX_TAKEN_EPOCHS - 1);
      teller.same('the oldest that is kept', delivered(teller, first), 10);
      await reprice(teller, 1);
      teller.same('one more', [delivered(teller, first), delivered(teller, first + 1)], ['EPOCH_UNKNOWN', 11]);
    },
  },
  {
    name: 'the same terms again, however often, make nobody forget what was under way under older ones',
    begins: BEGINS,
    told: async (teller) => {
      const first = teller.node(1).account.door('transit').buyEpoch;
      await reprice(teller, 1);
      const terms = teller.node(1).account.theirs.newest as Terms;
      for (let again = 0; again <= MAX_TAKEN_EPOCHS; again += 1) await teller.hears(1, { kind: 'terms', terms });
      teller.same('booked', delivered(teller, first), 10);
    },
  },
];
