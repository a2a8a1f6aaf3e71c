import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { balanceOf, effectOf, unexplained } from './audit.ts';
import { type HistoryRow, type HistoryTotals, LinkHistory } from './history.ts';
import { EMPTY_TOTALS, grown } from './history-totals.fixture.ts';

const SPAN_MS = 1000;

/** The same three in all six. */
function each(three: readonly number[]): HistoryTotals {
  const of = three as unknown as HistoryTotals['provided'];
  const charged = { provided: of, consumed: of, providedBytes: of, consumedBytes: of };
  return { ...charged, providedCorrection: of, consumedCorrection: of, paid: 0, received: 0 };
}

describe('the history of a link', () => {
  test('charges of one span are one row, and a new span begins another', () => {
    const history = new LinkHistory(SPAN_MS);
    const one = { ...EMPTY_TOTALS, provided: [5, 0, 0], providedBytes: [50, 0, 0] } as const;
    const two = { ...one, provided: [7, 0, 0] } as const;
    const three = { ...two, provided: [7, 0, 1] } as const;
    history.durable(history.take(one, 100));
    const [grown] = history.take(two, 900);
    assert.deepEqual(
      [grown?.number, grown?.fromMs, grown?.toMs, grown?.events, grown?.provided, grown?.providedBytes],
      [1, 100, 900, 2, 7, 50],
    );
    history.durable(grown === undefined ? [] : [grown]);
    const later = history.take(three, 1100);
    assert.deepEqual(
      later.map(({ number, service, provided }) => [number, service, provided]),
      [[2, 'packets', 1]],
    );
    assert.equal(history.rows, 2);
  });

  test('what is known of a payment stands with it; what moves no counter has a row of its own', () => {
    const history = new LinkHistory(SPAN_MS);
    history.note({ entry: 'paid', wei: 10n, reference: 'book' });
    history.note({ entry: 'cashed', wei: 9n, gasWei: 1n, reference: 'tx-1' });
    history.note({ entry: 'cashed', wei: 8n, gasWei: 1n, reference: 'tx-2' });
    for (const entry of ['undone', 'redone'] as const)
      for (const reference of ['tx-3', 'tx-4']) history.note({ entry, wei: 7n, reference });
    history.note({ entry: 'dispute', reference: 'transit' });
    const rows = history.take({ ...EMPTY_TOTALS, paid: 4 }, 1);
    assert.deepEqual(
      rows.map(({ entry, paid, wei, reference }) => [entry, paid, wei, reference]),
      [
        ['paid', 4, 10n, 'book'],
        ['cashed', 0, 9n, 'tx-1'],
        ['cashed', 0, 8n, 'tx-2'],
        ['undone', 0, 7n, 'tx-3'],
        ['undone', 0, 7n, 'tx-4'],
        ['redone', 0, 7n, 'tx-3'],
        ['redone', 0, 7n, 'tx-4'],
        ['dispute', 0, 0n, 'transit'],
      ],
    );
  });

  test('payments on one contract share a row, and what went by another way is told apart', () => {
    const history = new LinkHistory(SPAN_MS);
    const pay = (paid: number, wei: bigint, reference: string) => {
      history.note({ entry: 'paid', wei, reference });
      return history.take({ ...EMPTY_TOTALS, paid }, paid);
    };
    pay(1, 10n, 'book-1');
    pay(3, 20n, 'tx-1');
    pay(6, 30n, 'book-1');
    const rows = pay(10, 40n, 'tx-2');
    assert.deepEqual(
      rows.map(({ number, events, paid, wei, reference }) => [number, events, paid, wei, reference]),
      [
        [1, 2, 4, 30n, 'book-1'],
        [2, 1, 2, 20n, 'tx-1'],
        [3, 1, 4, 40n, 'tx-2'],
      ],
    );
    history.durable(rows);
    history.note({ entry: 'dispute', reference: 'transit' });
    history.note({ entry: 'dispute', reference: 'packets' });
    assert.equal(history.take({ ...EMPTY_TOTALS, paid: 10 }, 11).length, 1, 'what a neighbour says makes no rows');
  });

  test('a correction is told for itself, signed', () => {
    const history = new LinkHistory(SPAN_MS);
    const [row, ...more] = history.take({ ...EMPTY_TOTALS, providedCorrection: [-3, 0, 0] }, 1);
    assert.deepEqual([row?.entry, row?.service, row?.provided, more.length], ['writeOff', 'transit', -3, 0]);
  });

  test('what is known of a payment is told once, and adds nothing to its row', () => {
    const history = new LinkHistory(SPAN_MS);
    history.note({ entry: 'received', wei: 10n, reference: 'book' });
    history.note({ entry: 'dispute', reference: 'transit' });
    const [received, dispute] = history.take({ ...EMPTY_TOTALS, received: 4 }, 1);
    assert.deepEqual([received?.events, received?.gasWei, dispute?.events], [1, 0n, 1]);
    const later = history.take({ ...EMPTY_TOTALS, received: 5 }, 2);
    assert.deepEqual(
      later.map(({ entry, events }) => [entry, events]),
      [
        ['received', 1],
        ['dispute', 1],
        ['received', 1],
      ],
    );
  });

  test('the same goes on in the next span, in a row of its own', () => {
    const history = new LinkHistory(SPAN_MS);
    history.durable(history.take({ ...EMPTY_TOTALS, paid: 3 }, 900));
    const [row, ...more] = history.take({ ...EMPTY_TOTALS, paid: 5 }, 1_000);
    assert.deepEqual([row?.number, row?.paid, row?.events, more.length], [2, 2, 1, 0]);
  });

  for (const s of [0, 1, 2] as const)
    for (const by of [1, -1])
      test(`all figures of service ${s} come to those of another one, by ${by}`, () => {
        const before = [5, 6, 7] as const;
        const value = before[(s + 3 + by) % 3] as number;
        const history = new LinkHistory(SPAN_MS, { rows: 0, totals: each(before) });
        const [charged, corrected] = history.take(each(before.map((is, at) => (at === s ? value : is))), 1);
        const grew = value - before[s];
        assert.deepEqual(
          [charged?.provided, charged?.consumed, charged?.providedBytes, charged?.consumedBytes],
          [grew, grew, grew, grew],
        );
        assert.deepEqual([corrected?.provided, corrected?.consumed], [grew, grew]);
      });

  test('it goes on from what the store remembers', () => {
    const history = new LinkHistory(SPAN_MS, { rows: 41, totals: { ...EMPTY_TOTALS, paid: 9 } });
    assert.deepEqual(history.take({ ...EMPTY_TOTALS, paid: 9 }, 1), []);
    assert.deepEqual(
      history.take({ ...EMPTY_TOTALS, paid: 10 }, 2).map(({ number, paid }) => [number, paid]),
      [[42, 1]],
    );
  });
});

