import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { RowList } from './row-list.ts';

describe('the links that a burst touched', () => {
  it('have one turn each, in order, and another where they are touched after it', () => {
    const list = new RowList();
    for (const row of [3, 1_000, 3, 2]) list.add(row);
    const turns: number[] = [];
    list.each((row) => {
      turns.push(row);
      if (turns.length === 2) list.add(3);
      if (turns.length === 2) list.add(2);
    });
    assert.deepEqual(turns, [3, 1_000, 2, 3]);
    list.each((row) => turns.push(row));
    assert.equal(turns.length, 4);
  });

  it('have one turn where a turn begins another round, and the rest have theirs after one that failed', () => {
    const list = new RowList();
    for (const row of [1, 2, 3]) list.add(row);
    const turns: number[] = [];
    assert.throws(() => {
      list.each((row) => {
        turns.push(row);
        if (row === 1) throw new Error('broken');
      });
    });
    list.each((row) => {
      turns.push(row);
      list.each((other) => turns.push(other));
    });
    assert.deepEqual(turns, [1, 2, 3]);
  });
});
