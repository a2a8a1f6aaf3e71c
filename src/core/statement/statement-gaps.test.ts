import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readyAccount } from '../ledger/account-pair.fixture.ts';
import { RepricedAllowance } from '../terms/repriced-allowance.ts';
import type { Statement } from './statement.ts';
import { type FoundGap, GapBook, type MyCut } from './statement-gaps.ts';
import { STATED } from './statement-pair.fixture.ts';

const MINE: MyCut = {
  totals: { provided: [100, 100, 100], consumed: [50, 50, 50], providedBytes: [9, 9, 9], consumedBytes: [5, 5, 5] },
  ...{ paid: 30, received: 40, slack: 0 },
};
const AGREES: Statement = {
  ...{
    ...STATED,
    consumed: [100, 100, 100],
    provided: [50, 50, 50],
    consumedBytes: [9, 9, 9],
    providedBytes: [5, 5, 5],
  },
  ...{ received: 30, paid: 40 },
};

function book(): (change?: Partial<Statement>, mine?: Partial<MyCut>) => string[] {
  const gaps = new GapBook(new RepricedAllowance(readyAccount()));
  return told(gaps);
}
const told =
  (gaps: GapBook) =>
  (change: Partial<Statement> = {}, mine: Partial<MyCut> = {}): string[] =>
    gaps.compare({ ...AGREES, ...change }, { ...MINE, ...mine }).map(inWords);
const inWords = ({ cause, service, side, total, units }: FoundGap): string =>
  `${service} ${side} ${units} of ${total} ${cause}`;

test('a difference is told when it is new, by how much it grew, and never again', () => {
  const compare = book();
  assert.deepEqual(compare(), []);
  assert.deepEqual(compare({ consumed: [99, 100, 100] }), ['transit provided 1 of 1 pricing']);
  assert.deepEqual(compare({ consumed: [99, 100, 100] }), []);
  assert.deepEqual(compare({ consumed: [97, 100, 100], provided: [50, 51, 50] }), [
    ...['transit provided 2 of 3 pricing', 'chunks consumed 1 of 1 pricing'],
  ]);
});

test('what was counted apart is metering once, and pricing where the same bytes are charged apart', () => {
  const compare = book();
  const less = { consumed: [90, 100, 100], consumedBytes: [8, 9, 9] } as const;
  assert.deepEqual(compare(less), ['transit provided 10 of 10 metering']);
  assert.deepEqual(compare({ ...less, consumed: [80, 100, 100] }), ['transit provided 10 of 20 pricing']);
  assert.deepEqual(compare({ consumed: [70, 100, 100], consumedBytes: [7, 9, 9] }), [
    'transit provided 10 of 30 metering',
  ]);
});

test('payments are compared from the second statement of a connection on, in both directions, less the rounding', () => {
  const denied = { received: 29 };
  const invented = { paid: 41 };
  for (const [lie, units] of [
    [denied, 1],
    [invented, 1],
    [{ ...denied, paid: 43 }, 3],
  ] as const) {
    const compare = book();
    assert.deepEqual(compare(lie), [], 'it may have been so before');
    const later = book();
    later();
    assert.deepEqual(later(lie), [`none payments ${units} of ${units} payments`]);
    assert.deepEqual(later(lie), []);
    const rounded = book();
    rounded();
    assert.deepEqual(rounded(lie, { slack: units }), []);
  }
});

test('what stays open is added up, and a new connection starts from nothing', () => {
  const gaps = new GapBook(new RepricedAllowance(readyAccount()));
  const compare = told(gaps);
  assert.equal(gaps.open, 0);
  compare({ consumed: [90, 95, 100] });
  assert.equal(gaps.open, 15);
  gaps.opened(false);
  assert.equal(gaps.open, 0);
  assert.deepEqual(compare({ consumed: [90, 100, 100], received: 0 }), ['transit provided 10 of 10 pricing']);
  assert.deepEqual(compare({ consumed: [90, 100, 100], received: 0 }), [], 'payments stood so with the first');
  gaps.opened(true);
  assert.deepEqual(compare({ consumed: [90, 100, 100] }), [], 'one of the two was restored');
  assert.deepEqual(compare({ consumed: [89, 100, 100] }), ['transit provided 1 of 11 pricing']);
});
