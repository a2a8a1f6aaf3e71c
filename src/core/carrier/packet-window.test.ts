import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { MOST_SLOTS, PacketWindow, type Passed } from './packet-window.ts';

const passed = (over: Partial<Passed> = {}): Passed => {
  return { from: 1, to: 2, valueIn: 2 ** 40 + 100, toll: 5, wantsChange: false, ...over };
};

describe('the window of packets that passed', () => {
  it('knows an id for at least its window, and forgets it within two', () => {
    const window = new PacketWindow(1_000, 7);
    window.age(0);
    assert.ok(!window.has(5, 6));
    window.add(5, 6, passed());
    assert.ok(window.has(5, 6));
    window.age(1_000);
    assert.ok(window.has(5, 6));
    window.age(2_000);
    assert.ok(!window.has(5, 6));
  });

  it('gives the right to return a packet once, and only for the link it was sent to', () => {
    const window = new PacketWindow(1_000, 7);
    window.add(5, 6, passed());
    assert.equal(window.take(5, 6, 3), undefined);
    assert.deepEqual(window.take(5, 6, 2), passed());
    assert.equal(window.take(5, 6, 2), undefined);
    assert.ok(window.has(5, 6), 'a copy is still a copy');
  });

  it('lets a receipt pass once, from the link it was sent to, and no return after it', () => {
    const window = new PacketWindow(1_000, 7);
    window.add(5, 6, passed({ valueIn: 100, wantsChange: true }));
    assert.deepEqual([window.receipted(5, 6, 3), window.receipted(5, 7, 2)], [undefined, undefined]);
    assert.equal(window.receipted(5, 6, 2), 1);
    assert.equal(window.receipted(5, 6, 2), undefined);
    assert.equal(window.take(5, 6, 2), undefined);
    window.answered(5, 6, 2, 60);
    assert.equal(window.changeDue(2), 35, 'change may still come');
    window.add(6, 6, passed());
    window.take(6, 6, 2);
    assert.equal(window.receipted(6, 6, 2), undefined, 'it came back');
  });

  it('knows a receipt for as long as its packet', () => {
    const window = new PacketWindow(1_000, 7);
    window.age(0);
    window.add(5, 6, passed());
    window.age(1_000);
    assert.equal(window.receipted(5, 6, 2), 1);
    for (let n = 1; n <= 5_000; n += 1) window.add(n, -n, passed());
    assert.equal(window.receipted(5, 6, 2), undefined);
    window.age(2_000);
    window.age(3_000);
    assert.ok(!window.has(5, 6));
  });

  it('adds up the change that is due on a link until it came, was returned, or is too old', () => {
    const window = new PacketWindow(1_000, 7);
    window.age(0);
    for (const id of [1, 2, 3]) window.add(id, 1, passed({ valueIn: 100, wantsChange: true }));
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

  it('keeps thousands of ids apart, and stays bounded when millions come', () => {
    const window = new PacketWindow(1_000_000, 7);
    window.age(0);
    for (let n = 1; n <= 50_000; n += 1) window.add(n, n * 7, passed({ valueIn: n }));
    for (let n = 1; n <= 50_000; n += 997) assert.equal(window.take(n, n * 7, 2)?.valueIn, n);
    const copy = passed();
    for (let n = 1; n <= MOST_SLOTS; n += 1) window.add(n, -n, copy);
    assert.ok(window.has(MOST_SLOTS, -MOST_SLOTS));
    assert.ok(!window.has(1, 7), 'the oldest made room');
  });
});
