import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { parseConfig } from './load-config.ts';
import { creditFor, offer } from './offer.ts';

const facts = { bidPerMb: 0, chequebook: undefined };

/** payAt, dropAt and valueAt that a neighbour is offered under a configuration. */
function limits(text: string, askPerMb?: number, earned = 0): number[] {
  const config = parseConfig(text, '/x/wayleave.toml');
  const { payAt, dropAt, valueAt } = offer(config, config.neighbours[0], { ...facts, askPerMb, earned });
  return [payAt, dropAt, valueAt];
}

const value = '[packets]\nvalue_at_units = 100000\n';
const listed = `[[neighbour]]\naddress = "127.0.0.1:1"\n`;

describe('what a neighbour is offered', () => {
  const rows: [string, string, number | undefined, number[]][] = [
    ['a newcomer: 4 MB at the ask, and no value', '', 1_000, [1_000, 4_000, 0]],
    ['value on credit has room, in the same proportion', value, 1_000, [25_000, 100_000, 100_000]],
    ['also where nothing is sold', value, undefined, [50_000, 100_000, 100_000]],
    ['and takes none away where there is more', value, 100_000, [100_000, 400_000, 100_000]],
    [
      'a limit that was typed stands',
      `${value}[credit]\ndrop_at_units = 500\npay_at_units = 100`,
      1_000,
      [100, 500, 100_000],
    ],
    ['so does when to pay', `${value}[credit]\npay_at_units = 700`, 1_000, [700, 100_000, 100_000]],
    ['value granted to one', `${listed}value_at_units = 8000`, 1_000, [2_000, 8_000, 8_000]],
    ['what is paid ahead comes on top', `[packets]\nprepay_units = 50\n${listed}`, 1_000, [1_050, 4_050, 0]],
    ['no packets, no value', `[packets]\nenabled = false\nvalue_at_units = 9000`, 1_000, [1_000, 4_000, 0]],
  ];
  for (const [what, text, ask, expected] of rows) {
    it(what, () => assert.deepEqual(limits(text, ask), expected));
  }

  it('grows with what was earned, value as well', () => {
    assert.deepEqual(limits('', 1_000, 6_000), [2_500, 10_000, 6_000]);
  });
});

describe('what a neighbour may have paid and not made final', () => {
  const rows: [string, string, number, number][] = [
    ['200 MB at the ask', '', 1_000, 200_000],
    ['nothing where nothing is sold and no value granted', '', 0, 0],
    ['as much as value on credit, also where nothing is sold', value, 0, 100_000],
    ['more where more is sold', value, 1_000, 200_000],
    ['value granted to one', `${listed}value_at_units = 8000`, 0, 8_000],
    ['what was typed stands', `${value}[credit]\nrisk_at_units = 700`, 0, 700],
    ['also for one', `${value}${listed}risk_at_units = 70`, 0, 70],
    ['no packets, no value', `[packets]\nenabled = false\nvalue_at_units = 9000`, 0, 0],
  ];
  for (const [what, text, askPerMb, expected] of rows) {
    it(what, () => {
      const config = parseConfig(text, '/x/wayleave.toml');
      assert.equal(creditFor(config, config.neighbours[0], { askPerMb }).riskAt, expected);
    });
  }
});
