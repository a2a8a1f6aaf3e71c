import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeFrame, FrameType } from './frame.ts';
import { Bed } from './link-bed.fixture.ts';

const [NOTHING, TWO] = [new Uint8Array(0), new Uint8Array(2)];

describe('payments that arrive', () => {
  const frames = (...names: ('control' | 'payment' | 'close')[]) =>
    Buffer.concat(names.map((name) => encodeFrame({ type: FrameType[name] }, name === 'close' ? NOTHING : TWO)));

  it('are handed over in the next turn, or before what comes behind them', () => {
    const bed = new Bed();
    bed.pipe.handlers?.data(frames('control', 'payment', 'payment'));
    assert.deepEqual(bed.log, ['control 2']);
    bed.pipe.turn();
    assert.deepEqual(bed.log.splice(0), ['control 2', 'payment 2', 'payment 2']);
    bed.pipe.handlers?.data(frames('payment', 'control', 'payment'));
    assert.deepEqual(bed.log.splice(0), ['payment 2', 'control 2']);
    bed.raw(encodeFrame({ type: FrameType.budget, value: 5 }));
    assert.deepEqual(bed.log.splice(0), ['payment 2', 'granted']);
    bed.link.grantForward(5_000);
    bed.pipe.handlers?.data(frames('payment'));
    bed.raw(encodeFrame({ type: FrameType.open, channel: 2 }, NOTHING));
    assert.deepEqual(bed.log.splice(0).slice(0, 2), ['payment 2', 'opened 2']);
    bed.pipe.handlers?.data(frames('payment'));
    bed.raw(encodeFrame({ type: FrameType.data, channel: 2 }, TWO));
    assert.deepEqual(bed.log.splice(0), ['payment 2', '2 data 2']);
    bed.raw(frames('payment', 'close'));
    assert.deepEqual([bed.log[0], bed.log.at(-1)], ['payment 2', 'closed']);
  });

  it('end the link where they cannot be handled, and its end is told all the same', () => {
    for (const behind of ['payment', 'control'] as const) {
      const bed = new Bed();
      const message = (): void => {
        bed.log.push('tried');
        throw new Error('no');
      };
      bed.link.attach({
        ...{ message, opened: () => undefined, granted: () => undefined, closed: () => bed.log.push('closed') },
      });
      const hear = () => bed.pipe.handlers?.data(frames('payment', behind));
      if (behind === 'control') assert.throws(hear, { message: 'no' });
      else {
        hear();
        assert.throws(() => bed.pipe.turn(), { message: 'no' });
      }
      bed.pipe.turn();
      bed.pipe.handlers?.data(frames('payment'));
      bed.pipe.turn();
      assert.deepEqual(bed.log, ['tried', 'closed'], `${behind}: once, and nothing after it`);
    }
  });

  it('are not, behind the one for which the link was cut, nor is what came with them', () => {
    for (const behind of ['payment', 'control'] as const) {
      const bed = new Bed();
      bed.link.attach({
        ...{ opened: () => undefined, granted: () => undefined, closed: () => bed.log.push('closed') },
        message: (kind) => {
          bed.log.push(kind);
          bed.link.close('CHEQUE_FORGED');
        },
      });
      bed.raw(frames('payment', behind));
      assert.deepEqual(bed.log, ['payment', 'closed'], behind);
    }
  });

  it('are not, once this side has ended the link', () => {
    const bed = new Bed();
    bed.pipe.handlers?.data(frames('payment'));
    bed.link.destroy();
    bed.pipe.turn();
    assert.deepEqual(bed.log, ['closed']);
  });
});
