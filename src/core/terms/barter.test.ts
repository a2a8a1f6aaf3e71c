import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barterPrice } from './barter.ts';

test('the price of barter is the lower positive ask', () => {
  const table: [number | undefined, number | undefined, number][] = [
    [3, 5, 3],
    [5, 3, 3],
    [1, 5, 1],
    [0, 5, 5],
    [5, 0, 5],
    [0, 0, 0],
    [undefined, 7, 7],
    [undefined, undefined, 0],
  ];
  for (const [a, b, price] of table) assert.equal(barterPrice(a, b), price);
});
