import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import {
  decodeChannelClose,
  decodeChannelWithdrawal,
  encodeChannelClose,
  encodeChannelWithdrawal,
  isChannelAgreement,
  isChannelWithdrawal,
} from './channel-agreement.ts';
import { decodeMessage } from './message.ts';

const wei = fc.bigInt(0n, 2n ** 256n - 1n);
const agreement = {
  channel: fc.uint8Array({ minLength: 20, maxLength: 20 }).map((raw) => `0x${Buffer.from(raw).toString('hex')}`),
  validUntilS: fc.maxSafeNat(),
  signature: fc.uint8Array({ minLength: 65, maxLength: 65 }),
};
const close = fc.record({ ...agreement, paidByAWei: wei, paidByBWei: wei }, { noNullPrototype: true });
const withdrawal = fc.record({ ...agreement, withdrawnByAWei: wei, withdrawnByBWei: wei }, { noNullPrototype: true });

test('an offer to close comes back as it was, and other readers pass it over', () => {
  fc.assert(
    fc.property(close, (each) => {
      const bytes = encodeChannelClose(each);
      assert.deepEqual([isChannelAgreement(bytes), isChannelWithdrawal(bytes)], [true, false]);
      assert.equal(decodeMessage(bytes), undefined);
      assert.deepEqual(decodeChannelClose(bytes), each);
    }),
  );
});

test('so does one to take something out', () => {
  fc.assert(
    fc.property(withdrawal, (each) => {
      const bytes = encodeChannelWithdrawal(each);
      assert.deepEqual([isChannelAgreement(bytes), isChannelWithdrawal(bytes)], [true, true]);
      assert.equal(decodeMessage(bytes), undefined);
      assert.deepEqual(decodeChannelWithdrawal(bytes), each);
    }),
  );
});

test('whatever else comes is malformed, and nothing worse', () => {
  fc.assert(
    fc.property(close, fc.nat(200), fc.nat(255), (each, at, byte) => {
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
