import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import type { Store } from '../store/store.ts';
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
