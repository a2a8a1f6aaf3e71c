import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TopUpFacts, topUpWei } from './top-up.ts';

const low: TopUpFacts = {
  freeWei: 10n,
  lowWaterWei: 20n,
  targetWei: 100n,
  filledTodayWei: 0n,
  maxPerDayWei: 500n,
  accountWei: 1000n,
  gasWei: 50n,
};

test('a chequebook is filled up to its target, within the day and what the account can spare', () => {
  const table: [string, Partial<TopUpFacts>, bigint][] = [
    ['low', {}, 90n],
    ['not below', { freeWei: 20n }, 0n],
    ['never', { lowWaterWei: 0n, freeWei: 0n }, 0n],
    ['the rest of the day', { filledTodayWei: 470n }, 30n],
    ['the day is over', { filledTodayWei: 500n }, 0n],
    ['all the account can spare', { accountWei: 70n }, 20n],
    ['gas only', { accountWei: 40n }, 0n],
    ['a target below', { targetWei: 5n }, 0n],
  ];
  for (const [name, change, expected] of table) assert.equal(topUpWei({ ...low, ...change }), expected, name);
});
