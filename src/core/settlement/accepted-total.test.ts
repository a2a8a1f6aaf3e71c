import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withAccepted, withClosed } from './accepted-total.ts';

/** 100 wei were signed, 40 of them taken; 6 units are pending. */
const LAST = { cumulative: 100n, acceptedCumulative: 40n, amount: 6, channel: '0x' };

test('what was taken counts up to what was signed, what was sent since stays pending', () => {
  const table: [acceptedWei: bigint, units: number, acceptedCumulative: bigint, amount: number][] = [
    [70n, 3, 70n, 3],
    [99n, 5, 99n, 1],
    [100n, 6, 100n, 6],
    [101n, 6, 100n, 6],
    [39n, 0, 40n, 6],
    [40n, 2, 40n, 4],
    [70n, 7, 70n, 0],
  ];
  for (const [acceptedWei, units, acceptedCumulative, amount] of table)
    assert.deepEqual(withAccepted(LAST, { acceptedWei, units }), { ...LAST, acceptedCumulative, amount });
});

test('of a total that a close left out, what the close paid is paid, and the rest is owed again', () => {
  const ratio = { numerator: 10n, denominator: 1n };
  const table: [paidWei: bigint, counts: bigint, units: number, paidUnits: number][] = [
    [0n, 40n, 6, 0],
    [40n, 40n, 6, 0],
    [49n, 49n, 6, 0],
    [50n, 50n, 5, 1],
    [99n, 99n, 1, 5],
  ];
  for (const [paidWei, counts, units, paidUnits] of table)
    assert.deepEqual(withClosed(LAST, paidWei, ratio), {
      record: { ...LAST, cumulative: counts, acceptedCumulative: counts, amount: 0 },
      units,
      paidUnits,
    });
  assert.deepEqual(
    withClosed(LAST, 99n, { numerator: 1n, denominator: 1n }).paidUnits,
    6,
    'never more than was pending',
  );
});
