import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runScenario } from './run-scenario.ts';
import { parseScenario } from './scenario-format.ts';

const silkRoad = readFileSync(new URL('../../examples/silk-road.json', import.meta.url), 'utf8');

type Json = Record<string, unknown>;
const changed = (change: (scenario: Json) => void): string => {
  const scenario = JSON.parse(silkRoad) as Json;
  change(scenario);
  return JSON.stringify(scenario);
};

describe('a scenario', () => {
  it("gives every counter of the seed's two examples", async () => {
    const result = await runScenario(parseScenario(silkRoad));
    assert.deepEqual(
      result.checks.filter(({ ok }) => !ok),
      [],
    );
    assert.equal(result.checks.length, 25);
    assert.deepEqual(
      result.links.map(({ counter, settlements }) => [counter, settlements]),
      [
        [6800, 1],
        [6295, 1],
        [235, 0],
      ],
    );
  });

  it('splits change exactly where the server is told to, so that nothing is left over', async () => {
    const result = await runScenario(
      parseScenario(
        changed((scenario) => {
          (scenario['nodes'] as Json[])[3] = { name: 'D', serve: { price: 200, replies: 100, split: 'exact' } };
          scenario['steps'] = [{ request: { from: 'A', to: 'D', value: 10_000 } }];
        }),
      ),
    );
    assert.deepEqual(
      result.links.map(({ counter }) => counter),
      [6765, 6260, 200],
    );
  });

  it('takes a settlement in the middle: counters may go negative, what everybody made is the same', async () => {
    const result = await runScenario(
      parseScenario(
        changed((scenario) => {
          scenario['steps'] = [
            { send: { from: 'A', to: 'D', value: 100, count: 1000 } },
            { settle: 'all' },
            { send: { from: 'D', to: 'A', value: 35_000 } },
          ];
        }),
      ),
    );
    assert.deepEqual(
      result.links.map(({ counter }) => counter),
      [-34_935, -34_940, -35_000],
    );
    assert.deepEqual(
      result.nodes.map(({ net }) => net),
      [-65_065, 5_005, 60_060, 0],
    );
  });

  it('settles a counter by itself when it is large, in either direction, and says how often and how large', async () => {
    const result = await runScenario(
      parseScenario(
        changed((scenario) => {
          scenario['settleAt'] = 10_000;
          scenario['steps'] = [{ send: { from: 'A', to: 'D', value: 100, count: 1000 } }];
        }),
      ),
    );
    const [first, , last] = result.links;
    assert.deepEqual([first?.settlements, first?.settled, first?.counter, first?.peak], [10, 100_000, 0, 10_000]);
    assert.deepEqual([last?.settlements, last?.settled, last?.counter, last?.peak], [3, 30_030, 4_970, 10_010]);
  });

  it('says false where an expectation is not met', async () => {
    const result = await runScenario(
      parseScenario(changed((scenario) => (scenario['steps'] as Json[]).push({ expect: { counters: { 'A-b': 1 } } }))),
    );
    assert.equal(result.ok, false);
    assert.deepEqual(
      result.checks.filter(({ ok }) => !ok).map(({ expected, actual }) => [expected, actual]),
      [[1, 6800]],
    );
  });
});

describe('a scenario with a mistake', () => {
  const mistakes: [string, string][] = [
    ['no JSON', '{'],
    ['another schema', changed((scenario) => (scenario['schema'] = 2))],
    ['a key that means nothing', changed((scenario) => (scenario['node'] = []))],
    ['a link to nobody', changed((scenario) => (scenario['links'] = [{ a: 'A', b: 'Z', valueAt: 1 }]))],
    ['a node twice', changed((scenario) => (scenario['nodes'] as Json[]).push({ name: 'A' }))],
    ['a negative value', changed((scenario) => (scenario['steps'] = [{ send: { from: 'A', to: 'D', value: -1 } }]))],
    ['a fraction', changed((scenario) => (scenario['steps'] = [{ send: { from: 'A', to: 'D', value: 0.5 } }]))],
    ['a settlement of a part', changed((scenario) => (scenario['steps'] = [{ settle: ['A-b'] }]))],
    ['two links of a pair', changed((scenario) => (scenario['links'] as Json[]).push({ a: 'b', b: 'A', valueAt: 1 }))],
    ['a step of two kinds', changed((scenario) => (scenario['steps'] = [{ settle: 'all', expect: {} }]))],
  ];
  for (const [what, text] of mistakes) {
    it(`is refused: ${what}`, () => {
      assert.throws(() => parseScenario(text), { code: 'SCENARIO_INVALID' });
    });
  }
});

describe('the scenario in the documentation', () => {
  it('is accepted and comes out as it says, queues and windows on the way included', async () => {
    const page = readFileSync(new URL('../../docs/packets.md', import.meta.url), 'utf8');
    const [, text = ''] = /```json\n([^`]+)```/.exec(page) ?? [];
    const { checks, nodes } = await runScenario(parseScenario(text));
    assert.deepEqual(
      checks.filter(({ ok }) => !ok),
      [],
    );
    assert.equal(nodes[0]?.delivered, 100);
  });
});
