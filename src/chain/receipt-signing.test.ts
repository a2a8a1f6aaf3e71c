import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import { isGenuineReceipt, receiptDigest, signReceipt } from './receipt-signing.ts';
import { createSigner } from './signer.ts';

const signer = createSigner(new Uint8Array(32).fill(7));
const facts = fc.record({
  id: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  value: fc.maxSafeNat(),
  payload: fc.uint8Array({ maxLength: 200 }),
});
const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`;

test('the digest of a receipt is that of typed data as others compute it', () => {
  fc.assert(
    fc.property(facts, ({ id, value, payload }) => {
      const expected = hashTypedData({
        domain: { name: 'Wayleave Receipt', version: '1' },
        primaryType: 'Receipt',
        types: {
          Receipt: [
            { name: 'destination', type: 'address' },
            { name: 'id', type: 'bytes8' },
            { name: 'value', type: 'uint256' },
            { name: 'payload', type: 'bytes' },
          ],
        },
        message: {
          destination: signer.id as `0x${string}`,
          id: hex(id),
          value: BigInt(value),
          payload: hex(payload),
        },
      });
      assert.equal(hex(receiptDigest({ destination: signer.id, id, value, payload })), expected);
    }),
    { numRuns: 30 },
  );
});

test('a receipt is genuine only from its destination, and only for these very facts', () => {
  const good = { destination: signer.id, id: new Uint8Array(8).fill(3), value: 35, payload: Buffer.from('hello') };
  const signature = signReceipt(signer, good);
  assert.ok(isGenuineReceipt(good, signature));
  const others = [
    { destination: createSigner(new Uint8Array(32).fill(8)).id },
    { id: new Uint8Array(8).fill(4) },
    { value: 36 },
    { payload: Buffer.from('hullo') },
  ];
  for (const other of others) assert.ok(!isGenuineReceipt({ ...good, ...other }, signature));
  assert.ok(!isGenuineReceipt(good, signature.subarray(1)));
  assert.ok(!isGenuineReceipt(good, new Uint8Array(65)));
});
