import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { MOST_SLOTS, PacketWindow, type Passed } from './packet-window.ts';

const passed = (over: Partial<Passed> = {}): Passed => {
  return { from: 1, to: 2, valueIn: 2 ** 40 + 100, toll: 5, wantsChange: false, ...over };
};

const add = (window: PacketWindow, idHigh: number, idLow: number, what: Passed): void => {
  if (window.has(idHigh, idLow)) throw new Error('it passed before');
  window.add(what);
};

describe('the window of packets that passed', () => {
  it('knows an id for at least its window, and forgets it within two', () => {
    const window = new PacketWindow(1_000, 7);
    window.age(0);
    add(window, 5, 6, passed());
    assert.ok(window.has(5, 6));
    window.age(1_000);
    assert.ok(window.has(5, 6));
    window.age(2_000);
    assert.ok(!window.has(5, 6));
  });

  it('gives the right to return a packet once, and only for the link it was sent to', () => {
    const window = new PacketWindow(1_000, 7);
    add(window, 5, 6, passed());
    assert.equal(window.take(5, 6, 3), undefined);
    assert.deepEqual(window.take(5, 6, 2), passed());
    assert.equal(window.take(5, 6, 2), undefined);
    assert.ok(window.has(5, 6), 'a copy is still a copy');
  });

  it('lets a receipt pass once, from the link it was sent to, and no return after it', () => {
    const window = new PacketWindow(1_000, 7);
    add(window, 5, 6, passed({ valueIn: 100, wantsChange: true }));
    assert.deepEqual([window.receipted(5, 6, 3), window.receipted(5, 7, 2)], [undefined, undefined]);
    assert.equal(window.receipted(5, 6, 2), 1);
    assert.equal(window.receipted(5, 6, 2), undefined);
    assert.equal(window.take(5, 6, 2), undefined);
    window.answered(5, 6, 2, 60);
    assert.equal(window.changeDue(2), 35, 'change may still come');
    add(window, 6, 6, passed());
    window.take(6, 6, 2);
    assert.equal(window.receipted(6, 6, 2), undefined, 'it came back');
  });

  it('knows a receipt for as long as its packet', () => {
    const window = new PacketWindow(1_000, 7);
    window.age(0);
    add(window, 5, 6, passed());
    window.age(1_000);
    assert.equal(window.receipted(5, 6, 2), 1);
    for (let n = 1; n <= 5_000; n += 1) add(window, n, -n, passed());
    assert.equal(window.receipted(5, 6, 2), undefined);
    window.age(2_000);
    window.age(3_000);
    assert.ok(!window.has(5, 6));
  });

  it('adds up the change that is due on a link until it came, was returned, or is too old', () => {
    const window = new PacketWindow(1_000, 7);
    window.age(0);
    for (const id of [1, 2, 3]) add(window, id, 1, passed({ valueIn: 100, wantsChange: true }));
    assert.equal(window.changeDue(2), 285);
    window.answered(1, 1, 2, 60);
    window.answered(1, 1, 9, 60);
    assert.equal(window.changeDue(2), 225);
    window.take(2, 1, 2);
    assert.equal(window.changeDue(2), 130);
    window.age(1_000);
    window.age(2_000);
    assert.equal(window.changeDue(2), 0);
  });

  it('begins its time with the first look at the clock, and forgets all after a long rest', () => {
    const window = new PacketWindow(1_000, 7);
    window.age(500);
    add(window, 5, 6, passed());
    for (const nowMs of [1_000, 1_499]) {
      window.age(nowMs);
      assert.ok(window.has(5, 6));
    }
    window.age(1_500);
    add(window, 7, 8, passed());
    assert.ok(window.has(5, 6), 'it is old now');
    for (const nowMs of [1_600, 2_499]) window.age(nowMs);
    assert.ok(window.has(5, 6));
    window.age(2_500);
    assert.deepEqual([window.has(5, 6), window.has(7, 8)], [false, true]);
    window.age(4_500);
    assert.ok(!window.has(7, 8), 'nothing passed for two windows');
    add(window, 7, 8, passed());
    window.age(5_499);
    assert.ok(window.has(7, 8));
  });

  it('reads ahead where it will look, which follows from its salt', () => {
    const seen = [7, 8].map((salt) => {
      const window = new PacketWindow(1_000, salt);
      add(window, 5, 6, passed());
      window.foresee(Int32Array.of(1, 1, 5, 6, 5, 7), 2);
      return window.seen;
    });
    assert.ok(seen.every((each) => each !== 0));
    assert.notEqual(seen[0], seen[1]);
  });

  it('keeps thousands of ids apart, and stays bounded when millions come', () => {
    const window = new PacketWindow(1_000_000, 7);
    window.age(0);
    for (let n = 1; n <= 50_000; n += 1) add(window, n, n * 7, passed({ valueIn: n }));
    for (let n = 1; n <= 50_000; n += 997) assert.equal(window.take(n, n * 7, 2)?.valueIn, n);
    const copy = passed();
    for (let n = 1; n <= MOST_SLOTS; n += 1) add(window, n, -n, copy);
    assert.ok(window.has(MOST_SLOTS, -MOST_SLOTS));
    assert.ok(!window.has(1, 7), 'the oldest made room');
  });
});
