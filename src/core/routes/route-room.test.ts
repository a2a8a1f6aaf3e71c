import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { RouteRoom } from './route-room.ts';

describe('room for destinations', () => {
  const filler = (room: RouteRoom) => (by: string) => {
    let taken = 0;
    while (room.take(by)) taken += 1;
    return taken;
  };

  it('is left to others by whoever takes most, and given back', () => {
    const room = new RouteRoom(64);
    const take = filler(room);
    assert.deepEqual(['a', 'b', 'c', 'd'].map(take), [32, 16, 8, 4]);
    for (let n = 0; n < 32; n += 1) room.give('a');
    assert.equal(take('e'), 18);
    assert.equal(take('a'), 9);
  });

  it('is given back one by one, and only by who took it', () => {
    const room = new RouteRoom(9);
    const take = filler(room);
    assert.deepEqual([take('a'), take('b'), take('c')], [5, 2, 1]);
    room.give('a');
    assert.deepEqual([take('b'), take('c'), take('a')], [0, 1, 0]);
    for (let n = 0; n < 4; n += 1) room.give('a');
    assert.deepEqual([take('b'), take('a')], [2, 2]);
  });
});
