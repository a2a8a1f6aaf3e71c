import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ForwardingTable, HERE, NOWHERE } from './forwarding-table.ts';

const address = (n: number): Uint32Array => Uint32Array.from([n, n * 3, 0xffffffff - n, n << 20, 5]);

describe('a forwarding table', () => {
  it('answers as a plain map would, whatever is set, moved and taken away', () => {
    const action = fc.record({ n: fc.nat({ max: 40 }), link: fc.constantFrom(HERE, NOWHERE, 0, 1, 2, 70_000) });
    fc.assert(
      fc.property(fc.integer(), fc.array(action, { maxLength: 200, size: 'max' }), (salt, todo) => {
        const table = new ForwardingTable(salt);
        const plain = new Map<number, number>();
        for (const { n, link } of todo) {
          table.set(address(n), link);
          plain.set(n, link);
          assert.equal(table.get(address(n)), link);
        }
        for (let each = 0; each <= 40; each += 1) assert.equal(table.get(address(each)), plain.get(each) ?? NOWHERE);
      }),
    );
  });

  it('comes to an end whatever is looked for, and whatever the salt', () => {
    for (let salt = 0; salt < 2_000; salt += 1) {
      const table = new ForwardingTable(salt);
      for (let n = 0; n < 8; n += 1) table.set(address(n), n);
      assert.equal(table.get(address(8)), NOWHERE);
    }
  });

  it('knows no row of a link from what is none', () => {
    assert.ok(HERE < 0 && NOWHERE < 0);
    assert.notEqual(HERE, NOWHERE);
  });

  it('tells addresses apart by each of their bits', () => {
    const table = new ForwardingTable(1);
    const zero = new Uint32Array(5);
    table.set(zero, 7);
    for (let bit = 0; bit < 160; bit += 1) {
      const other = new Uint32Array(5);
      other[bit >> 5] = 1 << (bit & 31);
      assert.equal(table.get(other), NOWHERE);
      table.set(other, 100 + bit);
    }
    assert.equal(table.get(zero), 7);
    for (let bit = 0; bit < 160; bit += 1) {
      const other = new Uint32Array(5);
      other[bit >> 5] = 1 << (bit & 31);
      assert.equal(table.get(other), 100 + bit);
    }
  });

  it('counts what it holds, each once, and leaves what is out of use behind when it grows', () => {
    const table = new ForwardingTable(1);
    const sizes: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      for (const link of [n, n + 1]) table.set(address(n), link);
      sizes.push(table.size);
    }
    for (const n of [1, 4, 6]) table.set(address(n), NOWHERE);
    for (let n = 7; n < 11; n += 1) {
      table.set(address(n), 9);
      sizes.push(table.size);
    }
    assert.deepEqual(sizes, [1, 2, 3, 4, 5, 6, 7, 8, 6, 7, 8]);
    assert.deepEqual(
      Array.from({ length: 12 }, (_, n) => table.get(address(n))),
      [1, NOWHERE, 3, 4, NOWHERE, 6, NOWHERE, 9, 9, 9, 9, NOWHERE],
    );
  });
});
