import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyRecord } from '../../test/conformance/store-records.ts';
import { BatchPacker } from './batch-packer.ts';
import { unpackBatches } from './packed-batches.ts';
import { encodeRecord } from './record-row.ts';
import type { StoreRecord } from './store.ts';
import { KINDS } from './tables.ts';

const PLAIN = { noNullPrototype: true };
/** What no store takes: it could not be read back as it was. */
const BAD: StoreRecord = { kind: 'note', name: 'zero', text: '\0' };
/** Its first cells are good, and bytes among them. */
const BAD_AT_THE_END: StoreRecord = {
  kind: 'issued',
  chequebook: `0x${'1'.repeat(40)}`,
  beneficiary: `0x${'2'.repeat(40)}`,
  cumulative: 1n,
  signature: new Uint8Array(65),
  amount: 1,
  paymentId: 1,
  acceptedCumulative: 0n,
  remainder: 0n,
  ownCumulative: -1n,
};

test('batches come out as they went in, also through a clone, and one that is refused leaves nothing', () => {
  const batch = fc.record({ id: fc.nat(), records: fc.array(anyRecord, { maxLength: 4 }) }, PLAIN);
  const bad = fc.constantFrom(undefined, undefined, BAD, BAD_AT_THE_END);
  fc.assert(
    fc.property(fc.array(fc.tuple(batch, bad), { maxLength: 4 }), (batches) => {
      const packer = new BatchPacker();
      for (const [{ id, records }, bad] of batches) {
        if (bad === undefined) packer.add(id, records);
        else assert.throws(() => packer.add(id, [...records, bad]), { code: 'STORE_RECORD_INVALID' });
      }
      const good = batches.filter(([, bad]) => bad === undefined);
      const expected = good.map(([{ id, records }]) => ({
        id,
        rows: records.map((record) => ({ table: KINDS.indexOf(record.kind), row: encodeRecord(record) })),
      }));
      assert.equal(packer.isEmpty, good.length === 0);
      const found = unpackBatches(structuredClone(packer.packed));
      assert.deepEqual(plain(found), expected);
    }),
    { numRuns: 100 },
  );
});

test('bytes that change later were packed as they were', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const packer = new BatchPacker();
  packer.add(1, [{ kind: 'terms', neighbour: `0x${'3'.repeat(40)}`, side: 'mine', epoch: 1, bytes }]);
  bytes.fill(9);
  assert.deepEqual(plain(unpackBatches(packer.packed))[0]?.rows[0]?.row.at(-1), Uint8Array.of(1, 2, 3));
});

function plain(batches: ReturnType<typeof unpackBatches>) {
  return batches.map(({ id, rows }) => ({
    id,
    rows: rows.map(({ row, table }) => ({
      table,
      row: row.map((cell) => (typeof cell === 'object' ? Uint8Array.from(cell) : cell)),
    })),
  }));
}
