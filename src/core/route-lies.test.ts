import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isNewer, MAX_SEQUENCE, nextSequence, UNREACHABLE } from './route.ts';
import { RouteNetwork } from './route-network.fixture.ts';
import { EXPIRY_MS, REFRESH_MS, RouteTable, TRIGGER_MS } from './route-table.ts';

const HONEST = 5;
const LIAR = HONEST;
const node = fc.nat({ max: HONEST });
const sequence = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, MAX_SEQUENCE));

/** What a liar may say of a node: any distance, any price, as new as it likes. */
const lies = (newest: fc.Arbitrary<number>) =>
  fc.record({
    ...{ to: fc.nat({ max: HONEST - 1 }), about: node, metric: fc.constantFrom(0, 1, 7, 500, UNREACHABLE) },
    ...{ sequence: newest, price: fc.record({ perPacket: fc.nat({ max: 9 }), perMb: fc.nat({ max: 9 }) }) },
    ...{ ms: fc.constantFrom(0, 100, 1_000), drop: fc.boolean() },
  });
type Lie = ReturnType<typeof lies> extends fc.Arbitrary<infer T> ? T : never;

/** A ring of honest nodes, each of them linked with one that lies. */
function lied(all: readonly Lie[], each: (network: RouteNetwork) => void): RouteNetwork {
  const network = new RouteNetwork(HONEST + 1);
  for (let n = 0; n < HONEST; n += 1) {
    network.link(n, (n + 1) % HONEST, 1 + n);
    network.link(n, LIAR, 3);
  }
  network.settle(2_000, TRIGGER_MS);
  for (const { to, about, metric, price, sequence, ms, drop } of all) {
    const id = network.ids[about] as string;
    network.say(LIAR, to, [{ destination: id, origin: id, sequence, metric, price }]);
    if (drop) network.unlink(to, (to + 1) % HONEST);
    else network.link(to, (to + 1) % HONEST, 1 + to);
    network.deliver(sequence);
    network.wait(ms);
    each(network);
  }
  return network;
}

describe('routes where somebody lies', () => {
  it('never loop among the honest', () => {
    fc.assert(
      fc.property(fc.array(lies(fc.nat({ max: 40 })), { minLength: 5, maxLength: 60 }), (all) => {
        lied(all, (network) => network.assertNoLoop(network.ids[LIAR]));
      }),
      { numRuns: 60 },
    );
  });

  it('are right again once the liar is gone, whatever it said', () => {
    fc.assert(
      fc.property(fc.array(lies(sequence), { minLength: 5, maxLength: 40 }), (all) => {
        const network = lied(all, () => undefined);
        for (let n = 0; n < HONEST; n += 1) {
          network.unlink(n, LIAR);
          network.link(n, (n + 1) % HONEST, 1 + n);
        }
        network.settle(3 * EXPIRY_MS, REFRESH_MS / 8);
        network.settle(60_000, 1_000);
        const shortest = network.shortest();
        for (let i = 0; i < HONEST; i += 1) {
          for (let j = 0; j < HONEST; j += 1) {
            const [from, to] = [network.ids[i] as string, network.ids[j] as string];
            const [best, found] = [(shortest[i] as number[])[j] as number, network.table(from).route(to)?.metric];
            assert.ok(found !== undefined && found >= best && found <= best * 1.12 ** HONEST, `${i}→${j}: ${found}`);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('sequences', () => {
  it('go round: each has as many that are newer as are older', () => {
    assert.deepEqual([nextSequence(7), nextSequence(MAX_SEQUENCE)], [8, 0]);
    for (const [a, b, newer] of [
      [8, 7, true],
      [7, 7, false],
      [7, 8, false],
      [0, MAX_SEQUENCE, true],
      [MAX_SEQUENCE, 0, false],
      [2 ** 31 - 1, 0, true],
      [2 ** 31 + 1, 0, false],
    ] as const) {
      assert.equal(isNewer(a, b), newer, `${a} after ${b}`);
    }
  });
});

describe('a table under a flood', () => {
  const self = `0x${'a'.repeat(40)}`;
  const [x, y, z] = [`0x${'1'.repeat(40)}`, `0x${'2'.repeat(40)}`, `0x${'3'.repeat(40)}`];
  const free = { perPacket: 0, perMb: 0 };
  const range = (n: number, over: object = {}) => ({
    ...{ destination: `10.${n >> 8}.${n & 255}.0/24`, origin: y, sequence: 7, metric: 10, price: free },
    ...over,
  });
  const made = (limits: object): RouteTable => {
    const table = new RouteTable({ self, firstSequence: 1, ...limits });
    for (const each of [x, y]) table.linkUp(each, { metric: 1, toll: free }, 0);
    return table;
  };
  const EXHAUSTED = { kind: 'fault', neighbour: x, code: 'ROUTES_EXHAUSTED' };

  it('counts what a neighbour takes back at once until the next refresh', () => {
    const table = made({ routesPerNeighbour: 3 });
    for (let n = 0; n < 3; n += 1) {
      table.heard(x, [range(n)], 0);
      table.heard(x, [range(n, { metric: UNREACHABLE })], 0);
    }
    assert.deepEqual(table.heard(x, [range(3)], 0), [EXHAUSTED]);
    table.tick(0);
    table.tick(REFRESH_MS);
    assert.equal(table.heard(x, [range(3)], REFRESH_MS).at(-1)?.kind, 'changed');
  });

  it('remembers so many destinations in all, whoever announces them, and goes on with those it knows', () => {
    const table = made({ mostRoutes: 4 });
    for (let n = 0; n < 4; n += 1) table.heard(n % 2 === 0 ? x : y, [range(n)], 0);
    table.tick(TRIGGER_MS);
    assert.deepEqual(table.heard(x, [range(4)], 200), [EXHAUSTED]);
    table.heard(x, [range(0, { sequence: 8, metric: 5 })], 200);
    assert.equal(table.route(range(0).destination)?.metric, 6);
    for (let n = 0; n < 9; n += 1) {
      const origin = `0x${String(n).padStart(40, '0')}`;
      assert.deepEqual(table.heard(x, [range(0, { origin })], 300), [EXHAUSTED], 'nor so many origins of one');
    }
  });

  it('takes no word of somebody else for where a node is', () => {
    const table = made({});
    const update = range(0, { destination: z, origin: x });
    assert.deepEqual(table.heard(x, [update], 0), [{ kind: 'fault', neighbour: x, code: 'ROUTE_ABSURD' }]);
    assert.equal(table.route(z), undefined);
  });

  it('passes a request on once in a while, however many are made up', () => {
    const table = made({});
    table.heard(x, [range(0)], 0);
    let passed = 0;
    for (let n = 0; n < 1_000; n += 1) {
      const request = { destination: range(0).destination, origin: y, sequence: 8 + n, hops: 9 };
      passed += table.requested(y, request, 1_000 + n).length;
    }
    assert.equal(passed, 1);
  });
});
