import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { balanceOf, effectOf, unexplained } from './audit.ts';
import { type HistoryTotals, LinkHistory } from './history.ts';
import { EMPTY_TOTALS, grown } from './history-totals.fixture.ts';

/** No figure is another, nor the sum of others. */
const ACCOUNT: HistoryTotals = {
  provided: [1_001, 2_003, 4_007],
  consumed: [8_017, 16_033, 32_069],
  providedBytes: [11, 12, 13],
  consumedBytes: [14, 15, 16],
  providedCorrection: [-101, 205, -411],
  consumedCorrection: [823, -1_649, 3_301],
  paid: 65_537,
  received: 131_101,
};
const ROWS = new LinkHistory(1_000).take(ACCOUNT, 1);
/** What everybody owes everybody, added up by hand. */
const BALANCE = 1_001 + 2_003 + 4_007 - 101 + 205 - 411 - (8_017 + 16_033 + 32_069 + 823 - 1_649 + 3_301) - 65_564;

test('the link counter is what was given less what was taken, corrections included', () => {
  assert.equal(balanceOf(ACCOUNT), BALANCE);
  assert.equal(
    ROWS.reduce((sum, row) => sum + effectOf(row), 0),
    BALANCE,
  );
});

describe('an account that its history does not explain', () => {
  test('there is nothing to say of one that it does', () => {
    assert.deepEqual(unexplained(ROWS, ACCOUNT), []);
  });

  const cases: readonly [field: keyof HistoryTotals, figure: (service: string) => string, counter: number][] = [
    ['provided', (service) => `${service} provided`, 1],
    ['consumed', (service) => `${service} consumed`, -1],
    ['providedBytes', (service) => `${service} bytes provided`, 0],
    ['consumedBytes', (service) => `${service} bytes consumed`, 0],
    ['providedCorrection', (service) => `${service} provided`, 1],
    ['consumedCorrection', (service) => `${service} consumed`, -1],
  ];
  for (const [field, figure, counter] of cases)
    for (const [s, service] of ['transit', 'chunks', 'packets'].entries())
      test(`differs by ${field} of ${service}`, () => {
        const account = grown(ACCOUNT, field, s, 7);
        assert.deepEqual(
          unexplained(ROWS, account).map((each) => [each.figure, each.account - each.rows]),
          [[figure(service), 7], ...(counter === 0 ? [] : [['balance', 7 * counter]])],
        );
      });

  for (const [field, counter] of [
    ['paid', 1],
    ['received', -1],
  ] as const)
    test(`differs by what was ${field}`, () => {
      assert.deepEqual(
        unexplained(ROWS, grown(ACCOUNT, field, 0, 7)).map((each) => [each.figure, each.account - each.rows]),
        [
          [field, 7],
          ['balance', 7 * counter],
        ],
      );
    });

  test('both figures are told', () => {
    assert.deepEqual(unexplained([], { ...EMPTY_TOTALS, paid: 7 }), [
      { figure: 'paid', rows: 0, account: 7 },
      { figure: 'balance', rows: 0, account: 7 },
    ]);
  });
});
