import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { ChequebookWatch } from './chequebook-watch.ts';

const [ME, BOOK, OTHER] = ['a', '1', '2'].map((digit) => `0x${digit.repeat(40)}`) as [NodeId, NodeId, NodeId];
const EVERY_MS = 600_000;

/** A watch over chequebooks that hold what a test says; undefined: nothing stands there. */
function bed() {
  const chain = { facts: {} as Partial<ChequebookFacts> | undefined, silent: false, nowMs: 5_000 };
  const [read, looked]: [NodeId[], unknown[]] = [[], []];
  const chequebook = async (book: NodeId, beneficiary: NodeId) => {
    assert.equal(beneficiary, ME);
    read.push(book);
    if (chain.silent) throw new WayleaveError('RPC_UNREACHABLE');
    return chain.facts as ChequebookFacts | undefined;
  };
  const watch = new ChequebookWatch({
    ...{ chain: { chequebook } as Partial<Chain> as Chain, me: ME },
    clock: { nowMs: () => chain.nowMs, wallMs: () => 0, after: () => ({ cancel: () => undefined }) },
    looked: (book, facts) => looked.push([book, facts]),
  });
  return { chain, looked, read, watch };
}

test('what a chequebook can still pay is what it held when it was read, less what it has paid since', async () => {
  for (const [availableWei, paidOutWei, cashedWei, left] of [
    [100n, 0n, 0n, 100n],
    [100n, 30n, 30n, 100n],
    // Cashed since then: that was paid from the 100.
    [100n, 30n, 31n, 99n],
    [100n, 30n, 129n, 1n],
    [100n, 30n, 130n, 0n],
    [100n, 30n, 131n, 0n],
    // Paid out here, and not booked yet.
    [100n, 30n, 29n, 100n],
    [100n, 30n, 0n, 100n],
    [1n, 0n, 0n, 1n],
    [0n, 0n, 0n, 0n],
  ] as const) {
    const { chain, watch } = bed();
    assert.equal(watch.coveredWei(BOOK, cashedWei), undefined, 'not looked at yet');
    chain.facts = { availableWei, paidOutWei };
    await watch.lookAt([BOOK]);
    assert.equal(watch.coveredWei(BOOK, cashedWei), left, `${availableWei} ${paidOutWei} ${cashedWei}`);
    assert.equal(watch.coveredWei(OTHER, cashedWei), undefined);
  }
});

test('what does not answer is as it was, and of what stands nowhere nothing is known', async () => {
  const { chain, looked, watch } = bed();
  chain.facts = { availableWei: 7n, paidOutWei: 0n, withdrawableAtS: 9 };
  await watch.lookAt([BOOK]);
  assert.deepEqual([watch.announced(BOOK), watch.announced(OTHER), looked.length], [true, false, 1]);
  chain.silent = true;
  await watch.lookAt([BOOK, OTHER]);
  assert.deepEqual([watch.announced(BOOK), watch.coveredWei(BOOK, 0n)], [true, 7n]);
  chain.silent = false;
  chain.facts = undefined;
  await watch.lookAt([BOOK]);
  assert.deepEqual([watch.announced(BOOK), watch.coveredWei(BOOK, 0n)], [false, undefined]);
});

test('each that owes is looked at every ten minutes, from when it began to owe', async () => {
  const { chain, looked, read, watch } = bed();
  assert.equal(watch.look([BOOK]), undefined);
  chain.nowMs += EVERY_MS / 2;
  assert.equal(watch.look([BOOK, OTHER]), undefined);
  chain.nowMs += EVERY_MS / 2 - 1;
  assert.equal(watch.look([BOOK, OTHER]), undefined);
  chain.nowMs += 1;
  await watch.look([BOOK, OTHER]);
  assert.deepEqual([read.splice(0), looked], [[BOOK], [[BOOK, {}]]]);
  chain.nowMs += EVERY_MS / 2;
  await watch.look([BOOK, OTHER]);
  assert.deepEqual(read.splice(0), [OTHER]);
});

test('one that owes nothing any more is forgotten, and what was seen of it is nothing to go by later', async () => {
  const { chain, read, watch } = bed();
  chain.facts = { availableWei: 7n, paidOutWei: 0n, withdrawableAtS: 9 };
  await watch.lookAt([BOOK]);
  assert.equal(watch.look([OTHER]), undefined);
  assert.deepEqual([watch.announced(BOOK), watch.coveredWei(BOOK, 0n)], [false, undefined]);
  chain.nowMs += EVERY_MS;
  await watch.look([BOOK]);
  assert.deepEqual(read, [BOOK], 'it waits from now on');
});