/** What happens to an account, and whether the write of it succeeds, fails, or is the last before a crash. */
const steps = fc.array(
  fc.record({
    field: fc.constantFrom(
      'provided' as const,
      'consumed' as const,
      'providedBytes' as const,
      'consumedBytes' as const,
      'providedCorrection' as const,
      'consumedCorrection' as const,
      'paid' as const,
      'received' as const,
    ),
    service: fc.nat(2),
    by: fc.integer({ min: 0, max: 50 }),
    atMs: fc.integer({ min: 0, max: 10 * SPAN_MS }),
    outcome: fc.constantFrom('stored' as const, 'stored' as const, 'refused' as const, 'crash' as const),
  }),
  { maxLength: 40 },
);

test('whatever happens, is refused by the disk or lost in a crash: the rows on the disk add up to the record on it', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let totals = EMPTY_TOTALS;
      let history = new LinkHistory(SPAN_MS);
      const disk = { totals: EMPTY_TOTALS, historyRows: 0, rows: new Map<number, HistoryRow>() };
      for (const { field, service, by, atMs, outcome } of all) {
        totals = grown(totals, field, service, by);
        const rows = history.take(totals, atMs);
        if (outcome !== 'refused') {
          for (const row of rows) disk.rows.set(row.number, row);
          disk.totals = totals;
          disk.historyRows = history.rows;
        }
        if (outcome === 'stored') history.durable(rows);
        if (outcome === 'crash') {
          totals = disk.totals;
          history = new LinkHistory(SPAN_MS, { rows: disk.historyRows, totals });
        }
        const found = [...disk.rows.values()];
        assert.deepEqual(unexplained(found, disk.totals), []);
        assert.equal(
          found.reduce((sum, row) => sum + effectOf(row), 0),
          balanceOf(disk.totals),
        );
        assert.equal(Math.max(0, ...disk.rows.keys()), disk.rows.size);
      }
    }),
    { numRuns: 300 },
  );
});
