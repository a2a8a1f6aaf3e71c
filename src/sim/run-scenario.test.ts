import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runScenario } from './run-scenario.ts';
import { parseScenario } from './scenario-format.ts';
import { SeededRandom } from './seeded-random.ts';

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

/**
 * What a scenario without refusals must come to, worked out alone: nothing here comes from the product. Every packet walks
 * its one path in a tree; each link's counter gets what crosses it; each carrier keeps its toll for the way out.
 */
function expected(
  parents: number[],
  tolls: { p: number; m: number }[],
  sends: { from: number; to: number; value: number; bytes: number }[],
) {
  const counters = parents.map(() => 0); // counters[n]: what n owes its parent
  const up = (n: number): number[] => (n === 0 ? [0] : [n, ...up(parents[n] as number)]);
  for (const { from, to, value, bytes } of sends) {
    const [down, rise] = [up(to).reverse(), up(from)];
    while (down.length > 1 && rise.length > 1 && down[1] === rise.at(-2)) {
      down.shift();
      rise.pop();
    }
    const path = [...rise, ...down.slice(1)];
    let left = value;
    for (let hop = 0; hop + 1 < path.length; hop += 1) {
      const [here, next] = [path[hop] as number, path[hop + 1] as number];
      const toll = tolls[here] as { p: number; m: number };
      if (hop > 0) left -= toll.p + Math.floor(((72 + bytes) * toll.m) / 1_000_000);
      if (parents[here] === next) counters[here] = (counters[here] as number) + left;
      else counters[next] = (counters[next] as number) - left;
    }
  }
  return counters;
}

describe('a hundred generated networks', () => {
  it('read as an independent checker works them out', async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = new SeededRandom(`scenario ${seed}`);
      const count = 2 + random.below(8);
      const parents = Array.from({ length: count }, (_, n) => (n === 0 ? 0 : random.below(n)));
      const tolls = parents.map(() => ({ p: random.below(100), m: random.below(500_000) }));
      const sends = Array.from({ length: 20 }, () => {
        const [from, to] = [random.below(count), random.below(count)];
        return {
          from,
          to: from === to ? (to + 1) % count : to,
          value: 20_000 + random.below(10_000),
          bytes: random.below(1_000),
        };
      });
      const scenario = {
        schema: 1,
        scenario: 'generated',
        nodes: tolls.map(({ p, m }, n) => ({ name: `n${n}`, toll: { perPacket: p, perMb: m } })),
        links: parents.slice(1).map((parent, n) => ({ a: `n${n + 1}`, b: `n${parent}`, valueAt: 10_000_000 })),
        steps: sends.map(({ from, to, value, bytes }) => ({ send: { from: `n${from}`, to: `n${to}`, value, bytes } })),
      };
      const result = await runScenario(parseScenario(JSON.stringify(scenario)), seed);
      assert.ok(result.ok);
      assert.deepEqual(
        result.links.map(({ counter }) => counter),
        expected(parents, tolls, sends).slice(1),
        `seed ${seed}`,
      );
    }
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
