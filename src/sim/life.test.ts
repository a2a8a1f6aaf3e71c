import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Life } from './life.ts';

describe('life', () => {
  test('dies in place of the n-th call, says where, and stays dead', () => {
    const life = new Life();
    const told: string[] = [];
    life.onDeath(() => told.push('death'));
    life.killAtCall(3);
    assert.deepEqual([life.touch('a'), life.touch('b'), life.alive], [true, true, true]);
    assert.equal(life.touch('store.commit'), false);
    assert.deepEqual([life.alive, life.diedAt, life.calls], [false, 'store.commit', 3]);
    assert.equal(life.touch('d'), false);
    life.kill();
    assert.deepEqual([told, life.diedAt, life.calls], [['death'], 'store.commit', 3]);
    life.onDeath(() => told.push('late'));
    assert.deepEqual(told, ['death', 'late']);
  });

  test('a number of calls already reached means the next one', () => {
    const life = new Life();
    for (const port of ['a', 'b', 'c']) life.touch(port);
    life.killAtCall(2);
    assert.equal(life.touch('d'), false);
    assert.equal(life.diedAt, 'd');
  });
});
