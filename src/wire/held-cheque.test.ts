import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import { decodeHeldCheque, encodeHeldCheque, isHeldCheque } from './held-cheque.ts';

const cheque = {
  chequebook: `0x${'b0'.repeat(20)}`,
  beneficiary: `0x${'be'.repeat(20)}`,
  cumulativeWei: 2n ** 255n + 5n,
  signature: new Uint8Array(65).fill(7),
};

test('a cheque given back arrives as it was', () => {
  const bytes = encodeHeldCheque(cheque);
  assert.ok(isHeldCheque(bytes));
  assert.deepEqual(decodeHeldCheque(bytes), cheque);
  const shared = { ...cheque, ownWei: 12n };
  assert.ok(isHeldCheque(encodeHeldCheque(shared)));
  assert.deepEqual(decodeHeldCheque(encodeHeldCheque(shared)), shared);
});

test('any other bytes are malformed', () => {
  const bytes = encodeHeldCheque(cheque);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.uint8Array({ maxLength: 3 }), (cut, tail) => {
      if (tail.length === bytes.length - cut) return;
      const broken = new Uint8Array([...bytes.subarray(0, cut), ...tail]);
      assert.throws(
        () => decodeHeldCheque(broken),
        (error) => codeOf(error) === 'WIRE_MALFORMED',
      );
    }),
  );
});
