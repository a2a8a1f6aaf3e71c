import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BufferPool } from './buffer-pool.ts';

describe('the buffer pool', () => {
  it('gives the same memory again once it came back, and never before', () => {
    const pool = new BufferPool(65_536, 2);
    const first = pool.take(10_000);
    const second = pool.take(10_000);
    assert.equal(first.length, 10_000);
    assert.notEqual(first.buffer, second.buffer);
    pool.give(first.subarray(0, 10));
    assert.equal(pool.take(65_536).buffer, first.buffer);
  });

  it('keeps no more than it may, takes nothing twice and nothing foreign', () => {
    const pool = new BufferPool(65_536, 2);
    const lent = [1, 2, 3].map(() => pool.take(5000));
    for (const buffer of lent) pool.give(buffer);
    for (const buffer of lent) pool.give(buffer);
    pool.give(new Uint8Array(65_536));
    assert.equal(pool.size, 2);
    assert.notEqual(pool.take(5000).buffer, pool.take(5000).buffer);
  });

  it('leaves small buffers and too large ones to others', () => {
    const pool = new BufferPool(65_536, 2);
    for (const bytes of [0, 100, 70_000]) {
      const buffer = pool.take(bytes);
      assert.equal(buffer.length, bytes);
      pool.give(buffer);
    }
    assert.equal(pool.size, 0);
  });
});
