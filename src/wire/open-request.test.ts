import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import {
  type Destination,
  decodeOpenRequest,
  destinationText,
  encodeOpenRequest,
  MAX_OPEN_REQUEST_BYTES,
  normalHost,
  type OpenRequest,
  openRequestService,
} from './open-request.ts';

const GOLDEN: [hex: string, request: OpenRequest][] = [
  ['010010010b6578616d706c652e636f6d01bb', transit(16, 'example.com', 443)],
  ['01000104c00002070050', transit(1, '192.0.2.7', 80)],
  ['0100ff0620010db8000000000000000000000001ffff', transit(255, '2001:db8::1', 65535)],
  ['01010701016100 01'.replace(' ', ''), { service: 'chunks', hopLimit: 7, destination: { host: 'a', port: 1 } }],
];

function transit(hopLimit: number, host: string, port: number): OpenRequest {
  return { service: 'transit', hopLimit, destination: { host, port } };
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

test('golden vectors, both ways', () => {
  for (const [hex, request] of GOLDEN) {
    assert.equal(Buffer.from(encodeOpenRequest(request)).toString('hex'), hex);
    assert.deepEqual(decodeOpenRequest(bytesOf(hex)), request);
    assert.equal(openRequestService(bytesOf(hex)), request.service);
  }
});

test('whatever is not one of ours is refused with one code', () => {
  const table: [hex: string, why: string][] = [
    ['', 'nothing'],
    ['01', 'cut'],
    ['020010010b6578616d706c652e636f6d01bb', 'version'],
    ['010910010b6578616d706c652e636f6d01bb', 'service'],
    ['010000010b6578616d706c652e636f6d01bb', 'hop limit 0'],
    ['010010020b6578616d706c652e636f6d01bb', 'kind'],
    ['010010010b6578616d706c652e636f6d0000', 'port 0'],
    ['010010010b6578616d706c652e636f6d01', 'short'],
    ['010010010b6578616d706c652e636f6d01bb00', 'long'],
    ['010010010c6578616d706c652e636f6d01bb', 'name longer than what is there'],
    ['01001001000050', 'empty name'],
    ['010010010b4578616d706c652e636f6d01bb', 'capital'],
    ['010010010b6578616d706c65006d6f6d01bb', 'zero byte'],
    ['0100100109312e322e332e342e350050', 'five numbers are a name, so this one is fine'],
    ['0100100107312e322e332e340050', 'an address dressed as a name'],
    ['010010010a6578616d706c652e2e6d0050', 'empty label'],
  ];
  for (const [hex, why] of table) {
    if (why.includes('fine')) decodeOpenRequest(bytesOf(hex));
    else
      assert.equal(
        codeThrown(() => decodeOpenRequest(bytesOf(hex))),
        'WIRE_MALFORMED',
        why,
      );
  }
});

test('nothing is encoded that would not be decoded', () => {
  for (const request of [
    transit(0, 'a', 1),
    transit(256, 'a', 1),
    transit(1, 'A', 1),
    transit(1, '::0', 1),
    transit(1, 'a b', 1),
    transit(1, 'a', 0),
    transit(1, 'a', 65_536),
    transit(1, 'a'.repeat(256), 1),
  ]) {
    assert.equal(
      codeThrown(() => encodeOpenRequest(request)),
      'WIRE_MALFORMED',
    );
  }
  assert.equal(encodeOpenRequest(transit(1, 'a'.repeat(255), 1)).length, MAX_OPEN_REQUEST_BYTES);
});

test('every request survives the way there and back', () => {
  const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
  const name = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) => labels.join('.'));
  const host = fc.oneof(name, fc.ipV4(), fc.ipV6()).map((text) => normalHost(text) ?? 'x');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 255 }), host, fc.integer({ min: 1, max: 65_535 }), (hopLimit, text, port) => {
      const request = transit(hopLimit, text, port);
      assert.deepEqual(decodeOpenRequest(encodeOpenRequest(request)), request);
    }),
  );
});

test('random and damaged bytes give a request or the one error, and a request only in its one form', () => {
  const damaged = fc
    .tuple(fc.constantFrom(...GOLDEN), fc.nat(30), fc.nat(255))
    .map(([[hex], at, value]) => bytesOf(hex).with(Math.min(at, hex.length / 2 - 1), value));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
      try {
        assert.deepEqual(encodeOpenRequest(decodeOpenRequest(bytes)), bytes);
      } catch (error) {
        assert.equal(codeOf(error), 'WIRE_MALFORMED');
      }
    }),
    { numRuns: 1000 },
  );
});

test('a destination reads well', () => {
  const texts = [
    { host: 'example.com', port: 80 },
    { host: '::1', port: 443 },
  ].map((destination: Destination) => destinationText(destination));
  assert.deepEqual(texts, ['example.com:80', '[::1]:443']);
});

function codeThrown(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}
