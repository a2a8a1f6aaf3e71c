import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UNREACHABLE } from './route.ts';
import { TRIGGER_MS } from './route-due.ts';
import { RouteNetwork } from './route-network.fixture.ts';
import { EXPIRY_MS, REFRESH_MS, type RouteEffect, RouteTable } from './route-table.ts';

const NODES = 6;
const node = fc.nat({ max: NODES - 1 });
const index = fc.nat({ max: 1000 });
const action = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('link' as const), a: node, b: node, n: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unlink' as const), a: node, b: node }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('deliver' as const), n: index }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), n: index }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), n: fc.constantFrom(50, 100, 500, 5_000) }) },
);

function run(actions: readonly (typeof action extends fc.Arbitrary<infer A> ? A : never)[]): RouteNetwork {
  const network = new RouteNetwork(NODES);
  for (let n = 0; n < NODES; n += 1) network.link(n, (n + 1) % NODES, 1 + n);
  network.settle(2_000, TRIGGER_MS);
  for (const each of actions) {
    if (each.kind === 'link') network.link(each.a, each.b, each.n);
    else if (each.kind === 'unlink') network.unlink(each.a, each.b);
    else if (each.kind === 'deliver') network.deliver(each.n);
    else if (each.kind === 'lose') network.lose(each.n);
    else network.wait(each.n);
    network.assertNoLoop();
  }
  return network;
}

