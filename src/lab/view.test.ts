import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { LabResult } from './check.ts';
import type { LinkFigures } from './link-figures.ts';
import { renderTable } from './table.ts';
import { painter } from './terminal.ts';
import { type Picture, renderLine, renderView, VIEW_COLUMNS } from './view.ts';

const plain = painter(false);

const link = (change: Partial<LinkFigures> = {}): LinkFigures => ({
  ...{ a: 'C', b: 'D', connected: true, pricePerMb: 11_132, bytes: 17_300_000, debt: 5_210 },
  ...{ payAt: 11_132, dropAt: 44_528, state: 'open', sent: 17, cashed: 1 },
  ...change,
});

const picture = (change: Partial<Picture> = {}): Picture => ({
  seconds: 75.4,
  transfers: [
    {
      ...{ node: 'D', path: ['D', 'C', 'B', 'A'], bytes: 12_000_000, totalBytes: 24_000_000, mbitPerS: 19.84 },
      ...{ run: 2, whole: 1, waiting: false },
    },
  ],
  links: [link()],
  paused: false,
  news: ['   7 s  D stops paying'],
  ...change,
});

const rowOf = (lines: readonly string[]): string => lines.find((each) => each.includes('C → D')) ?? '';
const filled = (line: string): number => line.split('█').length - 1;

describe('the live screen', () => {
  it('shows path, progress, price, bytes, counter, state and payments', () => {
    const text = renderView(picture(), plain).join('\n');
    for (const part of ['D → C → B → A → internet', '12.0 of 24.0 MB', '19.8 Mbit/s', '1:15', 'D stops paying']) {
      assert.ok(text.includes(part), part);
    }
    assert.match(rowOf(renderView(picture(), plain)), /11132\s+17\.3\s.*│.*\s5210\s+open\s+17\/1/);
  });

  it('stays within 80 columns, whatever the figures', () => {
    const wide = picture({
      seconds: 360_000,
      links: [
        link({ bytes: 99_999_900_000, debt: -9_999_999, sent: 9_999, cashed: 999, state: 'throttled' }),
        link({ pricePerMb: 2 ** 31 - 1, connected: false, debt: 1_000_000 }),
        link({ pricePerMb: undefined, bytes: 0, dropAt: 0, payAt: 0, debt: 0 }),
      ],
      paused: true,
      news: ['x'.repeat(200)],
    });
    for (const line of renderView(wide, painter(true))) {
      assert.ok(stripVTControlCharacters(line).length <= VIEW_COLUMNS, line);
    }
  });

  it('fills the bar from 0 to dropAt and no further, with payAt marked where it is', () => {
    const bar = (debt: number): string => rowOf(renderView(picture({ links: [link({ debt })] }), plain));
    assert.equal(filled(bar(-5)), 0);
    assert.equal(filled(bar(0)), 0);
    assert.ok(filled(bar(22_264)) > filled(bar(5_210)));
    assert.equal(filled(bar(44_528)), filled(bar(999_999)));
    assert.equal(bar(0).indexOf('│'), bar(44_528).indexOf('│'));
  });

  it('swings from the middle to either end where service is exchanged', () => {
    const bar = (debt: number): string => {
      const lines = renderView(picture({ barter: true, links: [link({ debt })] }), plain);
      return lines.find((each) => each.includes('C ↔ D')) ?? '';
    };
    const even = bar(0);
    assert.equal(filled(even), 0);
    assert.ok(bar(22_264).indexOf('█') > even.indexOf('│'));
    assert.ok(bar(-22_264).indexOf('█') < even.indexOf('│'));
    assert.equal(filled(bar(44_528)), filled(bar(999_999)));
    assert.ok(filled(bar(-999_999)) > filled(bar(-22_264)));
    assert.match(renderView(picture({ barter: true }), plain).join('\n'), /holds the user at D/);
  });

  it('has colour only where there is a terminal', () => {
    assert.ok(renderView(picture(), painter(true)).some((line) => line.includes('\u001b[')));
    assert.ok(renderView(picture(), plain).every((line) => !line.includes('\u001b')));
  });

  it('says how to let it pay again while it is paused', () => {
    assert.match(renderView(picture({ paused: true }), plain).at(-1) ?? '', /paused.*p lets it pay again/);
  });

  it('keeps the figures, the newest news and the keys in a low terminal', () => {
    const news = ['   1 s  old', '   2 s  new'];
    const all = renderView(picture({ news }), plain);
    assert.deepEqual(renderView(picture({ news }), plain, all.length), all);
    const lower = renderView(picture({ news }), plain, all.length - 1);
    assert.deepEqual(
      lower,
      all.filter((line) => !line.includes('old')),
    );
    for (let rows = 1; rows < all.length; rows += 1) {
      const lines = renderView(picture({ news }), plain, rows);
      assert.deepEqual([lines.length, lines.at(-1)], [rows, all.at(-1)]);
    }
  });

  it('is one plain line in a log', () => {
    const line = renderLine(picture({ links: [link({ state: 'choked' })], paused: true }));
    assert.equal(line, "1:15  D 12.0/24.0 MB  C→D 5210 choked 17 payments; D's payments paused");
  });
});

const result: LabResult = {
  ...{ schema: 1, scenario: 'neighbourhood', seed: 1, settlement: 'cheque', ok: true, conservation: 0 },
  nodes: ['A', 'B', 'C', 'D', 'E'].map((name) => ({
    ...{ name, address: '0x00', earned: 99_283_384, spent: 90_246_421 },
    ...{ chainBefore: String(50n * 10n ** 18n), chainAfter: String(50n * 10n ** 18n - 20_000n), gas: '20000' },
  })),
  links: ['A–B', 'B–C', 'C–D', 'B–E', 'C–E'].map((name) => ({
    ...{ a: name[0] ?? '', b: name[2] ?? '', pricePerMb: 11_132, bytes: 9_928_001_226, balanceA: 10_603 },
    ...{ balanceB: -10_603, writeOffA: 0, writeOffB: 0, chequesIssued: 999, chequesCashed: 99 },
    ...{ bytesFromA: 24_000_000, bytesFromB: 500_000 },
    ...{ paid: 99_000_000, settledOnChain: 98 },
  })),
  transfer: { bytes: 24_000_000, sha256: 'aa', ok: true, seconds: 9.6 },
  checks: [{ id: 'conservation', expected: 0, actual: 0, ok: true }],
};

describe('the closing table', () => {
  it('tells who earned what, both ends of every link, the chain and the sum, in 80 columns', () => {
    const lines = renderTable(result, painter(true)).map(stripVTControlCharacters);
    for (const line of lines) assert.ok(line.length <= VIEW_COLUMNS, line);
    const text = lines.join('\n');
    for (const part of [
      '+9,036,963',
      'C +10,603',
      'D -10,603',
      '5,000,000,000',
      'write-offs: 0',
      'gas added back: 0 wei',
      '24,000,000 bytes in 9.6 s, 20 Mbit/s',
      'All 1 checks hold.',
    ]) {
      assert.ok(text.includes(part), part);
    }
  });

  it('names every check that does not hold, and no file where none arrived', () => {
    const bad = { id: 'link.A-B.agree', expected: -5, actual: 6, ok: false };
    const transfer = { bytes: 0, sha256: '', ok: false, seconds: 0 };
    const text = renderTable({ ...result, ok: false, checks: [...result.checks, bad], transfer }, plain).join('\n');
    assert.ok(text.includes('1 of 2 checks do not hold:\n  link.A-B.agree: expected -5, found 6'));
    assert.ok(text.includes('No file arrived whole.'));
  });
});
