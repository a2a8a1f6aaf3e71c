import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeFrame, FrameType } from './frame.ts';
import {
  BATCH_BYTES,
  CLOSE_LINGER_MS,
  KEEP_ALIVE_MS,
  MAX_CHANNELS,
  MAX_DATA_BYTES,
  MESSAGES_BURST,
  PIECE_BYTES,
  PINGS_BURST,
  PIPE_BYTES,
  SILENT_MS,
  SMALL_FRAMES_BURST,
  START_WINDOW_BYTES,
  TURN_BYTES,
  URGENT_QUEUE_BYTES,
  WINDOW_POOL_BYTES,
} from './limits.ts';
import { type Channel, OPEN_COST_BYTES, ResetCode } from './link.ts';
import { Bed, framesIn } from './link-bed.fixture.ts';
import { lend } from './spent.ts';

const GRANT = 2 ** 31;

/** A bed with `count` channels opened by it, accepted, and their windows wide open. */
function bedWith(count: number): { bed: Bed; channels: Channel[] } {
  const bed = new Bed();
  bed.hear({ type: FrameType.budget, value: GRANT });
  const channels = Array.from({ length: count }, (_, i) => bed.link.open(new Uint8Array(), 0, bed.handlers(i)));
  for (const { id } of channels) {
    bed.hear({ type: FrameType.accept, channel: id });
    bed.hear({ type: FrameType.window, channel: id, value: 2 ** 29 });
  }
  bed.said();
  return { bed, channels };
}

function fill(channel: Channel, tag = 1): void {
  for (let room = channel.sendable(); room > 0; room = channel.sendable()) {
    channel.send(new Uint8Array(Math.min(room, MAX_DATA_BYTES)), tag);
  }
}

