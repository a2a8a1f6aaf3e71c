import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COIN_WEI, gasWorth } from './gas-worth.ts';

test('gas is weighed in the money that is settled in, rounded up', () => {
  assert.equal(gasWorth(90_000n * 10n ** 9n), 90_000n * 10n ** 9n, 'in coin it is what it is');
  // A token of six decimals, of which 3000 are worth a coin: 9·10¹³ wei are 0.27 of it.
  assert.equal(gasWorth(9n * 10n ** 13n, 3_000n * 10n ** 6n), 270_000n);
  assert.equal(gasWorth(1n, 1n), 1n);
  assert.equal(gasWorth(0n, 7n), 0n);
  assert.equal(gasWorth(COIN_WEI + 1n, 5n), 6n);
});
