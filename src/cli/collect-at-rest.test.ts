import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { collectAtRest, GROWN_BYTES, REST_CPU_MS } from './collect-at-rest.ts';

const LIVE_BYTES = 20 * 2 ** 20;

/** Looks once a row, after so much CPU time and garbage; tells at which looks garbage was collected. */
function looks(rows: readonly (readonly [cpuMs: number, garbageBytes: number])[]): number[] {
  let look: (() => void) | undefined;
  const after: Clock['after'] = (_, fire) => {
    look = fire;
    return { cancel: () => (look = undefined) };
  };
  const heap = { cpu: 1_000, bytes: LIVE_BYTES, collected: 0 };
  const end = collectAtRest(
    { wallMs: () => 0, nowMs: () => 0, after },
    {
      cpuMs: () => heap.cpu,
      usedBytes: () => heap.bytes,
      collect: () => {
        heap.collected += 1;
        heap.bytes = LIVE_BYTES;
      },
    },
  );
  const at = rows.flatMap(([cpuMs, garbageBytes], row) => {
    const before = heap.collected;
    heap.cpu += cpuMs;
    heap.bytes += garbageBytes;
    look?.();
    return heap.collected > before ? [row] : [];
  });
  end();
  assert.equal(look, undefined, 'it has ended');
  return at;
}

test('collects at the first rest, and then only after work that left enough', () => {
  const busy = REST_CPU_MS + 1;
  assert.deepEqual(looks([[0, 0]]), [0], 'what the start left');
  assert.deepEqual(
    looks([
      [busy, 0],
      [REST_CPU_MS, 0],
      [0, 0],
    ]),
    [1],
    'not while it works',
  );
  assert.deepEqual(
    looks([
      [0, 0],
      [0, GROWN_BYTES - 1],
      [0, 1],
      [0, 0],
    ]),
    [0, 2],
    'not for little',
  );
  assert.deepEqual(
    looks([
      [0, 0],
      [busy, 9 * GROWN_BYTES],
      [busy, 0],
      [10, 0],
      [10, 0],
    ]),
    [0, 3],
    'once after a rush',
  );
});
