import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Discipline, MOST_PAIRS_KEPT, PairQueue } from './pair-queue.ts';

const made = (discipline: Discipline, maxPackets = 1_000, maxBytes = 10_000_000) => {
  const dropped: string[] = [];
  const weights = new Map<number, number>();
  const queue = new PairQueue<string>({
    ...{ discipline, maxPackets, maxBytes, dropped: (item) => dropped.push(item) },
    weightOf: (from) => weights.get(from) ?? 0,
  });
  const weigh = (from: number, weight: number): void => {
    weights.set(from, weight);
    queue.reweigh(from);
  };
  return { queue, dropped, weigh };
};

/** Fills every pair, takes `count` packets out and says what each pair got of them. */
function shares(discipline: Discipline, weights: readonly number[], count: number): number[] {
  const { queue, weigh } = made(discipline, 1_000_000, 2 ** 40);
  for (const [from, weight] of weights.entries()) {
    weigh(from, weight);
    for (let n = 0; n < count; n += 1) queue.push(from, String(from), 1_000);
  }
  const got = weights.map(() => 0);
  for (let n = 0; n < count; n += 1) {
    const from = Number(queue.shift());
    got[from] = (got[from] as number) + 1;
  }
  return got;
}

describe('a pair queue, weighted', () => {
  it('shares a saturated link by the weights of the seed: 9, 8, 7, 6, 6, 4', () => {
    const weights = [9, 8, 7, 6, 6, 4];
    const got = shares('weighted', weights, 40_000);
    for (const [from, weight] of weights.entries()) {
      assert.ok(Math.abs((got[from] as number) - weight * 1_000) < 100, got.join());
    }
  });

  it('starves nobody, not even who offers nothing', () => {
    const [paid, unpaid] = shares('weighted', [1_000_000, 0], 20_000);
    assert.ok((unpaid as number) > 100 && (paid as number) > 19_000);
  });

  it('asks what a pair weighs when it is first heard of, and again when it may have changed', () => {
    const weights = [1, 3];
    const weightOf = (from: number) => weights[from] ?? 0;
    const queue = new PairQueue<string>({
      discipline: 'strict',
      maxPackets: 9,
      maxBytes: 999,
      weightOf,
      dropped: () => 0,
    });
    for (const from of [0, 1]) queue.push(from, `first ${from}`, 10);
    assert.equal(queue.shift(), 'first 1');
    queue.push(1, 'second 1', 10);
    weights[0] = 5;
    queue.reweigh(0);
    assert.equal(queue.shift(), 'first 0');
    queue.passed(0, 77);
    assert.deepEqual(
      [...queue.figures()].map(({ sent, sentBytes, weight }) => [weight, sent, sentBytes]),
      [
        [5, 2, 87],
        [3, 1, 10],
      ],
    );
    for (const from of [0, 1]) queue.forget(from);
    assert.deepEqual(
      [...queue.figures()].map(({ from }) => from),
      [1],
      'what waits still leaves',
    );
  });

  it('asks anew about one pair or about all', () => {
    const weights = [1, 2];
    const queue = new PairQueue<string>({
      ...{ discipline: 'weighted', maxPackets: 9, maxBytes: 999 },
      ...{ weightOf: (from) => weights[from] ?? 0, dropped: () => 0 },
    });
    const known = () => [...queue.figures()].map(({ weight }) => weight);
    for (const from of [0, 1]) queue.passed(from, 1);
    weights.splice(0, 2, 3, 4);
    queue.reweigh(0);
    assert.deepEqual(known(), [3, 2]);
    weights.splice(0, 2, 5, 6);
    queue.reweigh();
    assert.deepEqual(known(), [5, 6]);
  });

  it('forgets the pair that was heard of first and waits for nothing, where there are too many to remember', () => {
    const { queue } = made('weighted');
    queue.push(0, 'waits', 10);
    for (let from = 1; from <= MOST_PAIRS_KEPT + 2; from += 1) queue.passed(from, from);
    const known = [...queue.figures()].map(({ from }) => from);
    assert.deepEqual([known.length, known[0], known[1], known.at(-1)], [MOST_PAIRS_KEPT, 0, 4, MOST_PAIRS_KEPT + 2]);
    queue.passed(1, 7);
    assert.deepEqual([...queue.figures()].at(-1)?.sentBytes, 7, 'counted from when it was heard of again');
    assert.equal(queue.shift(), 'waits');
  });

  it('gives what one leaves unused to the others', () => {
    const { queue, weigh } = made('weighted');
    weigh(1, 9);
    weigh(2, 1);
    for (let n = 0; n < 10; n += 1) queue.push(2, `b${n}`, 100);
    for (let n = 0; n < 10; n += 1) assert.equal(queue.shift(), `b${n}`);
    assert.equal(queue.shift(), undefined);
  });

  it('makes room for a light line at the cost of the one that takes up most', () => {
    const { queue, dropped } = made('weighted', 10);
    for (let n = 0; n < 10; n += 1) queue.push(1, `a${n}`, 100);
    assert.ok(queue.push(2, 'b', 100));
    assert.equal(queue.push(1, 'late', 100), false);
    assert.deepEqual(dropped, ['a9', 'late']);
  });

  it('takes what fills it to the byte', () => {
    const { queue, dropped } = made('weighted', 9, 100);
    assert.deepEqual(
      [queue.push(1, 'most', 99), queue.push(1, 'rest', 1), queue.push(1, 'more', 1)],
      [true, true, false],
    );
    assert.deepEqual(dropped, ['more']);
  });

  it('takes from whoever was first to take up so much, where two take up the same', () => {
    const { queue, dropped } = made('weighted', 2);
    for (const [from, item] of ['a', 'b'].entries()) queue.push(from, item, 10);
    assert.ok(queue.push(2, 'c', 5));
    assert.deepEqual(dropped, ['a']);
  });

  it('measures what a line takes up by its weight and one, so that lines without weight can be compared', () => {
    const { queue, dropped, weigh } = made('weighted', 2);
    weigh(1, 3);
    queue.push(1, 'heavy', 390);
    queue.push(2, 'light', 100);
    assert.ok(queue.push(3, 'small', 10));
    assert.deepEqual(dropped, ['light']);
  });
});

