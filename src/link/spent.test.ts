import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FrameType } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { lend, spent } from './spent.ts';

test('a buffer is given back with its last byte, in whatever parts it was used up', () => {
  const bytes = new Uint8Array(100).fill(7);
  const { buffer } = bytes;
  lend(bytes);
  spent(bytes.subarray(90), 10);
  spent(bytes, 89);
  assert.equal(bytes[50], 7);
  spent(bytes.subarray(0, 1), 1);
  assert.equal(buffer.byteLength, 0);
});

test('what was not lent, or is a part of what others use too, stays', () => {
  const own = new Uint8Array(10);
  spent(own, 10);
  assert.equal(own.length, 10);
  const part = new Uint8Array(20).subarray(5, 15);
  lend(part);
  spent(part, 10);
  assert.equal(part.buffer.byteLength, 20);
});

/** Frames as they may follow each other on a link: the data of channels, and messages between. */
const frames = fc.array(
  fc.tuple(fc.constantFrom(FrameType.data, FrameType.control), fc.uint8Array({ minLength: 1, maxLength: 12_000 })),
  { minLength: 1, maxLength: 6 },
);

test('whatever arrives in whatever pieces, data stays until it is spent, and then all of it is given back', () => {
  const law = fc.property(frames, fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 8 }), (sent, cuts) => {
    const pieces: Uint8Array[] = [];
    const messages: Uint8Array[] = [];
    const decoder = new FrameDecoder({
      frame: (_type, _channel, _value, payload) => messages.push(payload),
      dataFrame: () => undefined,
      data: (bytes) => pieces.push(bytes),
      malformed: (reason) => assert.fail(reason),
    });
    const wire = Buffer.concat(
      sent.map(([type, payload]) => encodeFrame({ type, channel: type === FrameType.data ? 1 : 0 }, payload)),
    );
    const chunks: { buffer: ArrayBufferLike; bytes: number }[] = [];
    for (let at = 0; at < wire.length; ) {
      const chunk = new Uint8Array(wire.subarray(at, at + (cuts[chunks.length] ?? wire.length)));
      at += chunk.length;
      lend(chunk);
      chunks.push({ buffer: chunk.buffer, bytes: chunk.length });
      decoder.push(chunk);
    }
    const payloads = (of: number) => Buffer.concat(sent.flatMap(([type, payload]) => (type === of ? [payload] : [])));
    assert.deepEqual(Buffer.concat(pieces), payloads(FrameType.data));
    for (const piece of pieces) spent(piece, piece.length);
    assert.deepEqual(Buffer.concat(messages), payloads(FrameType.control), 'nobody said that a message was read');
    const read = new Set(messages.map(({ buffer }) => buffer));
    for (const { buffer, bytes } of chunks) assert.equal(buffer.byteLength, read.has(buffer) ? bytes : 0);
  });
  fc.assert(law, { numRuns: 300 });
});
