import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Purchases } from './purchases.ts';

test('what was bought at one price is told together, in pieces that one charge may cover, all of it once', () => {
  const purchases = new Purchases();
  const told: (readonly [number, number])[] = [];
  purchases.told = (bytes, perMb) => told.push([bytes, perMb]);
  const since = () => told.splice(0);
  purchases.tell();
  purchases.note(10, 5);
  purchases.note(20, 5);
  assert.deepEqual(since(), []);
  purchases.note(1, 6);
  assert.deepEqual(since(), [[30, 5]]);
  purchases.tell();
  assert.deepEqual(since(), [[1, 6]]);
  purchases.tell();
  assert.deepEqual(since(), []);

  purchases.note(2 ** 20 - 1, 6);
  purchases.note(1, 6);
  assert.deepEqual(since(), [], 'it just fits');
  purchases.note(1, 6);
  assert.deepEqual(since(), [[2 ** 20, 6]]);
  purchases.note(2 ** 21 + 7, 8);
  purchases.tell();
  assert.deepEqual(since(), [
    [1, 6],
    [2 ** 20, 8],
    [2 ** 20, 8],
    [7, 8],
  ]);
});
