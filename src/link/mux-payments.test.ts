import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeFrame, FrameType } from './frame.ts';
import { Bed } from './link-bed.fixture.ts';

const [NOTHING, TWO] = [new Uint8Array(0), new Uint8Array(2)];

describe('payments that arrive', () => {
  const frames = (...names: ('control' | 'payment' | 'close')[]) =>
    Buffer.concat(names.map((name) => encodeFrame({ type: FrameType[name] }, name === 'close' ? NOTHING : TWO)));

  it('are handed over after what came with them, in their order, and before the end', () => {
    const bed = new Bed();
    bed.pipe.handlers?.data(frames('payment', 'control', 'payment', 'control'));
    assert.deepEqual(bed.log, ['control 2', 'control 2']);
    bed.pipe.turn();
    assert.deepEqual(bed.log.splice(0), ['control 2', 'control 2', 'payment 2', 'payment 2']);
    bed.raw(frames('payment', 'close'));
    assert.deepEqual(bed.log, ['payment 2', 'closed']);
  });

  it('end the link where they cannot be handled, and its end is told all the same', () => {
    const bed = new Bed();
    bed.link.attach({
      ...{ opened: () => undefined, granted: () => undefined, closed: () => bed.log.push('closed') },
      message: () => {
        throw new Error('no');
      },
    });
    bed.pipe.handlers?.data(frames('payment', 'payment', 'close'));
    assert.throws(() => bed.pipe.turn(), { message: 'no' });
    assert.throws(() => bed.pipe.turn(), { message: 'no' });
    bed.pipe.turn();
    assert.deepEqual(bed.log, ['closed']);
    bed.pipe.handlers?.data(frames('payment'));
    bed.pipe.turn();
    assert.deepEqual(bed.log, ['closed'], 'nothing after it');
  });

  it('are not, once this side has ended the link', () => {
    const bed = new Bed();
    bed.pipe.handlers?.data(frames('payment'));
    bed.link.destroy();
    bed.pipe.turn();
    assert.deepEqual(bed.log, ['closed']);
  });
});
