import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import { ChequebookFactsBook } from './chequebook-facts.ts';

const BOOK = `0x${'b0'.repeat(20)}`;
const FACTS = { fromFactory: true, issuer: BOOK, balanceWei: 5n, paidOutWei: 0n } as ChequebookFacts;

test('a chequebook that does not stand is looked for again, but not with each cheque', async () => {
  const found: (ChequebookFacts | undefined)[] = [undefined, undefined, FACTS];
  let [nowMs, looks] = [0, 0];
  const chain = {
    chequebook: async () => {
      looks += 1;
      return found.shift();
    },
  } as unknown as Chain;
  const store = { commit: async () => undefined } as unknown as Store;
  const facts = new ChequebookFactsBook({ chain, store, me: BOOK, notes: [], nowMs: () => nowMs });
  assert.equal(facts.of(BOOK), 'unread');
  for (const [atMs, is, looked] of [
    [0, 'absent', 1],
    [9_999, 'absent', 1],
    [10_000, 'absent', 2],
    [19_999, 'absent', 2],
    [20_000, FACTS, 3],
    [90_000, FACTS, 3],
  ] as const) {
    nowMs = atMs;
    await facts.learn(BOOK);
    assert.deepEqual([facts.of(BOOK), looks], [is, looked], `${atMs} ms`);
  }
});

test('a bounce counts when it is so deep that no other branch can win, and not where its branch lost', async () => {
  const answers = { newest: { ...FACTS, bounced: true }, deep: FACTS };
  const written: unknown[] = [];
  let [nowMs, looks] = [0, 0];
  const chain = {
    chequebook: async (_book: string, _me: string, depth = 1) => {
      looks += 1;
      return depth === 3 ? answers.deep : answers.newest;
    },
  } as unknown as Chain;
  const store = { commit: async (records: unknown[]) => void written.push(...records) } as unknown as Store;
  const open = (notes: readonly NoteRecord[] = []) =>
    new ChequebookFactsBook({ chain, store, me: BOOK, notes, nowMs: () => nowMs, confirmations: 3 });
  const facts = open();
  for (const [atMs, doubted, looked] of [
    [0, true, 2],
    [9_999, true, 2],
    [10_000, true, 4],
  ] as const) {
    nowMs = atMs;
    await facts.learn(BOOK);
    assert.deepEqual([facts.doubts(BOOK), looks], [doubted, looked], `${atMs} ms`);
  }
  assert.equal(open(written.splice(0).slice(-1) as NoteRecord[]).of(BOOK), 'unread', 'read anew after a restart');

  answers.newest = { ...FACTS, bounced: false };
  nowMs = 20_000;
  await facts.learn(BOOK);
  assert.deepEqual([facts.doubts(BOOK), (facts.of(BOOK) as ChequebookFacts).bounced], [false, false]);

  // Somebody else read it.
  facts.saw(BOOK, { ...FACTS, bounced: true });
  assert.equal(facts.doubts(BOOK), true);
  facts.saw(BOOK, { ...FACTS, bounced: false });
  assert.equal(facts.doubts(BOOK), false);
  facts.saw(BOOK, { ...FACTS, bounced: true });
  answers.newest = { ...FACTS, bounced: true };
  answers.deep = answers.newest;
  await facts.learn(BOOK);
  assert.deepEqual([facts.doubts(BOOK), (facts.of(BOOK) as ChequebookFacts).bounced], [false, true]);
  facts.saw(BOOK, { ...FACTS, bounced: true });
  assert.equal(facts.doubts(BOOK), false, 'for good');
  const again = open(written.slice(-1) as NoteRecord[]);
  assert.deepEqual([again.doubts(BOOK), (again.of(BOOK) as ChequebookFacts).bounced], [false, true]);
});
