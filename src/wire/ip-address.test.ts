import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressBytes, addressText } from './ip-address.ts';

test('addresses are read and written in one form', () => {
  const table: [text: string, normal: string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1::', '2001:0:0:1::'],
    ['1::', '1::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
    ['fe80::1%eth0', undefined],
    ['192.0.2', undefined],
    ['192.0.2.01', undefined],
    ['0x7f.1', undefined],
    ['example.com', undefined],
    ['', undefined],
    ['[::1]', undefined],
  ];
  for (const [text, normal] of table) {
    const bytes = addressBytes(text);
    assert.equal(bytes === undefined ? undefined : addressText(bytes), normal, text);
  }
});

test('every address survives the way there and back, and the system agrees', () => {
  const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.array(word, { minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
  );
  fc.assert(
    fc.property(address, (bytes) => {
      const text = addressText(bytes);
      assert.deepEqual(addressBytes(text), bytes);
      const family = bytes.length === 4 ? 'ipv4' : 'ipv6';
      const system = new SocketAddress({ address: text, family, port: 1 }).address;
      assert.deepEqual(addressBytes(system), bytes);
    }),
  );
});
