import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, type FrameHead, FrameType, headerFault } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { MAX_CLOSE_BYTES, MAX_DATA_BYTES, MAX_HEADER_BYTES, MAX_MESSAGE_BYTES } from './limits.ts';

/** Everything a decoder said, data frames put together again. */
class Heard {
  readonly frames: { type: number; channel: number; value: number; payload: string }[] = [];
  readonly pieces: Uint8Array[] = [];
  readonly faults: string[] = [];
  calls = 0;
  readonly decoder = new FrameDecoder({
    frame: (type, channel, value, payload) => this.#add(type, channel, value, payload),
    dataFrame: (channel, value) => this.#add(FrameType.data, channel, value, new Uint8Array()),
    data: (bytes) => {
      const last = this.frames.at(-1);
      if (last !== undefined) last.payload += Buffer.from(bytes).toString('hex');
      this.pieces.push(bytes);
    },
    malformed: (reason) => this.faults.push(reason),
  });

  #add(type: number, channel: number, value: number, payload: Uint8Array): void {
    this.calls++;
    this.frames.push({ type, channel, value, payload: Buffer.from(payload).toString('hex') });
  }
}

const golden: readonly [string, Omit<FrameHead, 'length'>, string][] = [
  ['01000005000000000000000068656c6c6f', { type: FrameType.control }, 'hello'],
  ['020000000000000000000000', { type: FrameType.payment }, ''],
  ['03000002000000010000002a6869', { type: FrameType.open, channel: 1, value: 42 }, 'hi'],
  ['040000000000000200000000', { type: FrameType.accept, channel: 2 }, ''],
  ['05000003fffffffeffffffff616263', { type: FrameType.data, channel: 2 ** 32 - 2, value: 2 ** 32 - 1 }, 'abc'],
  ['060000000000000300000000', { type: FrameType.end, channel: 3 }, ''],
  ['070000000000000300000008', { type: FrameType.reset, channel: 3, value: 8 }, ''],
  ['080000000000000300010000', { type: FrameType.window, channel: 3, value: 65_536 }, ''],
  ['0900000000000000000f4240', { type: FrameType.budget, value: 1_000_000 }, ''],
  ['0a0000000000000000000007', { type: FrameType.ping, value: 7 }, ''],
  ['0b0000000000000000000007', { type: FrameType.pong, value: 7 }, ''],
  ['0c0000090000000000000000' + Buffer.from('LINK_SELF').toString('hex'), { type: FrameType.close }, 'LINK_SELF'],
];

const anyFrame = fc.oneof(
  fc.tuple(fc.constant({ type: FrameType.control }), fc.uint8Array({ maxLength: 300 })),
  fc.tuple(
    fc.record({ type: fc.constant(FrameType.open), channel: u32(1), value: u32(0) }),
    fc.uint8Array({ maxLength: 99 }),
  ),
  fc.tuple(
    fc.record({ type: fc.constant(FrameType.data), channel: u32(1), value: u32(0) }),
    fc.uint8Array({ minLength: 1, maxLength: 30_000, size: 'max' }),
  ),
  fc.tuple(
    fc.record({ type: fc.constant(FrameType.window), channel: u32(1), value: u32(1) }),
    fc.constant(new Uint8Array()),
  ),
  fc.tuple(fc.record({ type: fc.constant(FrameType.ping), value: u32(0) }), fc.constant(new Uint8Array())),
);

function u32(min: number): fc.Arbitrary<number> {
  return fc.integer({ min, max: 2 ** 32 - 1 });
}

function cutAt(stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...places].map((from, i) => stream.subarray(from, places[i] ?? stream.length));
}

