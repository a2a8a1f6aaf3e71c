import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WayleaveError } from '../core/errors.ts';
import { FINAL_MS, PayoutWatch, type PayoutWatchOptions } from './payout-watch.ts';

const BOOK = `0x${'b0'.repeat(20)}`;

/** A watch over one chequebook that had paid 100 wei when it was cashed. */
function watched(answer: () => bigint | undefined) {
  let nowMs = 0;
  const facts = async () => {
    const paidOutWei = answer();
    if (paidOutWei === undefined) throw new WayleaveError('RPC_UNREACHABLE', { reason: 'refused' });
    return { paidOutWei };
  };
  const watch = new PayoutWatch({
    chain: { chequebook: facts },
    clock: { nowMs: () => nowMs, wallMs: () => nowMs, after: () => ({ cancel() {} }) },
    desk: { me: BOOK, received: () => [{ chequebook: BOOK, cashedCumulative: 100n }] },
  } as unknown as PayoutWatchOptions);
  return { watch, wait: (ms: number) => (nowMs += ms) };
}

test('a payout that is still there when it is final is never looked at again', async () => {
  let asked = 0;
  const { watch, wait } = watched(() => {
    asked += 1;
    return 100n;
  });
  watch.lookAgain(BOOK);
  assert.deepEqual(await watch.due(), []);
  wait(FINAL_MS);
  assert.deepEqual(await watch.due(), []);
  wait(FINAL_MS);
  assert.deepEqual([await watch.due(), asked], [[], 1]);
});

test('one the chain took back is told of, once the chain answers', async () => {
  const chain: { answer?: bigint } = {};
  const { watch, wait } = watched(() => chain.answer);
  watch.lookAgain(BOOK);
  wait(FINAL_MS);
  assert.deepEqual(await watch.due(), [], 'no answer');
  chain.answer = 40n;
  wait(FINAL_MS);
  assert.deepEqual(await watch.due(), [{ chequebook: BOOK, paidOutWei: 40n }]);
  assert.deepEqual(await watch.due(), []);
});