describe('the lines of a pair queue', () => {
  const figures = (queue: PairQueue<string>) =>
    [...queue.figures()].map(({ dropped, from, sent, waiting, waitingBytes, weight }) => [
      ...[from, weight, waiting, waitingBytes, sent, dropped],
    ]);

  it('are counted: what waits, what left, what was dropped', () => {
    const { queue } = made('weighted', 3);
    for (const item of ['a', 'b', 'c']) queue.push(1, item, 100);
    queue.push(1, 'd', 7);
    queue.push(2, 'e', 50);
    assert.deepEqual([queue.shift(), queue.shift()], ['e', 'a']);
    assert.deepEqual(figures(queue), [
      [1, 0, 1, 100, 1, 2],
      [2, 0, 0, 0, 1, 0],
    ]);
    assert.deepEqual([queue.packets, queue.bytes], [1, 100]);
  });

  it('keep their order and what they hold when they are long', () => {
    const { queue } = made('weighted');
    for (let n = 0; n < 200; n += 1) queue.push(1, String(n), n + 1);
    for (let n = 0; n < 150; n += 1) assert.equal(queue.shift(), String(n));
    assert.deepEqual(figures(queue), [[1, 0, 50, (50 * 351) / 2, 150, 0]]);
    for (let n = 150; n < 200; n += 1) assert.equal(queue.shift(), String(n));
    queue.push(1, 'last', 5);
    assert.deepEqual([queue.shift(), queue.shift()], ['last', undefined]);
  });

  it('begin each time with no credit, and keep their turn where what they weigh stays', () => {
    const { queue, weigh } = made('weighted');
    weigh(1, 9);
    weigh(2, 9);
    queue.push(1, 'early', 10);
    assert.equal(queue.shift(), 'early');
    for (const from of [2, 1]) for (let n = 1; n <= 7; n += 1) queue.push(from, String(from), 10_000);
    assert.equal(queue.shift(), '1');
    weigh(1, 9);
    weigh(2, 9);
    const order = Array.from({ length: 13 }, () => queue.shift()).join('');
    assert.equal(order, '1111122222212');
  });

  it('send as soon as their credit reaches the next packet, and not a byte before', () => {
    const { queue, weigh } = made('weighted');
    weigh(1, 1_000_000);
    queue.passed(1, 1);
    queue.push(3, 'just enough', 640);
    queue.push(2, 'a byte more', 641);
    assert.deepEqual([queue.shift(), queue.shift()], ['just enough', 'a byte more']);
  });

  it('get a whole turn when they are the heaviest, however light that is', () => {
    for (const before of [1, 5]) {
      const { queue, weigh } = made('weighted');
      weigh(1, before);
      for (const from of [1, 2]) queue.passed(from, 1);
      weigh(1, 1);
      for (let n = 0; n < 110; n += 1) queue.push(2, '2', 640);
      for (let n = 0; n < 110; n += 1) queue.push(1, '1', 640);
      const order = Array.from({ length: 104 }, () => queue.shift()).join('');
      assert.equal(order, `${'1'.repeat(102)}21`);
    }
  });

  it('weigh as much as the heaviest of now, whatever weighed more before', () => {
    const { queue, weigh } = made('weighted');
    weigh(1, 1_000);
    queue.passed(1, 1);
    queue.passed(2, 1);
    weigh(1, 10);
    weigh(2, 10);
    for (const from of [1, 2]) for (let n = 0; n < 8; n += 1) queue.push(from, String(from), 10_000);
    const order = Array.from({ length: 8 }, () => queue.shift()).join('');
    assert.equal(order, '22222211');
    const { queue: other, weigh: weighOther } = made('weighted');
    weighOther(1, 1);
    weighOther(2, 100);
    for (const from of [1, 2]) for (let n = 0; n < 80; n += 1) other.push(from, String(from), 1_000);
    assert.equal(Array.from({ length: 65 }, () => other.shift()).filter((from) => from === '2').length, 65);
  });

  it('are forgotten with their neighbour, and counted anew when it comes again', () => {
    const { queue } = made('weighted');
    queue.passed(1, 10);
    queue.forget(1);
    assert.deepEqual(figures(queue), []);
    queue.passed(1, 10);
    assert.deepEqual(figures(queue), [[1, 0, 0, 0, 1, 0]]);
  });

  it('that were emptied to make room take up nothing', () => {
    const { queue, dropped } = made('weighted', 2);
    queue.push(1, 'long', 1_000);
    queue.push(2, 'a', 10);
    queue.push(3, 'b', 10);
    assert.deepEqual(dropped, ['long']);
    assert.equal(queue.push(1, 'again', 30), true);
    assert.deepEqual(dropped, ['long', 'b']);
    assert.deepEqual([queue.shift(), queue.shift(), queue.shift()], ['again', 'a', undefined]);
    assert.deepEqual([queue.packets, queue.bytes], [0, 0]);
  });
});

