import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import { type ChannelCloseOffer, decodeChannelClose, encodeChannelClose, isChannelClose } from './channel-close.ts';
import { decodeMessage } from './message.ts';

const wei = fc.bigInt(0n, 2n ** 256n - 1n);
const offer: fc.Arbitrary<ChannelCloseOffer> = fc.record(
  {
    channel: fc.uint8Array({ minLength: 20, maxLength: 20 }).map((raw) => `0x${Buffer.from(raw).toString('hex')}`),
    paidByAWei: wei,
    paidByBWei: wei,
    validUntilS: fc.maxSafeNat(),
    signature: fc.uint8Array({ minLength: 65, maxLength: 65 }),
  },
  { noNullPrototype: true },
);

test('an offer to close comes back as it was, and other readers pass it over', () => {
  fc.assert(
    fc.property(offer, (each) => {
      const bytes = encodeChannelClose(each);
      assert.ok(isChannelClose(bytes));
      assert.equal(decodeMessage(bytes), undefined);
      assert.deepEqual(decodeChannelClose(bytes), each);
    }),
  );
});

test('whatever else comes is malformed, and nothing worse', () => {
  fc.assert(
    fc.property(offer, fc.nat(200), fc.nat(255), (each, at, byte) => {
      const bytes = encodeChannelClose(each);
      assert.throws(
        () => decodeChannelClose(bytes.subarray(0, at % bytes.length)),
        (error) => codeOf(error) === 'WIRE_MALFORMED',
      );
      const bent = Uint8Array.from(bytes);
      bent[at % bent.length] = byte;
      try {
        decodeChannelClose(bent);
      } catch (error) {
        assert.equal(codeOf(error), 'WIRE_MALFORMED');
      }
    }),
  );
});
