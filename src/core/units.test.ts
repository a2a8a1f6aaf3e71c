import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from './errors.ts';
import { add, amount, chargeFor, MAX_CHARGE_BYTES, MAX_PRICE, mulDivCeil, price } from './units.ts';

const code = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
};

test('amounts and prices are integers in range', () => {
  for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
    assert.equal(
      code(() => amount(bad)),
      'AMOUNT_INVALID',
    );
  for (const bad of [-1, 0.5, MAX_PRICE + 1])
    assert.equal(
      code(() => price(bad)),
      'PRICE_INVALID',
    );
  assert.equal(amount(2 ** 53 - 1), 2 ** 53 - 1);
  assert.equal(price(MAX_PRICE), MAX_PRICE);
  assert.equal(
    code(() => add(2 ** 53 - 1, 1)),
    'AMOUNT_OVERFLOW',
  );
  assert.equal(
    code(() => chargeFor(MAX_CHARGE_BYTES + 1, 1, 0)),
    'AMOUNT_INVALID',
  );
});

test('however a transfer is cut into frames, the sum charged is the floor of the exact price', () => {
  const frames = fc.array(fc.tuple(fc.nat(MAX_CHARGE_BYTES), fc.nat(MAX_PRICE)), { maxLength: 40 });
  fc.assert(
    fc.property(frames, (cut) => {
      let charged = 0n;
      let remainder = 0;
      let exact = 0n;
      for (const [bytes, pricePerMb] of cut) {
        const charge = chargeFor(bytes, pricePerMb, remainder);
        remainder = charge.remainder;
        charged += BigInt(charge.amount);
        exact += BigInt(bytes) * BigInt(pricePerMb);
        assert.ok(Number.isSafeInteger(charge.amount) && remainder >= 0 && remainder < 1_000_000);
      }
      assert.equal(charged, exact / 1_000_000n);
    }),
  );
});

test('a charge covers at most 2 MiB, so that every product is exact', () => {
  assert.equal(MAX_CHARGE_BYTES, 2_097_152);
  assert.equal(chargeFor(MAX_CHARGE_BYTES, MAX_PRICE, 999_999).amount, 4_503_599_628);
  assert.equal(add(MAX_CHARGE_BYTES, -1), MAX_CHARGE_BYTES - 1);
});

test('mulDivCeil rounds up, and only what is no whole number', () => {
  const cases = [
    [7, 1, 1],
    [6, 1, 2],
    [5, 1, 2],
    [0, 5, 3],
    [1, 1, 3],
  ] as const;
  assert.deepEqual(
    cases.map(([a, b, c]) => mulDivCeil(a, b, c)),
    [7, 3, 3, 0, 1],
  );
});

test('mulDivCeil is exact beyond the range of doubles', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.nat(2 ** 31), fc.integer({ min: 1, max: 2 ** 31 }), (a, b, c) => {
      const exact = (BigInt(a) * BigInt(b) + BigInt(c) - 1n) / BigInt(c);
      if (exact > BigInt(Number.MAX_SAFE_INTEGER))
        assert.equal(
          code(() => mulDivCeil(a, b, c)),
          'AMOUNT_OVERFLOW',
        );
      else assert.equal(BigInt(mulDivCeil(a, b, c)), exact);
    }),
  );
});