describe('a pair queue, strict', () => {
  it('sends the heaviest first and lets equals share', () => {
    const got = shares('strict', [5, 9, 9, 1], 4_000);
    assert.deepEqual([got[0], got[3]], [0, 0]);
    assert.ok(Math.abs((got[1] as number) - (got[2] as number)) < 100);
  });

  it('drops from the lightest line when there is no room, and the newcomer when it is the lightest', () => {
    const { queue, dropped, weigh } = made('strict', 2);
    weigh(1, 1);
    weigh(2, 2);
    queue.push(1, 'light', 10);
    queue.push(2, 'heavy', 10);
    assert.ok(queue.push(2, 'heavier', 10));
    assert.equal(queue.push(1, 'late', 10), false);
    assert.deepEqual(dropped, ['light', 'late']);
  });

  it('drops the newcomer among equals, and of many lines from the lightest', () => {
    const { queue, dropped, weigh } = made('strict', 3);
    for (const weight of [1, 2, 3]) {
      weigh(weight, weight);
      queue.push(weight, `weight ${weight}`, 10);
    }
    weigh(4, 1);
    assert.equal(queue.push(4, 'equal', 10), false);
    assert.ok(queue.push(3, 'heavy', 10));
    assert.deepEqual(dropped, ['equal', 'weight 1']);
  });

  it('gives equals the turn of the heaviest, whatever they weigh', () => {
    const { queue, weigh } = made('strict');
    for (const from of [1, 2]) {
      weigh(from, 7);
      for (let n = 0; n < 8; n += 1) queue.push(from, String(from), 10_000);
    }
    assert.equal(Array.from({ length: 13 }, () => queue.shift()).join(''), '2222221111112');
  });
});

describe('a pair queue of any discipline', () => {
  const action = fc.record({
    from: fc.nat({ max: 5 }),
    size: fc.integer({ min: 1, max: 3_000 }),
    kind: fc.constantFrom('push', 'push', 'push', 'shift', 'weigh'),
  });

  it('keeps its bounds, each line in order, and never loses or invents a packet', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Discipline>('weighted', 'strict'),
        fc.array(action, { maxLength: 100, size: 'max' }),
        (kind, todo) => {
          const { queue, dropped, weigh } = made(kind, 4, 6_000);
          const out: string[] = [];
          let count = 0;
          for (const { kind: what, from, size } of todo) {
            if (what === 'weigh') weigh(from, size % 7);
            else if (what === 'push') queue.push(from, `${from} ${count++}`, size);
            else out.push(...[queue.shift()].filter((item) => item !== undefined));
            assert.ok(queue.packets <= 4 && queue.bytes <= 6_000 && queue.bytes >= 0);
          }
          for (let item = queue.shift(); item !== undefined; item = queue.shift()) out.push(item);
          assert.deepEqual([queue.packets, queue.bytes], [0, 0]);
          assert.equal(new Set([...out, ...dropped]).size, count);
          assert.equal(out.length + dropped.length, count);
          const last = new Map<string, number>();
          for (const item of out) {
            const [from, n] = item.split(' ') as [string, string];
            assert.ok(Number(n) > (last.get(from) ?? -1), 'a line is in order');
            last.set(from, Number(n));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
