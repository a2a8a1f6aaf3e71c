import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { searchWorld, WORLDS } from './exhaustive.ts';
import { ACTIONS, budgetOf, type Left, leftValues } from './small/actions.ts';
import { Fingerprint } from './small/fingerprint.ts';
import { tellRule } from './small/rule-story.ts';
import { SCENARIOS, type Scenario } from './small/scenario.ts';
import { moved } from './small/settle.ts';
import { fingerprintOf } from './small/small-state.ts';
import { SmallWorld } from './small/small-world.ts';
import { StateSet } from './small/state-set.ts';
import { STORIES, tell } from './small/stories.ts';
import { STORIES_OF_RULES } from './small/stories-of-rules.ts';
import type { Teller } from './small/teller.ts';

/** A world: enough for its first mistakes, few enough for every run of the tests. `npm run mutants` and `sim exhaustive` go on. */
const STATES = 120;

describe('exhaustive small worlds', () => {
  for (const { name, about } of WORLDS) {
    test(`${name}: ${about}`, async () => {
      const found = await searchWorld(name, { depth: 12, states: STATES });
      assert.deepEqual(found.violation, undefined);
      assert.ok(found.states >= STATES, `only ${found.states} states`);
      assert.ok(found.wholeDepth >= 1);
    });
  }

  test('a search within a small depth visits everything, always the same', async () => {
    const [one, two] = [
      await searchWorld('pay', { depth: 2, states: 1e6 }),
      await searchWorld('pay', { depth: 2, states: 1e6 }),
    ];
    assert.equal(one.complete, true);
    assert.equal(one.wholeDepth, 2);
    assert.deepEqual(one, two);
  });

  test('leaving out orders that come to the same leaves out no state', async () => {
    for (const name of ['deep', 'upload']) {
      const few = await searchWorld(name, { depth: 4, states: 1e6 });
      const all = await searchWorld(name, { depth: 4, states: 1e6, everyOrder: true });
      assert.equal(few.states, all.states, name);
      assert.ok(few.actions < all.actions, name);
    }
  });

  test('having visited all within the depth, it goes on as far as it is told', async () => {
    const near = await searchWorld('deep', { depth: 2, states: 1e6 });
    const far = await searchWorld('deep', { depth: 2, states: 300, far: true });
    assert.deepEqual([near.complete, far.complete, far.wholeDepth, far.violation], [true, true, 2, undefined]);
    assert.ok(far.states >= 300 && far.depth > 12, `${far.states} states, depth ${far.depth}`);
  });

  test('a name that is none is refused', async () => {
    await assert.rejects(searchWorld('nowhere', { depth: 1, states: 1 }));
  });
});

interface Live {
  readonly world: SmallWorld;
  readonly left: Left;
}

async function replay(scenario: Scenario, history: readonly number[]): Promise<Live> {
  const live = { world: new SmallWorld(scenario), left: budgetOf(scenario.budget) };
  live.world.connect();
  await live.world.quiet();
  while (await moved(live.world));
  for (const action of history) await act(live, action);
  return live;
}

async function act({ world, left }: Live, action: number): Promise<void> {
  await ACTIONS[action]?.act(world, left);
  await world.quiet();
}

function printOf({ world, left }: Live): string {
  const { high, low } = fingerprintOf(world, leftValues(left));
  return `${high}:${low}`;
}

const ableIn = ({ world, left }: Live): number[] =>
  [...ACTIONS.keys()].filter((action) => ACTIONS[action]?.able(world, left) === true);

describe('stories of small worlds', () => {
  for (const story of STORIES) {
    test(`${story.world}: ${story.name}`, async () => {
      const { law, skipped } = await tell(story);
      assert.equal(law, undefined);
      assert.equal(skipped.length > 0, story.refused === true, skipped.join(', '));
    });
  }
});

describe('stories of rules', () => {
  for (const story of STORIES_OF_RULES)
    test(story.name, async () => assert.equal((await tellRule(story)).law, undefined));

  test('a story that is not true is told of', async () => {
    const story = { name: 'x', told: (teller: Teller) => Promise.resolve(teller.same('what', 1, 2)) };
    assert.equal((await tellRule(story)).law, 'what: 1 and not 2');
  });
});

describe('the fingerprint of a small world', () => {
  // If something that decides the future were left out of it, the search would skip histories that it never tried.
  test('two histories that end in the same state have the same futures', async () => {
    const scenario = SCENARIOS.find(({ name }) => name === 'disk') as Scenario;
    const first = new Map<string, number[]>();
    let frontier: number[][] = [[]];
    let compared = 0;
    for (let depth = 0; depth < 3; depth += 1) {
      const next: number[][] = [];
      for (const history of frontier.filter((_, at) => at % (depth + 1) === 0)) {
        for (const action of ableIn(await replay(scenario, history))) {
          const child = [...history, action];
          const live = await replay(scenario, child);
          const twin = first.get(printOf(live));
          if (twin === undefined) {
            first.set(printOf(live), child);
            next.push(child);
          } else if (compared < 16) {
            compared += 1;
            await assertSameFuture(scenario, twin, child);
          }
        }
      }
      frontier = next;
    }
    assert.ok(compared >= 16, `only ${compared} pairs were compared`);
  });

  async function assertSameFuture(scenario: Scenario, one: number[], two: number[]): Promise<void> {
    const names = (history: readonly number[]): string => history.map((each) => ACTIONS[each]?.name).join(', ');
    const able = ableIn(await replay(scenario, one));
    assert.deepEqual(ableIn(await replay(scenario, two)), able, `${names(one)} | ${names(two)}`);
    for (const action of able) {
      const futures = await Promise.all([one, two].map((history) => replay(scenario, [...history, action])));
      const [left, right] = futures.map(printOf);
      assert.equal(left, right, `${names(one)} | ${names(two)} | then ${ACTIONS[action]?.name}`);
    }
  }

  test('every value changes it, wherever it stands', () => {
    const print = (...values: (number | string | boolean | bigint | undefined)[]): string => {
      const made = new Fingerprint();
      for (const value of values) made.value(value);
      return `${made.high}:${made.low}`;
    };
    const different = [
      print(0),
      print(0, 0),
      print(1),
      print(-1),
      print(2 ** 40),
      print(2 ** 40 + 1),
      print(0.5),
      print('a', 'b'),
      print('ab'),
      print('b', 'a'),
      print(true),
      print(undefined),
      print(3n),
    ];
    assert.equal(new Set(different).size, different.length);
  });

  test('the set of states knows what it was given, also after it grew', () => {
    const set = new StateSet(16);
    for (let at = 0; at < 5000; at += 1) assert.equal(set.number(Math.imul(at, 0x9e3779b1), at), at);
    for (let at = 0; at < 5000; at += 1) assert.equal(set.number(Math.imul(at, 0x9e3779b1), at), at);
    assert.equal(set.size, 5000);
  });
});
