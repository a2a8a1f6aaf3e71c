import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MOST_SPARE, SPARE_BYTES, type Waiting, WaitingPool } from './waiting-pool.ts';

describe('packets that wait', () => {
  it('keep their bytes, whoever comes and goes meanwhile', () => {
    const step = fc.oneof(
      fc.record({ size: fc.integer({ min: 1, max: SPARE_BYTES + 40 }), fill: fc.integer({ min: 0, max: 255 }) }),
      fc.record({ leaves: fc.nat(20), kept: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pool = new WaitingPool();
        const held: { waiting: Waiting; bytes: Buffer }[] = [];
        for (const each of steps) {
          if ('size' in each) {
            const bytes = Buffer.alloc(each.size, each.fill);
            const around = Buffer.concat([Buffer.from([1, 2]), bytes, Buffer.from([3])]);
            held.push({ waiting: pool.take(around, 2, each.size), bytes });
          } else {
            const [left] = held.splice(each.leaves, 1);
            if (left !== undefined && !each.kept) pool.give(left.waiting);
          }
          for (const { bytes, waiting } of held) {
            assert.deepEqual(waiting.bytes.subarray(0, waiting.length), bytes);
          }
        }
      }),
    );
  });

  it('are waited in again, up to a number, and not where one was larger', () => {
    const pool = new WaitingPool();
    const bytes = Buffer.alloc(SPARE_BYTES + 1);
    const first = pool.take(bytes, 0, 100);
    pool.give(first);
    assert.equal(pool.size, 1);
    assert.equal(pool.take(bytes, 0, SPARE_BYTES + 1) === first, false);
    assert.equal(pool.take(bytes, 0, SPARE_BYTES), first);
    const many = Array.from({ length: MOST_SPARE + 5 }, () => pool.take(bytes, 0, 100));
    for (const each of many) pool.give(each);
    assert.equal(pool.size, MOST_SPARE);
    pool.take(bytes, 0, 100);
    pool.give(pool.take(bytes, 0, SPARE_BYTES + 1));
    assert.equal(pool.size, MOST_SPARE - 1);
  });
});
