import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from './errors.ts';
import { isRatio, MAX_RATIO_PART, unitsToWei, weiToUnits } from './ratio.ts';

const part = fc.bigInt({ min: 1n, max: MAX_RATIO_PART });
const ratio = fc.record({ numerator: part, denominator: part });

test('a payer carries the remainder: over any sequence, the wei are the floor of the whole', () => {
  fc.assert(
    fc.property(ratio, fc.array(fc.nat({ max: Number.MAX_SAFE_INTEGER }), { maxLength: 30 }), (rate, amounts) => {
      let wei = 0n;
      let remainder = 0n;
      for (const units of amounts) {
        const step = unitsToWei(units, rate, remainder);
        wei += step.wei;
        remainder = step.remainder;
        assert.ok(remainder >= 0n && remainder < rate.denominator);
      }
      const total = amounts.reduce((sum, units) => sum + BigInt(units), 0n);
      assert.equal(wei, (total * rate.numerator) / rate.denominator);
    }),
  );
});

test('a receiver carries the remainder: over any sequence, the units are the floor of the whole', () => {
  const small = fc.record({ numerator: part, denominator: fc.bigInt({ min: 1n, max: 1000n }) });
  fc.assert(
    fc.property(small, fc.array(fc.bigInt({ min: 0n, max: 10n ** 11n }), { maxLength: 30 }), (rate, amounts) => {
      let units = 0n;
      let remainder = 0n;
      for (const wei of amounts) {
        const step = weiToUnits(wei, rate, remainder);
        units += BigInt(step.units);
        remainder = step.remainder;
      }
      const total = amounts.reduce((sum, wei) => sum + wei, 0n);
      assert.equal(units, (total * rate.denominator) / rate.numerator);
    }),
  );
});

test('what the payer books never exceeds by a whole unit what the receiver credits, when a unit is at least one wei', () => {
  const wholeWei = fc.record({ numerator: part, denominator: fc.constant(1n) });
  fc.assert(
    fc.property(wholeWei, fc.nat({ max: 10 ** 12 }), (rate, units) => {
      assert.equal(weiToUnits(unitsToWei(units, rate).wei, rate).units, units);
    }),
  );
});

test('the lab ratio: one unit is 10¹⁰ wei', () => {
  assert.deepEqual(unitsToWei(7, { numerator: 10n ** 10n, denominator: 1n }), { wei: 7n * 10n ** 10n, remainder: 0n });
});

test('parts of a ratio are positive and bounded', () => {
  for (const bad of [0n, -1n, MAX_RATIO_PART + 1n]) {
    assert.equal(isRatio({ numerator: bad, denominator: 1n }), false);
    assert.equal(isRatio({ numerator: 1n, denominator: bad }), false);
  }
  assert.equal(isRatio({ numerator: 1n, denominator: MAX_RATIO_PART }), true);
});

test('a ratio has room for 2⁵³ − 1 in each part, and amounts for as many units', () => {
  assert.equal(MAX_RATIO_PART, BigInt(Number.MAX_SAFE_INTEGER));
  const one = { numerator: 1n, denominator: 1n };
  assert.equal(weiToUnits(MAX_RATIO_PART, one).units, Number.MAX_SAFE_INTEGER);
});

test('amounts that are not exact are refused', () => {
  const one = { numerator: 1n, denominator: 1n };
  const cases: [() => unknown, string][] = [
    [() => unitsToWei(-1, one), 'AMOUNT_INVALID'],
    [() => unitsToWei(1.5, one), 'AMOUNT_INVALID'],
    [() => unitsToWei(2 ** 53, one), 'AMOUNT_INVALID'],
    [() => unitsToWei(1, one, -1n), 'AMOUNT_INVALID'],
    [() => weiToUnits(-1n, one), 'AMOUNT_INVALID'],
    [() => weiToUnits(1n, one, -1n), 'AMOUNT_INVALID'],
    [() => weiToUnits(2n ** 53n, one), 'AMOUNT_OVERFLOW'],
  ];
  for (const [act, code] of cases) assert.throws(act, (error) => codeOf(error) === code);
});
