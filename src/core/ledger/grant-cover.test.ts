import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { serviceColumn } from '../service.ts';
import { Column } from './columns.ts';
import { GrantCover } from './grant-cover.ts';
import { Ledger } from './ledger.ts';

/** A unit a byte. */
const PRICE = 1_000_000;
const COLUMN = serviceColumn.chunks;

/** A link that may owe 4,000 units, under a lease of a million. */
function covered(dropAt = 4_000) {
  const ledger = new Ledger();
  ledger.addLink();
  const row = ledger.addLink();
  ledger.setLimit(row, 'dropAt', dropAt);
  ledger.setLimit(row, 'leaseLeft', 1_000_000);
  return {
    ledger,
    row,
    cover: new GrantCover(ledger, row, COLUMN),
    held: () => ledger.get(row, Column.heldProvide),
    charged: () => ledger.get(row, Column.provided + COLUMN),
  };
}

test('one hold covers all that is granted, shrinks by what arrives, and ends with it', () => {
  const { charged, cover, held } = covered();
  assert.deepEqual([cover.holds, held()], [false, 0]);
  cover.grant(1_000, PRICE);
  cover.grant(500, PRICE);
  assert.deepEqual([cover.holds, held()], [true, 1_500]);
  cover.arrived(600, 600);
  assert.deepEqual([held(), charged()], [900, 600]);
  cover.arrived(900, 900);
  assert.deepEqual([cover.holds, held(), charged()], [false, 0, 1_500]);
});

test('what is granted already takes of the room for more, and a unit is kept', () => {
  const { cover, ledger, row } = covered();
  assert.equal(cover.roomFor(10_000, PRICE), 3_998);
  assert.equal(cover.roomFor(3_000, PRICE), 3_000);
  cover.grant(3_000, PRICE);
  assert.deepEqual([cover.roomFor(10_000, PRICE), cover.roomFor(5, PRICE)], [998, 5]);
  cover.grant(998, PRICE);
  assert.equal(cover.roomFor(10, PRICE), 0);
  cover.forget();
  assert.equal(cover.roomFor(2 ** 30, 0), 2 ** 21, 'at most 2 MiB, also for nothing');
  cover.grant(3_000, PRICE);
  ledger.setLimit(row, 'dropAt', 2_000);
  assert.equal(cover.roomFor(10, PRICE), 0, 'a lowered limit takes no grant back, and gives none');
});

test('what was granted for nothing is held for at no cost, and charged if it costs something by then', () => {
  const { charged, cover, held } = covered();
  cover.grant(1_000, 0);
  assert.deepEqual([cover.holds, held()], [false, 0]);
  cover.arrived(400, 0);
  cover.arrived(600, 60);
  assert.deepEqual([held(), charged()], [0, 60]);
});

test('what arrives beyond what is held, or was granted, is charged all the same', () => {
  const { charged, cover, held } = covered();
  cover.grant(100, PRICE);
  cover.arrived(50, 150);
  assert.deepEqual([cover.holds, held(), charged()], [true, 0, 150]);
  cover.arrived(50, 0);
  assert.deepEqual([cover.holds, held()], [false, 0]);
  cover.arrived(10, 10);
  cover.grant(20, PRICE);
  assert.deepEqual([held(), charged()], [20, 160]);
});

test('as much is held as a lowered limit lets through', () => {
  const { cover, held, ledger, row } = covered();
  cover.grant(1_000, PRICE);
  ledger.setLimit(row, 'dropAt', 700);
  cover.grant(1, PRICE);
  assert.equal(held(), 700);
  ledger.setLimit(row, 'dropAt', 0);
  cover.grant(1, PRICE);
  assert.deepEqual([cover.holds, held()], [false, 0]);
});

test('a piece served between fills up the millionths: a unit more is held, unless a limit has no room for it', () => {
  const third = 333_333;
  const { cover, held, ledger, row } = covered();
  cover.grant(3, third);
  assert.equal(held(), 1);
  cover.served(third, 0);
  assert.equal(held(), 1);
  cover.served(third, 1);
  assert.equal(held(), 1, 'a millionth short of a unit');
  cover.served(third, 999_999);
  assert.equal(held(), 1, 'and of two');
  cover.served(3 * third, 0);
  assert.equal(held(), 2, 'at another price');
  ledger.setLimit(row, 'dropAt', 2);
  cover.served(PRICE, 0);
  assert.equal(held(), 2);
  ledger.setLimit(row, 'dropAt', 3);
  cover.served(PRICE, 0);
  assert.equal(held(), 3);
});

test('what is forgotten is held for no longer, and what comes late is charged on its own', () => {
  const { charged, cover, held } = covered();
  cover.grant(1_000, PRICE);
  cover.forget();
  assert.deepEqual([cover.holds, held()], [false, 0]);
  cover.arrived(10, 10);
  cover.grant(5, PRICE);
  assert.deepEqual([held(), charged()], [5, 10]);
});

test('over any grants and arrivals that fit: what is held and owed stays within the limit, and all is let go at the end', () => {
  const step = fc.record({ wanted: fc.integer({ min: 1, max: 3_000 }), arrives: fc.integer({ min: 0, max: 3_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { charged, cover, held } = covered();
      let granted = 0;
      for (const { arrives, wanted } of steps) {
        const more = cover.roomFor(wanted, PRICE);
        if (more > 0) cover.grant(more, PRICE);
        granted += more;
        const bytes = Math.min(arrives, granted);
        cover.arrived(bytes, bytes);
        granted -= bytes;
        assert.equal(held(), granted);
        assert.ok(held() + charged() <= 4_000);
      }
      cover.arrived(granted, granted);
      assert.deepEqual([cover.holds, held()], [false, 0]);
    }),
    { numRuns: 100 },
  );
});
