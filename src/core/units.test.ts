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