describe('the order in which frames leave', () => {
  it('control, payments, small frames, data', () => {
    const { bed, channels } = bedWith(1);
    channels[0]?.send(new Uint8Array(100), 1);
    bed.link.grantForward(5);
    bed.link.send('payment', new Uint8Array(1));
    bed.link.send('control', new Uint8Array(1));
    assert.deepEqual(bed.saidNames(), ['control', 'payment', 'budget', 'data']);
  });

  it('what was lent is given back when it has left, not before, and not the buffer of others', () => {
    const { bed, channels } = bedWith(1);
    const [lent, own] = [new Uint8Array(60_000).fill(1), new Uint8Array(1000).fill(2)];
    lend(lent);
    for (const part of [lent.subarray(0, 20_000), lent.subarray(20_000), own]) channels[0]?.send(part, 1);
    assert.equal(lent.length, 60_000);
    assert.deepEqual(
      bed.said().map(({ length }) => length),
      [61_000],
    );
    assert.deepEqual([lent.buffer.byteLength, own.length], [0, 1000]);
  });

  it('channels share alike, by bytes and not by frames', () => {
    const { bed, channels } = bedWith(3);
    for (const [i, channel] of channels.entries()) {
      // the third sends in crumbs, each under another tag, so that none can be joined
      if (i < 2) fill(channel);
      else for (let n = 0; n < 1000; n++) channel.send(new Uint8Array(200), n);
    }
    bed.pipe.turn();
    const sent = new Map<number, number>();
    for (const frame of bed.said()) {
      if (frame.type === FrameType.data) sent.set(frame.channel, (sent.get(frame.channel) ?? 0) + frame.length);
    }
    const shares = channels.map(({ id }) => sent.get(id) ?? 0);
    const fair = shares.reduce((sum, share) => sum + share, 0) / 3;
    for (const share of shares) assert.ok(Math.abs(share - fair) <= TURN_BYTES, shares.join());
  });

  it('pieces under one tag are joined into one frame, others never', () => {
    const { bed, channels } = bedWith(1);
    for (const tag of [1, 1, 1, 2, 1]) channels[0]?.send(new Uint8Array(10), tag);
    const data = bed.said().map(({ value, length }) => [value, length]);
    assert.deepEqual(data, [
      [1, 30],
      [2, 10],
      [1, 10],
    ]);
  });

  it('no more than PIPE_BYTES wait in the system, and a message overtakes the rest', () => {
    const { bed, channels } = bedWith(4);
    for (const channel of channels) fill(channel);
    bed.pipe.turn();
    assert.ok(bed.pipe.bufferedBytes <= PIPE_BYTES && bed.pipe.bufferedBytes > PIPE_BYTES - BATCH_BYTES);
    bed.link.send('control', new Uint8Array(1));
    assert.ok(bed.said().every(({ type }) => type === FrameType.data));
    assert.equal(bed.said()[0]?.type, FrameType.control);
  });

  it('long messages leave in small writes, each when the one before has left, and whole even where the link ends', () => {
    for (const data of [false, true]) {
      const { bed, channels } = bedWith(1);
      for (const bytes of [100, 3 * PIECE_BYTES, 10]) bed.link.send('control', new Uint8Array(bytes));
      bed.link.send('payment', new Uint8Array(20));
      if (data) channels[0]?.send(new Uint8Array(30), 1);
      const writes: Uint8Array[] = [];
      for (let turns = 0; turns < 10; turns += 1) {
        bed.pipe.turn();
        if (turns === 1) bed.link.close('LINK_FLOODED');
        const written = bed.pipe.take();
        if (written.length > 0) writes.push(written);
      }
      assert.equal(writes.length > 3, !data, 'data takes all with it');
      if (!data) assert.ok(writes.every(({ length }) => length < 2 * PIECE_BYTES));
      const lengths = framesIn(Buffer.concat(writes)).map(({ length }) => length);
      const close = 'LINK_FLOODED'.length;
      assert.deepEqual(lengths, [100, 3 * PIECE_BYTES, 10, 20, ...(data ? [30] : []), close]);
    }
  });

  it('a fault lets the message end that is half written, and nothing else', () => {
    const { bed } = bedWith(0);
    for (const bytes of [2 * PIECE_BYTES, 10]) bed.link.send('control', new Uint8Array(bytes));
    bed.pipe.turn();
    bed.hear({ type: FrameType.end, channel: 9 });
    const written: Uint8Array[] = [];
    for (let turns = 0; turns < 6; turns += 1) {
      written.push(bed.pipe.take());
      bed.pipe.turn();
    }
    const said = framesIn(Buffer.concat(written)).map(({ type, length }) => [type, length]);
    assert.deepEqual(said, [
      [FrameType.control, 2 * PIECE_BYTES],
      [FrameType.close, 'LINK_FRAME_INVALID'.length],
    ]);
  });

  it('a neighbour that takes nothing is given up before memory is', () => {
    const { bed, channels } = bedWith(4);
    for (const channel of channels) fill(channel);
    bed.pipe.turn();
    for (let sent = 0; sent <= URGENT_QUEUE_BYTES; sent += 65_536) bed.link.send('control', new Uint8Array(65_536));
    bed.pipe.turn();
    assert.deepEqual(bed.end, { by: 'fault', code: 'LINK_STALLED' });
    assert.ok(bed.link.queuedBytes < 1000);
  });
});

