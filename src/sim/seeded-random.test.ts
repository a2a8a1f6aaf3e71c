import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SeededRandom } from './seeded-random.ts';

const draws = (random: SeededRandom, count = 8) => Array.from({ length: count }, () => random.below(1000));

describe('seeded random', () => {
  test('the same seed gives the same numbers, today and tomorrow', () => {
    assert.deepEqual(draws(new SeededRandom(1)), draws(new SeededRandom('1')));
    assert.notDeepEqual(draws(new SeededRandom(1)), draws(new SeededRandom(2)));
    // A change here makes every seed that anybody wrote down another run.
    assert.deepEqual(draws(new SeededRandom(42)), [893, 19, 113, 750, 382, 88, 587, 754]);
  });

  test('a fork depends on its label only, not on what was drawn', () => {
    const used = new SeededRandom(7);
    draws(used);
    const fresh = new SeededRandom(7);
    assert.deepEqual(draws(used.fork('chain')), draws(fresh.fork('chain')));
    assert.notDeepEqual(draws(fresh.fork('chain')), draws(fresh.fork('disk')));
    assert.notDeepEqual(draws(fresh.fork('a').fork('b')), draws(fresh.fork('b').fork('a')));
  });

  test('numbers lie where they should, evenly', () => {
    const random = new SeededRandom('even');
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i += 1) {
      const at = random.below(10);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(count > 9_300 && count < 10_700, String(counts));
    for (let i = 0; i < 1000; i += 1) {
      const x = random.next();
      assert.ok(x >= 0 && x < 1);
      const y = random.between(-2, 2);
      assert.ok(Number.isInteger(y) && y >= -2 && y <= 2);
    }
    assert.deepEqual([random.chance(0), random.chance(1)], [false, true]);
  });

  test('neighbouring seeds start far apart', () => {
    const firsts = new Set(Array.from({ length: 10_000 }, (_, seed) => new SeededRandom(seed).below(2 ** 32)));
    assert.ok(firsts.size > 9_990);
  });

  test('picks and bytes', () => {
    const random = new SeededRandom('picks');
    assert.equal(new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c']))).size, 3);
    assert.throws(() => random.pick([]), RangeError);
    assert.equal(random.bytes(32).length, 32);
    assert.notDeepEqual(random.bytes(32), random.bytes(32));
  });
});
