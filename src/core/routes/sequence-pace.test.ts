import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { RequestPace, SequenceLimit } from './sequence-pace.ts';

describe('the limit of sequences', () => {
  it('is a week ahead of the clock, second by second, and no number that does not fit', () => {
    const limit = new SequenceLimit(1_000, 500);
    assert.equal(limit.latest(500), 605_800);
    assert.equal(limit.latest(1_499), 605_800);
    assert.equal(limit.latest(1_500), 605_801);
    assert.equal(limit.latest(61_500), 605_861);
    assert.equal(new SequenceLimit(4_294_367_295, 0).latest(0), 4_294_967_295);
  });
});

describe('the pace of requests', () => {
  it('is four in two seconds, each for something newer than the last', () => {
    const pace = new RequestPace();
    const asked = [7, 7, 6, 8, 8, 9, 10, 11].map((sequence) => pace.mayAsk('a', sequence, 1_999));
    assert.deepEqual(asked, [true, false, false, true, false, true, true, false]);
  });

  it('begins anew after two seconds, and is kept for each neighbour', () => {
    const pace = new RequestPace();
    const ask = (to: string, nowMs: number): boolean => pace.mayAsk(to, 7, nowMs);
    assert.deepEqual([ask('a', 100), ask('b', 600), ask('a', 2_099), ask('a', 2_100)], [true, true, false, true]);
    assert.deepEqual([ask('b', 2_599), ask('b', 2_600), ask('a', 4_099), ask('a', 4_100)], [false, true, false, true]);
  });

  it('is forgotten once nobody was asked for two seconds', () => {
    const pace = new RequestPace();
    assert.equal(pace.idle(0), true);
    pace.mayAsk('a', 7, 1_000);
    pace.mayAsk('b', 7, 2_000);
    assert.deepEqual(
      [1_000, 3_999, 4_000].map((nowMs) => pace.idle(nowMs)),
      [false, false, true],
    );
  });
});