describe('routes between nodes', () => {
  it('never loop, whatever links do and however messages are lost or reordered', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 200 }), (actions) => {
        run(actions);
      }),
      { numRuns: 300 },
    );
  });

  it('lead everywhere that can be reached once the trouble is over, within a tenth of the shortest way a link', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 120 }), (actions) => {
        const network = run(actions);
        network.settle(3 * EXPIRY_MS, REFRESH_MS / 8);
        network.settle(60_000, 1_000);
        network.assertNoLoop();
        const shortest = network.shortest();
        for (const [i, from] of network.ids.entries()) {
          for (const [j, to] of network.ids.entries()) {
            const best = (shortest[i] as number[])[j] as number;
            const found = network.table(from).route(to)?.metric ?? Number.POSITIVE_INFINITY;
            assert.ok(found >= best, `${i}→${j}: ${found} < ${best}`);
            assert.ok(found <= best * 1.12 ** NODES, `${i}→${j}: ${found} instead of ${best}`);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are known n hops away after n triggered updates', () => {
    const network = new RouteNetwork(5);
    for (let n = 0; n < 4; n += 1) network.link(n, n + 1, 1);
    network.settle(5 * TRIGGER_MS, TRIGGER_MS);
    assert.equal(network.tables[0]?.route(network.ids[4] as string)?.metric, 4);
  });

  it('are known again after any one change within two triggered updates for each hop of the longest way', () => {
    const count = 8;
    const edge = fc.record({
      a: fc.nat({ max: count - 1 }),
      b: fc.nat({ max: count - 1 }),
      n: fc.integer({ min: 1, max: 9 }),
    });
    const tree = fc.tuple(...Array.from({ length: count - 1 }, (_, n) => fc.nat({ max: n })));
    const change = fc.record({ at: index, n: fc.integer({ min: 0, max: 40 }) });
    fc.assert(
      fc.property(tree, fc.array(edge, { maxLength: count }), change, (parents, more, { at, n }) => {
        const network = new RouteNetwork(count);
        for (const [child, parent] of parents.entries()) network.link(child + 1, parent, 1 + (child % 3));
        for (const each of more) network.link(each.a, each.b, each.n);
        network.settle(200_000, 1_000);
        const [, x = 0, y = 0] = /(\d+) 0x(\d+)/.exec([...network.links.keys()][at % network.links.size] ?? '') ?? [];
        if (n === 0) network.unlink(Number(x), Number(y));
        else network.link(Number(x), Number(y), n);
        network.settle(2 * (count - 1) * TRIGGER_MS, TRIGGER_MS);
        while (network.wire.length > 0) network.deliver(0);
        const shortest = network.shortest();
        for (const [i, from] of network.ids.entries()) {
          for (const [j, to] of network.ids.entries()) {
            const reached = network.table(from).route(to) !== undefined;
            assert.equal(reached, Number.isFinite((shortest[i] as number[])[j]), `${i}→${j}`);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('say what the whole path will charge: the sum of the tolls of every carrier, each for its egress', () => {
    const network = new RouteNetwork(4);
    for (const [a, toll] of [3, 5, 60].entries()) network.link(a, a + 1, toll);
    network.settle(1_000, TRIGGER_MS);
    assert.deepEqual(network.tables[0]?.route(network.ids[3] as string)?.price, { perPacket: 68, perMb: 680 });
  });
});

describe('a route table', () => {
  const self = `0x${'a'.repeat(40)}`;
  const [x, y] = [`0x${'1'.repeat(40)}`, `0x${'2'.repeat(40)}`];
  const free = { perPacket: 0, perMb: 0 };
  const update = (over: object) => ({
    destination: '0.0.0.0/0',
    origin: y,
    sequence: 7,
    metric: 10,
    price: free,
    ...over,
  });
  const made = (mostRoutes?: number): RouteTable => {
    const table = new RouteTable({ self, firstSequence: 1, ...(mostRoutes ? { mostRoutes } : {}) });
    for (const each of [x, y]) table.linkUp(each, { metric: 1, toll: free }, 0);
    return table;
  };

  it('takes the neighbour that is ranked higher before the one that is nearer, and none that is ranked out', () => {
    const table = made();
    table.heard(x, [update({ metric: 10 })], 0);
    table.heard(y, [update({ metric: 50 })], 0);
    assert.equal(table.route('0.0.0.0/0')?.via, x);
    table.ranked((_, via) => (via === y ? 1 : 0), undefined, 0);
    assert.equal(table.route('0.0.0.0/0')?.via, y);
    table.ranked(() => -1, undefined, 0);
    assert.equal(table.route('0.0.0.0/0'), undefined);
  });

  it('refuses a way as long as its own last claim, and asks the origin for a newer sequence instead', () => {
    const table = made();
    table.heard(x, [update({ metric: 10 })], 0);
    table.tick(TRIGGER_MS);
    const effects = table.heard(x, [update({ metric: 11 })], TRIGGER_MS);
    assert.equal(table.route('0.0.0.0/0'), undefined);
    assert.deepEqual(
      effects.filter(({ kind }) => kind === 'request'),
      [{ kind: 'request', to: x, request: { destination: '0.0.0.0/0', origin: y, sequence: 8, hops: 64 } }],
    );
    table.heard(x, [update({ metric: 11, sequence: 8 })], TRIGGER_MS);
    assert.equal(table.route('0.0.0.0/0')?.metric, 12);
  });

  it('asks again, less and less often, as long as it has only a way that may lead back', () => {
    const table = made();
    table.heard(x, [update({ metric: 10 })], 0);
    table.tick(TRIGGER_MS);
    const asked = (effects: readonly { kind: string }[]): number =>
      effects.filter(({ kind }) => kind === 'request').length;
    assert.equal(asked(table.heard(x, [update({ metric: 11 })], TRIGGER_MS)), 1);
    const times: number[] = [];
    for (let ms = TRIGGER_MS; ms < 600_000; ms += 500) {
      assert.ok(table.dueMs > 0);
      if (asked(table.tick(ms)) > 0) times.push(Math.floor(ms / 1_000));
    }
    assert.deepEqual(times, [4, 12, 28, 60, 124, 252]);
    table.heard(x, [update({ metric: 10, sequence: 8 })], 600_000);
    table.heard(x, [update({ metric: 11, sequence: 8 })], 600_000);
    assert.equal(table.route('0.0.0.0/0')?.via, x);
  });

  it('raises its own sequence when asked, and when it hears of an earlier life that was ahead', () => {
    const table = made();
    table.originate(self, 0);
    table.tick(TRIGGER_MS);
    table.requested(x, { destination: self, origin: self, sequence: 2, hops: 3 }, 1_000);
    assert.deepEqual(sequences(table.tick(3_000)), [2, 2]);
    table.heard(x, [update({ destination: self, origin: self, sequence: 90 })], 20_000);
    assert.deepEqual(sequences(table.tick(40_000)), [91, 91]);
  });

  /** Who is told what metric with the next news. */
  const told = (effects: readonly RouteEffect[]) =>
    effects.flatMap((each) => (each.kind === 'announce' ? [[each.to, each.updates.map(({ metric }) => metric)]] : []));

  it('takes nothing back from the neighbour that brought the news, which was never told them', () => {
    const table = made();
    table.heard(x, [update({ metric: 9 })], 0);
    assert.deepEqual(told(table.tick(TRIGGER_MS)), [[y, [10]]]);
  });

  it('takes back what it told, even where it told a newcomer before the others', () => {
    const table = made();
    table.heard(x, [update({ metric: 9 })], 0);
    const z = `0x${'3'.repeat(40)}`;
    assert.deepEqual(told(table.linkUp(z, { metric: 1, toll: free }, 1)), [[z, [10]]]);
    table.heard(z, [update({ metric: 1 })], 2);
    assert.deepEqual(told(table.tick(TRIGGER_MS)), [
      [x, [2]],
      [y, [2]],
      [z, [UNREACHABLE]],
    ]);
  });

  it("keeps its memory bounded: too many destinations, and absurd ones, are the neighbour's fault", () => {
    const table = made(4);
    const many = [1, 2, 3].map((n) => update({ destination: `10.0.${n}.0/24` }));
    assert.deepEqual(table.heard(x, many, 0).at(-1), { kind: 'fault', neighbour: x, code: 'ROUTES_EXHAUSTED' });
    assert.equal(table.route('10.0.3.0/24'), undefined);
    for (const absurd of [
      { metric: -1 },
      { sequence: 0.5 },
      { price: { perPacket: 2 ** 40, perMb: 0 } },
      { metric: UNREACHABLE + 1 },
    ]) {
      const effects = table.heard(y, [update(absurd)], 0);
      assert.deepEqual(effects, [{ kind: 'fault', neighbour: y, code: 'ROUTE_ABSURD' }]);
    }
  });

  it('tells a neighbour that flaps less and less often', () => {
    const table = made();
    let told = 0;
    for (let ms = 0; ms < 60_000; ms += 50) {
      table.heard(x, [update({ metric: 10 - (ms % 100 === 0 ? 5 : 0), sequence: 7 + ms })], ms);
      told += table.tick(ms).filter(({ kind }) => kind === 'announce').length;
    }
    assert.ok(told < 40, `told ${told} times`);
  });

  it('forgets a way that was not heard of for three and a half refreshes', () => {
    const table = made();
    table.heard(x, [update({})], 0);
    table.tick(0);
    for (let ms = 0; ms <= EXPIRY_MS + REFRESH_MS; ms += REFRESH_MS / 4) table.tick(ms);
    assert.equal(table.route('0.0.0.0/0'), undefined);
  });
});

function sequences(effects: readonly { kind: string; updates?: readonly { sequence: number }[] }[]): number[] {
  return effects.flatMap(({ updates }) => updates?.map(({ sequence }) => sequence) ?? []);
}
