import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { keccak256 } from './keccak.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('hashes as another implementation does, at every length up to five blocks', () => {
  for (let length = 0; length <= 5 * 136 + 1; length += 1) {
    const input = Uint8Array.from({ length }, (_, at) => (at * 7 + length) & 0xff);
    assert.equal(hex(keccak256(input)), hex(keccak_256(input)), `${length} bytes`);
  }
});

test('hashes any bytes as another implementation does, and keeps nothing from one call to the next', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (input) => {
      const first = keccak256(input);
      keccak256(Uint8Array.of(1));
      assert.equal(hex(first), hex(keccak_256(input)));
      assert.deepEqual(keccak256(input), first);
    }),
  );
});

test('the known hash of nothing', () => {
  assert.equal(hex(keccak256(new Uint8Array())), 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470');
});
