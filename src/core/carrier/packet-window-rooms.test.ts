import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { PacketWindow, type Passed } from './packet-window.ts';

const WINDOW_MS = 1_000;

const passed = (over: Partial<Passed> = {}): Passed => {
  return { from: 1, to: 2, valueIn: 100, toll: 5, wantsChange: false, ...over };
};

const add = (window: PacketWindow, idHigh: number, idLow: number, what: Passed): void => {
  if (window.has(idHigh, idLow)) throw new Error('it passed before');
  window.add(what);
};

/** Numbers without an order, as the halves of ids are. */
const scattered = (n: number): number => Math.imul(n ^ (n >>> 7), 0x2c1b3c6d) ^ Math.imul(n, 0x297a2d39);

describe('the room of the window of packets', () => {
  it('knows each id from the moment it came, however the room for it grew', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    for (let n = 1; n <= 20_000; n += 1) {
      add(window, n, -n, passed({ from: n, valueIn: n }));
      assert.ok(window.has(n, -n), `${n} is lost`);
    }
    for (let n = 1; n <= 20_000; n += 1) assert.equal(window.receipted(n, -n, 2), n);
  });

  it('knows none that never came, when it made room for more', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    for (let n = 1; n <= 600; n += 1) add(window, n, n, passed());
    assert.ok(!window.has(0, 0));
  });

  it('knows none again that it forgot, when it made room for more', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    window.age(0);
    add(window, 5, 6, passed());
    window.age(WINDOW_MS);
    window.age(2 * WINDOW_MS);
    for (let n = 1; n <= 600; n += 1) add(window, n, -n, passed());
    assert.ok(!window.has(5, 6));
  });

  it('keeps ids apart that have half in common', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    for (let n = 1; n <= 30_000; n += 1) add(window, 1, scattered(n), passed());
    for (let n = 1; n <= 30_000; n += 1) add(window, scattered(n), 1, passed());
  });

  it('remembers the last quarter million at least, and forgets the oldest of half a million', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    window.age(0);
    const each = passed();
    for (let n = 1; n <= 2 ** 19; n += 1) add(window, n, -n, each);
    assert.ok(window.has(1, -1));
    add(window, 0, 0, each);
    assert.deepEqual([window.has(1, -1), window.has(2 ** 18, -(2 ** 18))], [false, false]);
    assert.deepEqual([window.has(2 ** 18 + 1, -(2 ** 18) - 1), window.has(0, 0)], [true, true]);
  });

  it('forgets all at once when two windows have gone by', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    window.age(0);
    add(window, 5, 6, passed());
    window.age(2 * WINDOW_MS);
    assert.ok(!window.has(5, 6));
  });
});

describe('what the window says of a packet', () => {
  it('is what was added, up to the largest', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    const largest = passed({ from: 3, to: 4, valueIn: 2 ** 48 - 1, toll: 2 ** 32 - 1, wantsChange: true });
    add(window, 2, 4, largest);
    add(window, 6, 8, largest);
    add(window, 7, 9, passed({ valueIn: 2 ** 32 }));
    assert.deepEqual(window.take(2, 4, 4), largest);
    assert.deepEqual(window.take(6, 8, 4), largest);
    assert.deepEqual(window.take(7, 9, 2), passed({ valueIn: 2 ** 32 }));
  });

  it('is told to no link any more once somebody has it', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    add(window, 5, 6, passed());
    window.take(5, 6, 2);
    for (let link = -1; link <= 300; link += 1) {
      assert.deepEqual([window.take(5, 6, link), window.receipted(5, 6, link)], [undefined, undefined]);
    }
  });

  it('counts change as due on its own link, of the young and of the old, and never less than none', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    window.age(0);
    add(window, 1, 1, passed({ wantsChange: true }));
    add(window, 2, 1, passed({ to: 9, wantsChange: true }));
    window.answered(1, 1, 9, 60);
    window.answered(3, 1, 9, 60);
    assert.deepEqual([window.changeDue(2), window.changeDue(9)], [95, 95]);
    window.age(WINDOW_MS);
    add(window, 4, 1, passed({ valueIn: 50, wantsChange: true }));
    assert.equal(window.changeDue(2), 95 + 45);
    window.answered(1, 1, 2, 95);
    assert.equal(window.changeDue(2), 45);
    window.answered(4, 1, 2, 46);
    assert.equal(window.changeDue(2), 0);
  });
});

describe('what the window reads ahead', () => {
  it('is of those it is told, young and old, and no others', () => {
    const window = new PacketWindow(WINDOW_MS, 7);
    window.age(0);
    add(window, 5, 6, passed());
    const read = (count: number, ...ids: number[]): number => {
      window.foresee(Int32Array.from(ids), count);
      return window.seen;
    };
    assert.equal(window.seen, 0);
    for (const nowMs of [0, WINDOW_MS]) {
      window.age(nowMs);
      assert.equal(read(1, 1, 1, 5, 6), 0);
      assert.notEqual(read(2, 1, 1, 5, 6), 0);
    }
  });

  it('follows from every bit of its salt', () => {
    const salts = Array.from({ length: 32 }, (_, bit) => 1 << bit);
    const seen = [0, ...salts].map((salt) => {
      const window = new PacketWindow(WINDOW_MS, salt);
      add(window, 5, 6, passed());
      window.foresee(Int32Array.of(5, 6), 1);
      return window.seen;
    });
    assert.equal(new Set(seen).size, seen.length);
  });
});
