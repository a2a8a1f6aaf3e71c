import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WayleaveError } from '../core/errors.ts';
import type { SessionEffect } from '../core/session/session-effect.ts';
import { EffectQueue } from './effect-queue.ts';

const changed: SessionEffect = { kind: 'changed' };
const lease: SessionEffect = { kind: 'lease' };
const kept: SessionEffect = { kind: 'keepPayment', id: 1, method: 'cheque' };
const close: SessionEffect = { kind: 'close', code: 'NODE_STOPPING', banned: false };

/** A queue whose `lease` takes until it is let go, and whose `keepPayment` fails. */
function queueOf() {
  const done: string[] = [];
  const lasting = Promise.withResolvers<void>();
  const queue = new EffectQueue({
    perform: ({ kind }) => {
      done.push(kind);
      if (kind === 'keepPayment') throw new WayleaveError('STORE_FULL');
      return kind === 'lease' ? lasting.promise : undefined;
    },
    failed: ({ kind }) => done.push(`${kind} failed`),
  });
  return { done, queue, lasting };
}

test('what takes no time is done at once, in order', () => {
  const { done, queue } = queueOf();
  queue.add([changed, close]);
  assert.deepEqual(done, []);
  queue.drain();
  assert.deepEqual(done, ['changed', 'close']);
});

test('what takes time holds up what comes after it, and is not begun twice', async () => {
  const { done, lasting, queue } = queueOf();
  queue.add([lease, changed]);
  queue.drain();
  queue.add([close]);
  queue.drain();
  assert.deepEqual(done, ['lease']);
  assert.equal(queue.busy, true);
  assert.deepEqual(
    queue.waiting.map(({ kind }) => kind),
    ['changed', 'close'],
  );
  let settled = false;
  const waiting = queue.settled().then(() => (settled = true));
  await Promise.resolve();
  assert.equal(settled, false);
  lasting.resolve();
  await waiting;
  assert.deepEqual(done, ['lease', 'changed', 'close']);
  assert.equal(queue.empty, true);
});

test('what fails is told of, and what comes after it is done all the same', () => {
  const { done, queue } = queueOf();
  queue.add([kept, changed]);
  queue.drain();
  assert.deepEqual(done, ['keepPayment', 'keepPayment failed', 'changed']);
});

test('when a connection is over, what was to be said on it is dropped, and what is to be written stays', async () => {
  const { done, lasting, queue } = queueOf();
  queue.add([lease, { kind: 'send', message: { kind: 'termsAck', epoch: 1 } }, close, changed]);
  queue.drain();
  queue.keepSilent();
  lasting.resolve();
  await queue.settled();
  assert.deepEqual(done, ['lease', 'changed']);
});

test('an idle queue is settled already', async () => {
  const { queue } = queueOf();
  assert.equal(queue.empty, true);
  await queue.settled();
});
