import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packBatches, unpackBatches } from './packed-batches.ts';

const PLAIN = { noNullPrototype: true };

test('batches come out as they went in, also through a clone', () => {
  const cell = fc.oneof(fc.maxSafeInteger(), fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 80 }));
  const row = fc.record({ table: fc.nat(20), row: fc.array(cell, { maxLength: 9 }) }, PLAIN);
  const batch = fc.record({ id: fc.nat(), rows: fc.array(row, { maxLength: 4 }) }, PLAIN);
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 3 }), (batches) => {
      const out = unpackBatches(structuredClone(packBatches(batches)));
      const plain = out.map(({ id, rows }) => ({
        id,
        rows: rows.map((each) => ({
          ...each,
          row: each.row.map((one) => (typeof one === 'object' ? Uint8Array.from(one) : one)),
        })),
      }));
      assert.deepEqual(plain, batches);
    }),
    { numRuns: 40 },
  );
});
