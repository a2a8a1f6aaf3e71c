import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Store, type StoreRecord, UNFOLDED_ROWS } from '../../src/store/store.ts';
import { historyIn, keyOf, link, row, stateOf } from './store-records.ts';

const EVER = Number.MAX_SAFE_INTEGER;

/** What every store must do with the history of links. `open` gives a new, empty store. */
export function explains(open: () => Promise<Store>): void {
  const opened = async (use: (store: Store) => Promise<void>) => {
    const store = await open();
    try {
      await use(store);
    } finally {
      await store.close();
    }
  };
  const all = (n: number) => ({ neighbour: keyOf(n), sinceMs: 0, untilMs: EVER, limit: 1000 });

  test('history comes back row by row, beside the account it explains, and load knows nothing of it', () =>
    opened(async (store) => {
      const rows = [row(1, 1, { provided: 5 }), row(1, 2, { wei: 2n ** 255n, reference: '0xab' })];
      await store.commit([...rows, row(2, 1, { paid: 7 }), { ...link(1, 5), historyRows: 2 }]);
      const view = await store.history(all(1));
      assert.deepEqual(view, { link: { ...link(1, 5), historyRows: 2 }, before: [], rows, after: [] });
      assert.deepEqual(await store.history(all(3)), { link: undefined, before: [], rows: [], after: [] });
      assert.deepEqual(await store.load(), stateOf([{ ...link(1, 5), historyRows: 2 }]));
    }));

  test('a row that is written again is replaced', () =>
    opened(async (store) => {
      await store.commit([row(1, 1, { provided: 5 })]);
      await store.commit([row(1, 1, { provided: 8 })]);
      assert.deepEqual((await store.history(all(1))).rows, [row(1, 1, { provided: 8 })]);
    }));

  test('pages hold every row once, in order', () =>
    opened(async (store) => {
      const rows = [3, 1, 2].flatMap((n) => [2, 10, 1].map((number) => row(n, number)));
      await store.commit(rows);
      const seen: StoreRecord[] = [];
      for (let after: ReturnType<typeof row> | undefined; ; ) {
        const page = await store.historyPage(2, after);
        seen.push(...page);
        after = page.at(-1);
        if (after === undefined) break;
      }
      assert.deepEqual(seen, historyIn(rows));
    }));

  test('whatever range is asked for, what lies before and behind is summed by service', () =>
    opened(async (store) => {
      const fields = fc.record({
        toMs: fc.integer({ min: 0, max: 9 }),
        service: fc.constantFrom('' as const, 'transit' as const, 'chunks' as const),
        provided: fc.integer({ min: -1000, max: 1000 }),
        paid: fc.integer({ min: 0, max: 1000 }),
      });
      let n = 10;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fields, { maxLength: 12 }),
          fc.nat(10),
          fc.nat(10),
          async (drawn, sinceMs, untilMs) => {
            n += 1;
            const rows = drawn.map((each, index) => row(n, index + 1, { ...each, fromMs: each.toMs }));
            await store.commit(rows);
            const view = await store.history({ neighbour: keyOf(n), sinceMs, untilMs, limit: 1000 });
            const end = Math.max(sinceMs, untilMs);
            assert.deepEqual(
              view.rows,
              rows.filter(({ toMs }) => toMs >= sinceMs && toMs < untilMs),
            );
            assert.deepEqual(view.before, sums(rows.filter(({ toMs }) => toMs < sinceMs)));
            assert.deepEqual(view.after, sums(rows.filter(({ toMs }) => toMs >= end)));
          },
        ),
        { numRuns: 30 },
      );
    }));

  test('folding keeps the sums and the newest rows', () =>
    opened(async (store) => {
      const count = UNFOLDED_ROWS + 10;
      const rows = Array.from({ length: count }, (_, i) =>
        row(1, i + 1, i % 3 === 0 ? { service: '', entry: 'paid', paid: i } : { provided: i, consumed: 2 * i }),
      );
      const other = row(2, 1, { provided: 3 });
      await store.commit([...rows, other, { ...link(1, 0), historyRows: count }, { ...link(2, 3), historyRows: 1 }]);
      const old = rows.slice(0, 8);
      for (const beforeMs of [9_000, 9_000, EVER, EVER]) {
        await store.foldHistory(keyOf(1), beforeMs);
        const folded = beforeMs === EVER ? rows.slice(0, 10) : old;
        const left = rows.slice(folded.length);
        assert.deepEqual(
          (await store.history(all(1))).rows,
          [...sums(folded), ...left].sort((a, b) => a.number - b.number),
        );
      }
      await store.foldHistory(keyOf(2), EVER);
      assert.deepEqual((await store.history(all(2))).rows, [other]);
    }));
}

/** What the port says of a sum: one row a service, and one for money. */
function sums(rows: readonly ReturnType<typeof row>[]): ReturnType<typeof row>[] {
  const of = (group: readonly ReturnType<typeof row>[]) => {
    const sum = (field: 'events' | 'provided' | 'consumed' | 'paid' | 'received') =>
      group.reduce((total, each) => total + each[field], 0);
    const { neighbour, service } = group[0] as ReturnType<typeof row>;
    return row(Number(neighbour), Math.max(...group.map(({ number }) => number)), {
      entry: 'opening',
      service,
      fromMs: Math.min(...group.map(({ fromMs }) => fromMs)),
      toMs: Math.max(...group.map(({ toMs }) => toMs)),
      events: sum('events'),
      provided: sum('provided'),
      consumed: sum('consumed'),
      paid: sum('paid'),
      received: sum('received'),
    });
  };
  const groups = Map.groupBy(rows, ({ service }) => service);
  return [...groups.values()].map(of).sort((a, b) => (a.service < b.service ? -1 : 1));
}
