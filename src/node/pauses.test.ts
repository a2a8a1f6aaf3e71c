import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { MAX_NEIGHBOURS } from './neighbours.ts';
import { Pauses } from './pauses.ts';

const [a, b] = ['0xa', '0xb'] as [NodeId, NodeId];

test('the last word holds, for one or for all', () => {
  const pauses = new Pauses();
  const now = () => [pauses.all, pauses.of(a), pauses.of(b)];
  assert.deepEqual(now(), [false, false, false]);
  pauses.set(true, a);
  assert.deepEqual(now(), [false, true, false]);
  pauses.set(true);
  assert.deepEqual(now(), [true, true, true]);
  pauses.set(false, b);
  assert.deepEqual(now(), [true, true, false]);
  pauses.set(true, b);
  assert.deepEqual(now(), [true, true, true]);
  pauses.set(false, a);
  pauses.set(false);
  assert.deepEqual(now(), [false, false, false]);
});

test('there is an end to whom it remembers', () => {
  const pauses = new Pauses();
  for (let each = 0; each < MAX_NEIGHBOURS; each += 1) pauses.set(true, `0x${each}`);
  assert.throws(
    () => pauses.set(true, a),
    (error) => codeOf(error) === 'NEIGHBOURS_EXHAUSTED',
  );
  pauses.set(true);
  assert.ok(pauses.of(a));
});