describe('what a neighbour may not do', () => {
  const data = (channel: number, count = 1): Uint8Array =>
    encodeFrame({ type: FrameType.data, channel }, new Uint8Array(count));
  const opened = encodeFrame({ type: FrameType.open, channel: 2 });
  const frames = (head: Parameters<typeof encodeFrame>[0], count: number): Uint8Array =>
    Buffer.concat(Array.from({ length: count }, () => encodeFrame(head)));
  /** The bed dials, so its own ids are odd; it has channel 1 open, not accepted, and granted 100,000 bytes. */
  const rules: [string, string, Uint8Array[]][] = [
    ['an unknown type', 'LINK_FRAME_INVALID', [new Uint8Array(12).fill(200)]],
    ['data of a channel that never was', 'LINK_FRAME_INVALID', [data(2)]],
    ['data of our channel that never was', 'LINK_FRAME_INVALID', [data(5)]],
    ['an end of a channel that never was', 'LINK_FRAME_INVALID', [encodeFrame({ type: FrameType.end, channel: 4 })]],
    ['an open under our id', 'LINK_FRAME_INVALID', [encodeFrame({ type: FrameType.open, channel: 3 })]],
    ['an open under an old id', 'LINK_FRAME_INVALID', [opened, opened]],
    ['data before accept', 'LINK_FRAME_INVALID', [data(1)]],
    ['two accepts', 'LINK_FRAME_INVALID', [frames({ type: FrameType.accept, channel: 1 }, 2)]],
    [
      'an accept of its own channel',
      'LINK_FRAME_INVALID',
      [opened, encodeFrame({ type: FrameType.accept, channel: 2 })],
    ],
    ['data after the end', 'LINK_FRAME_INVALID', [opened, encodeFrame({ type: FrameType.end, channel: 2 }), data(2)]],
    ['two ends', 'LINK_FRAME_INVALID', [opened, frames({ type: FrameType.end, channel: 2 }, 2)]],
    ['more than the window', 'LINK_FRAME_INVALID', [opened, data(2, 40_000), data(2, 40_000)]],
    ['credit without end', 'LINK_FRAME_INVALID', [encodeFrame({ type: FrameType.window, channel: 1, value: 2 ** 31 })]],
    ['more than its forward budget', 'LINK_FLOODED', [frames({ type: FrameType.ping }, 1), ...manyOpens(98)]],
    ['too many messages', 'LINK_FLOODED', [frames({ type: FrameType.control }, MESSAGES_BURST + 1)]],
    ['too many pings', 'LINK_FLOODED', [frames({ type: FrameType.ping }, PINGS_BURST + 1)]],
    ['too many small frames', 'LINK_FLOODED', [frames({ type: FrameType.budget, value: 1 }, SMALL_FRAMES_BURST + 1)]],
  ];

  function manyOpens(count: number): Uint8Array[] {
    return Array.from({ length: count }, (_, i) => encodeFrame({ type: FrameType.open, channel: 2 * i + 2 }));
  }

  for (const [what, code, streams] of rules) {
    it(`${what}: ${code}`, () => {
      const bed = new Bed();
      bed.hear({ type: FrameType.budget, value: GRANT });
      bed.link.open(new Uint8Array(), 0, bed.handlers('own'));
      bed.link.grantForward(100_000);
      bed.said();
      for (const [i, stream] of streams.entries()) {
        assert.equal(bed.end, undefined, `stream ${i} came too early`);
        bed.raw(stream);
      }
      assert.deepEqual(bed.end, { by: 'fault', code });
      assert.notEqual(bed.link.faultReason, undefined);
      assert.ok(bed.log.includes(`own reset ${ResetCode.linkLost}`));
      assert.equal(bed.log.at(-1), 'closed');
      assert.equal(bed.saidNames().at(-1), 'close');
      assert.ok(bed.pipe.ended);
      const { length } = bed.log;
      bed.raw(encodeFrame({ type: FrameType.control }));
      assert.equal(bed.log.length, length);
    });
  }

  it('data on its channels beyond its forward budget: LINK_FLOODED; on ours it needs none', () => {
    const bed = new Bed();
    bed.hear({ type: FrameType.budget, value: GRANT });
    bed.link.open(new Uint8Array(), 0, bed.handlers('own'));
    bed.hear({ type: FrameType.accept, channel: 1 });
    bed.raw(data(1, 5000));
    bed.link.grantForward(OPEN_COST_BYTES + 3000);
    bed.raw(opened);
    bed.raw(data(2, 3000));
    assert.equal(bed.end, undefined);
    bed.raw(data(2, 1));
    assert.deepEqual([bed.end, bed.link.faultReason], [{ by: 'fault', code: 'LINK_FLOODED' }, 'forward budget']);
    assert.deepEqual(
      bed.log.filter((line) => line.includes('data')),
      ['own data 5000', '2 data 3000'],
    );
  });

  it('a channel too many is refused, and its data is no fault', () => {
    const bed = new Bed();
    bed.link.grantForward((MAX_CHANNELS + 1) * (OPEN_COST_BYTES + 1));
    for (const frame of manyOpens(MAX_CHANNELS + 1)) bed.pipe.handlers?.data(frame);
    const last = 2 * MAX_CHANNELS + 2;
    bed.raw(data(last));
    const frames = [...bed.said(), ...bed.said()];
    const resets = frames.filter(({ type }) => type === FrameType.reset);
    assert.deepEqual(resets, [{ type: FrameType.reset, channel: last, value: ResetCode.overloaded, length: 0 }]);
    assert.ok(!bed.log.includes(`opened ${last}`));
    assert.equal(bed.end, undefined);
  });

  it('what is granted to all channels together stays within the pool', () => {
    const bed = new Bed();
    const count = 600;
    bed.link.grantForward(GRANT);
    const granted = new Map<number, number>();
    for (const frame of manyOpens(count)) bed.pipe.handlers?.data(frame);
    for (let round = 0; round < 6; round++) {
      for (let frames = bed.said(); frames.length > 0; frames = bed.said()) {
        for (const { type, channel, value } of frames) {
          if (type === FrameType.window) granted.set(channel, (granted.get(channel) ?? START_WINDOW_BYTES) + value);
        }
      }
    }
    const total = [...granted.values()].reduce((sum, value) => sum + value - START_WINDOW_BYTES, 0);
    assert.ok(total <= WINDOW_POOL_BYTES, `${total}`);
    assert.ok(total >= WINDOW_POOL_BYTES / 4, `${total}`);
  });
});

