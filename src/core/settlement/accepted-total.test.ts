import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withAccepted } from './accepted-total.ts';

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
