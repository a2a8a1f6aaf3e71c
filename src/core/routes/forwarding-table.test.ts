import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ForwardingTable, HERE, NOWHERE } from './forwarding-table.ts';

const address = (n: number): Uint32Array => Uint32Array.from([n, n * 3, 0xffffffff - n, n << 20, 5]);

describe('a forwarding table', () => {
  it('answers as a plain map would, whatever is set, moved and taken away', () => {
    const action = fc.record({ n: fc.nat({ max: 40 }), link: fc.constantFrom(HERE, NOWHERE, 0, 1, 2, 70_000) });
    fc.assert(
      fc.property(fc.integer(), fc.array(action, { maxLength: 200 }), (salt, todo) => {
        const table = new ForwardingTable(salt);
        const plain = new Map<number, number>();
        for (const { n, link } of todo) {
          table.set(address(n), link);
          plain.set(n, link);
          for (let each = 0; each <= 40; each += 1) assert.equal(table.get(address(each)), plain.get(each) ?? NOWHERE);
        }
      }),
    );
  });
});