describe('windows', () => {
  it('a channel that empties its window fast gets a larger one, a slow one does not', () => {
    const growth = (pauseMs: number): number => {
      const bed = new Bed();
      bed.link.grantForward(GRANT);
      bed.hear({ type: FrameType.open, channel: 2 });
      let credit = START_WINDOW_BYTES;
      let largest = 0;
      for (let round = 0; round < 200; round++) {
        for (const { type, value } of bed.said()) {
          if (type !== FrameType.window) continue;
          credit += value;
          largest = Math.max(largest, credit);
        }
        const count = Math.min(credit - 64, 16_000);
        credit -= count + 64;
        bed.hear({ type: FrameType.data, channel: 2 }, new Uint8Array(count));
        bed.channels.get(2)?.release(count);
        bed.clock.pass(pauseMs);
      }
      return largest;
    };
    assert.ok(growth(0) > 500_000);
    assert.ok(growth(100) < 80_000);
  });
});

describe('signs of life', () => {
  it('pings, measures, and gives up a silent neighbour', () => {
    const bed = new Bed();
    const [ping] = bed.said();
    assert.equal(ping?.type, FrameType.ping);
    bed.clock.pass(30);
    bed.hear({ type: FrameType.pong, value: ping?.value ?? 0 });
    assert.equal(bed.link.roundTripMs, 30);
    bed.clock.pass(KEEP_ALIVE_MS);
    assert.deepEqual(bed.saidNames(), ['ping']);
    bed.clock.pass(SILENT_MS + KEEP_ALIVE_MS);
    bed.pipe.turn();
    assert.deepEqual(bed.end, { by: 'fault', code: 'LINK_SILENT' });
    assert.ok(bed.pipe.destroyed);
    assert.equal(bed.clock.timers, 0);
  });

  it('anything heard is a sign of life', () => {
    const bed = new Bed();
    for (let ms = 0; ms < 5 * SILENT_MS; ms += KEEP_ALIVE_MS) {
      bed.clock.pass(KEEP_ALIVE_MS);
      bed.hear({ type: FrameType.control });
    }
    assert.equal(bed.end, undefined);
  });

  it('answers a ping', () => {
    const bed = new Bed();
    bed.said();
    bed.hear({ type: FrameType.ping, value: 77 });
    assert.deepEqual(bed.said(), [{ type: FrameType.pong, channel: 0, value: 77, length: 0 }]);
  });
});

describe('the end', () => {
  it('a goodbye that cannot be sent is cut short', () => {
    const { bed, channels } = bedWith(4);
    for (const channel of channels) fill(channel);
    bed.pipe.turn();
    bed.link.close();
    bed.pipe.turn();
    assert.deepEqual(bed.end, { by: 'local' });
    assert.ok(!bed.pipe.ended);
    bed.clock.pass(CLOSE_LINGER_MS);
    assert.ok(bed.pipe.destroyed);
    bed.pipe.turn();
    assert.equal(bed.clock.timers, 0);
    assert.equal(bed.log.filter((line) => line === 'closed').length, 1);
  });

  it('a goodbye with a word that is no code is a goodbye', () => {
    const bed = new Bed();
    bed.hear({ type: FrameType.close }, Buffer.from('constructor'));
    assert.deepEqual(bed.end, { by: 'remote' });
  });

  it('a handler that throws ends the link and is heard', () => {
    const bed = new Bed();
    bed.link.attach({
      message: () => {
        throw new Error('defect');
      },
      opened: () => undefined,
      granted: () => undefined,
      closed: (end) => {
        bed.end = end;
      },
    });
    assert.throws(() => bed.raw(encodeFrame({ type: FrameType.control })), /defect/);
    bed.pipe.turn();
    assert.equal(bed.end?.by, 'fault');
  });
});
