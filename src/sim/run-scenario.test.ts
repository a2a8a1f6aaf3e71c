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
    assert.equal(result.checks.length, 47);
    assert.deepEqual(
      result.links.map(({ counter, settlements }) => [counter, settlements]),
      [
        [0, 2],
        [0, 2],
        [0, 1],
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

  it('looks at a counter for every reply, not once for all of them', async () => {
    const result = await runScenario(
      parseScenario(
        changed((scenario) => {
          scenario['nodes'] = [{ name: 'A' }, { name: 'b' }, { name: 'D', serve: { price: 1_000, replies: 10 } }];
          scenario['links'] = [
            { a: 'A', b: 'b', valueAt: 1_000_000 },
            { a: 'b', b: 'D', valueAt: 1_000_000 },
          ];
          scenario['settleAt'] = 1_000;
          scenario['steps'] = [{ request: { from: 'A', to: 'D', value: 10_000 } }];
        }),
      ),
    );
    for (const { counter, peak, settlements, settled } of result.links) {
      // The request, and two replies of 900 five times.
      assert.deepEqual([counter, peak, settlements, settled], [0, 10_000, 6, 19_000]);
    }
  });

  it('answers who pays the price, and nobody who pays less', async () => {
    const delivered = async (value: number): Promise<unknown[]> => {
      const steps = [{ request: { from: 'A', to: 'D', value } }];
      const { links, nodes } = await runScenario(parseScenario(changed((scenario) => (scenario['steps'] = steps))));
      assert.deepEqual(
        nodes.map(({ refused }) => refused),
        [0, 0, 0, 0],
      );
      return [nodes[0]?.delivered, ...links.map(({ counter }) => counter)];
    };
    // D takes 200, the carriers 65 on the way there, and as much of each reply on the way back.
    assert.deepEqual(await delivered(264), [0, 264, 259, 199]);
    assert.deepEqual(await delivered(265 + 100 * 65), [100, 6_765, 6_260, 200]);
  });

  it('holds the answers of a request until a step sends them', async () => {
    const result = await runScenario(
      parseScenario(
        changed((scenario) => {
          scenario['steps'] = [
            { request: { from: 'A', to: 'D', value: 10_000, count: 2, answers: 'later' } },
            { request: { from: 'A', to: 'D', value: 10_000 } },
            { expect: { counters: { 'A-b': 26_800, 'b-c': 26_285, 'c-D': 20_105 } } },
            { answer: 'all' },
            { expect: { counters: { 'A-b': 20_400, 'b-c': 18_885, 'c-D': 705 } } },
            { answer: 'all' },
            { expect: { counters: { 'A-b': 20_400, 'b-c': 18_885, 'c-D': 705 } } },
          ];
        }),
      ),
    );
    assert.deepEqual(
      result.checks.filter(({ ok }) => !ok),
      [],
    );
  });

  it('says false where an expectation is not met', async () => {
    const result = await runScenario(
      parseScenario(changed((scenario) => (scenario['steps'] as Json[]).push({ expect: { counters: { 'A-b': 1 } } }))),
    );
    assert.equal(result.ok, false);
    assert.deepEqual(
      result.checks.filter(({ ok }) => !ok).map(({ expected, actual }) => [expected, actual]),
      [[1, 0]],
    );
  });
});

describe('a scenario with a mistake', () => {
  const request = (more: Json): Json => ({ request: { from: 'A', to: 'D', value: 1, ...more } });
  const sent = (more: Json): Json => ({ send: { from: 'A', to: 'D', value: 1, ...more } });
  const mistakes: [string, string][] = [
    ['no JSON', '{'],
    ['another schema', changed((scenario) => (scenario['schema'] = 2))],
    ['a key that means nothing', changed((scenario) => (scenario['node'] = []))],
    ['a link to nobody', changed((scenario) => (scenario['links'] = [{ a: 'A', b: 'Z', valueAt: 1 }]))],
    ['a node twice', changed((scenario) => (scenario['nodes'] as Json[]).push({ name: 'A' }))],
    ['a negative value', changed((scenario) => (scenario['steps'] = [{ send: { from: 'A', to: 'D', value: -1 } }]))],
    ['a fraction', changed((scenario) => (scenario['steps'] = [{ send: { from: 'A', to: 'D', value: 0.5 } }]))],
    ['a settlement of a part', changed((scenario) => (scenario['steps'] = [{ settle: ['A-b'] }]))],
    ['an answer of a part', changed((scenario) => (scenario['steps'] = [{ answer: 'D' }]))],
    ['a moment that means nothing', changed((scenario) => (scenario['steps'] = [request({ answers: 'never' })]))],
    ['answers to what asks for none', changed((scenario) => (scenario['steps'] = [sent({ answers: 'later' })]))],
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
  it('is accepted and comes out as it says', async () => {
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