describe('frames', () => {
  for (const [hex, head, payload] of golden) {
    it(`golden: ${hex}`, () => {
      assert.equal(Buffer.from(encodeFrame(head, Buffer.from(payload))).toString('hex'), hex);
      const heard = new Heard();
      heard.decoder.push(Buffer.from(hex, 'hex'));
      const { type, channel = 0, value = 0 } = head;
      assert.deepEqual(heard.frames, [{ type, channel, value, payload: Buffer.from(payload).toString('hex') }]);
    });
  }

  it('every type has its limits', () => {
    const most: [number, number, number][] = [
      [FrameType.control, MAX_MESSAGE_BYTES, 0],
      [FrameType.payment, MAX_MESSAGE_BYTES, 0],
      [FrameType.open, MAX_HEADER_BYTES, 1],
      [FrameType.data, MAX_DATA_BYTES, 1],
      [FrameType.close, MAX_CLOSE_BYTES, 0],
    ];
    for (const [type, length, channel] of most) {
      assert.equal(headerFault(type, length, channel, 0), undefined);
      assert.equal(headerFault(type, length + 1, channel, 0), 'length');
      assert.equal(headerFault(type, length, 1 - channel, 0), 'channel');
    }
    for (const type of [FrameType.accept, FrameType.end]) {
      assert.equal(headerFault(type, 1, 1, 0), 'length');
      assert.equal(headerFault(type, 0, 1, 1), 'value');
    }
    assert.equal(headerFault(FrameType.data, 0, 1, 0), 'length');
    assert.equal(headerFault(FrameType.window, 0, 1, 0), 'value');
    assert.equal(headerFault(FrameType.budget, 0, 0, 0), 'value');
    assert.equal(headerFault(FrameType.reset, 0, 1, 256), 'value');
    assert.equal(headerFault(FrameType.control, 0, 0, 1), 'value');
    for (const type of [0, 13, 255]) assert.equal(headerFault(type, 0, 0, 0), 'type');
  });

  it('a stream says the same however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (frames, cuts) => {
          const stream = Buffer.concat(frames.map(([head, payload]) => encodeFrame(head, payload)));
          const whole = new Heard();
          whole.decoder.push(stream);
          const cut = new Heard();
          for (const chunk of cutAt(stream, cuts)) cut.decoder.push(chunk);
          assert.deepEqual(cut.frames, whole.frames);
          assert.equal(whole.frames.length, frames.length);
          assert.deepEqual(cut.faults, []);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('random bytes and bent streams end in one fault at most, and never in a throw', () => {
    const bent = fc.tuple(
      fc.array(anyFrame, { maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
    );
    const streams = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      bent.map(([frames, bends]) => {
        const stream = Buffer.concat(frames.map(([head, payload]) => encodeFrame(head, payload)));
        for (const [at, byte] of bends) if (stream.length > 0) stream[at % stream.length] = byte;
        return stream;
      }),
    );
    fc.assert(
      fc.property(streams, fc.array(fc.nat(), { maxLength: 10 }), (stream, cuts) => {
        const heard = new Heard();
        for (const chunk of cutAt(stream, cuts)) heard.decoder.push(chunk);
        assert.ok(heard.faults.length <= 1);
        const { calls } = heard;
        if (heard.faults.length === 0) return;
        heard.decoder.push(encodeFrame({ type: FrameType.ping, value: 1 }));
        assert.equal(heard.calls, calls, 'nothing is told after a fault');
      }),
      { numRuns: 300 },
    );
  });

  it('whoever sends byte by byte does not decide how many pieces there are', () => {
    const heard = new Heard();
    const stream = encodeFrame({ type: FrameType.data, channel: 1 }, new Uint8Array(MAX_DATA_BYTES));
    for (let at = 0; at < stream.length; at++) heard.decoder.push(stream.subarray(at, at + 1));
    assert.equal(heard.pieces.length, 4);
    assert.equal(heard.frames[0]?.payload.length, MAX_DATA_BYTES * 2);
  });

  it('a small piece does not keep a large buffer alive', () => {
    const heard = new Heard();
    const stream = Buffer.concat([
      encodeFrame({ type: FrameType.data, channel: 1 }, new Uint8Array(10)),
      encodeFrame({ type: FrameType.data, channel: 1 }, new Uint8Array(15_000)),
    ]);
    heard.decoder.push(stream);
    assert.ok((heard.pieces[0]?.buffer.byteLength ?? 0) < 100);
    assert.equal(heard.pieces[1]?.buffer, stream.buffer);
  });

  it('stops when told to, also from inside a call', () => {
    const frames: number[] = [];
    const decoder = new FrameDecoder({
      frame: (type) => {
        frames.push(type);
        decoder.stop();
      },
      dataFrame: () => undefined,
      data: () => undefined,
      malformed: () => assert.fail(),
    });
    const ping = encodeFrame({ type: FrameType.ping, value: 1 });
    decoder.push(Buffer.concat([ping, ping, Buffer.from([99])]));
    assert.deepEqual(frames, [FrameType.ping]);
  });
});
