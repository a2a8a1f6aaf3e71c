import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type FoundTransfer, lookedAt, matured, NO_TRANSFERS, type TransferBook, undoneUnits } from './transfers.ts';

const ratio = { numerator: 10n, denominator: 1n };
const found = (key: string, block: number, wei = 25n): FoundTransfer => ({ key, block, wei });

/** A payer's book, fed step by step. */
function bed() {
  const state: { book: TransferBook; credited: number; undone: number; again: number } = {
    book: NO_TRANSFERS,
    credited: 0,
    undone: 0,
    again: 0,
  };
  return {
    state,
    look(fromBlock: number, ...seen: FoundTransfer[]) {
      const { book, undoneUnits: units } = lookedAt(state.book, fromBlock, seen);
      state.book = book;
      state.undone += units;
      return units;
    },
    ripen(headBlock: number, confirmations = 3) {
      const { book, newUnits, againUnits, keys } = matured(state.book, { headBlock, confirmations, ratio });
      state.book = book;
      state.credited += newUnits;
      state.again += againUnits;
      return { newUnits, againUnits, keys };
    },
  };
}

describe('payments by transfer', () => {
  test('count from the last of so many blocks on, their own included', () => {
    const { look, ripen } = bed();
    look(10, found('a', 10));
    assert.equal(ripen(11).newUnits, 0);
    assert.deepEqual(ripen(12), { newUnits: 2, againUnits: 0, keys: ['a'] });
    assert.equal(ripen(13).newUnits, 0, 'once');
  });

  test('carry what is not worth a unit to the next one', () => {
    const { look, ripen, state } = bed();
    look(1, found('a', 1), found('b', 1));
    assert.equal(ripen(9).newUnits, 5);
    assert.equal(state.book.creditedWei, 50n);
  });

  test('only seen and gone again: forgotten', () => {
    const { look, ripen, state } = bed();
    look(10, found('a', 10));
    assert.equal(look(9), 0);
    assert.deepEqual([ripen(99).newUnits, state.book.recent.length], [0, 0]);
  });

  test('credited and gone: taken back; there again: counted again, once, when it is deep enough again', () => {
    const { look, ripen, state } = bed();
    look(10, found('a', 10));
    ripen(12);
    assert.equal(look(9), 2);
    assert.equal(undoneUnits(state.book), 2);
    assert.equal(ripen(99).againUnits, 0, 'nowhere is not deep');
    look(13, found('a', 14));
    assert.equal(ripen(15).againUnits, 0);
    assert.deepEqual(ripen(16), { newUnits: 0, againUnits: 2, keys: ['a'] });
    assert.equal(undoneUnits(state.book), 0);
    assert.equal(state.book.creditedWei, 25n);
  });

  test('mined again in another block before it counted, it waits from there', () => {
    const { look, ripen } = bed();
    look(10, found('a', 10));
    look(9, found('a', 12));
    assert.equal(ripen(13).newUnits, 0);
    assert.equal(ripen(14).newUnits, 2);
  });

  test('a book stays small, and knows the last payments', () => {
    const { look, ripen, state } = bed();
    for (let block = 1; block <= 1000; block += 1) {
      look(block, found(`payment ${block}`, block));
      ripen(block + 2);
    }
    assert.ok(state.book.recent.length < 160);
    assert.equal(state.book.recent.at(-1)?.key, 'payment 1000');
    assert.equal(state.credited, 2500);
  });

  test('over any blocks and reorganisations: what counts is what stands deep enough, each payment once', () => {
    const step = fc.record({
      depth: fc.nat({ max: 6 }),
      payments: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
      missed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { look, ripen, state } = bed();
        const confirmations = 3;
        /** What each block holds. */
        let chain: string[][] = [];
        let searched = 0;
        for (const { depth, payments, missed } of steps) {
          const cut = Math.max(0, chain.length - depth);
          const lost = chain.slice(cut).flat();
          chain = [...chain.slice(0, cut), ...Array.from({ length: depth }, (): string[] => [])];
          const standing = new Set(chain.flat());
          const fresh = payments.map((each) => `p${each}`).filter((key) => !standing.has(key));
          chain.push([...new Set([...(missed ? [] : lost), ...fresh])]);
          // Searched again from below the fork, as after a reorganisation.
          const from = depth > 0 ? Math.min(cut, searched) : searched;
          look(from, ...chain.slice(from).flatMap((keys, at) => keys.map((key) => found(key, from + at, 20n))));
          searched = chain.length;
          ripen(chain.length - 1, confirmations);
          const deep = new Set(chain.slice(0, Math.max(0, chain.length - confirmations + 1)).flat());
          const counts = new Set(state.book.recent.filter((each) => each.state === 'credited').map(({ key }) => key));
          for (const key of deep) assert.ok(counts.has(key), `${key} stands deep and does not count`);
          for (const key of counts) assert.ok(chain.flat().includes(key), `${key} counts and does not stand`);
          assert.equal(state.credited + state.again - state.undone, counts.size * 2);
          assert.equal(undoneUnits(state.book), state.undone - state.again);
        }
      }),
      { numRuns: 300 },
    );
  });
});
