import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MOST_ORIGINS } from './feasibility.ts';
import { MAX_SEQUENCE, NO_TOLL, type RouteUpdate, UNREACHABLE } from './route.ts';
import { TRIGGER_MS } from './route-due.ts';
import { RouteNetwork } from './route-network.fixture.ts';
import { EXPIRY_MS, REFRESH_MS, RouteTable } from './route-table.ts';
import { MOST_AHEAD_S, REQUEST_MS, REQUESTS_AT_ONCE } from './sequence-pace.ts';

const NODES = 6;
const HONEST = 5;
const LIAR = 5;
/** Whom lies are about: everybody, the liar, and some whom nobody knows. */
const about = fc.integer({ min: 0, max: NODES + 3 });
const sequence = fc.oneof(
  fc.nat({ max: 5 }),
  fc.integer({ min: MOST_AHEAD_S - 50, max: MOST_AHEAD_S + 50 }),
  fc.constantFrom(MAX_SEQUENCE, MAX_SEQUENCE - 1),
);
const lie = fc.record({
  destination: about,
  range: fc.boolean(),
  origin: about,
  sequence,
  metric: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 100 }), fc.constant(UNREACHABLE)),
});
const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('lie' as const), lies: fc.array(lie, { maxLength: 4 }) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('deliver' as const), n: fc.nat({ max: 1_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), n: fc.nat({ max: 1_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), a: about, b: about }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unlink' as const), a: about, b: about }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), n: fc.constantFrom(50, 100, 2_000) }) },
);

const idOf = (n: number): string => `0x${String(n).padStart(40, '0')}`;

/** A ring of five, of which one and two are neighbours of a liar. */
function ring(): RouteNetwork {
  const network = new RouteNetwork(NODES);
  for (let n = 0; n < LIAR; n += 1) network.link(n, (n + 1) % LIAR, 1 + n);
  network.settle(2_000, TRIGGER_MS);
  network.liar = idOf(LIAR);
  for (const n of [1, 2]) network.link(LIAR, n, 1);
  return network;
}

function told(network: RouteNetwork, lies: readonly (typeof lie extends fc.Arbitrary<infer A> ? A : never)[]): void {
  const updates = lies.map(({ destination, range, origin, sequence: newer, metric }): RouteUpdate => {
    const of = idOf(origin);
    const to = range ? '10.0.0.0/8' : of;
    return {
      destination: range ? to : idOf(destination),
      origin: range ? of : idOf(destination),
      sequence: newer,
      metric,
      price: NO_TOLL,
    };
  });
  const requests = updates.map((update) => ({ ...update, hops: 64 }));
  network.lie(updates, requests);
}

describe('routes with a liar', () => {
  it('never loop among the others, whatever it says', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 150 }), (actions) => {
        const network = ring();
        for (const each of actions) {
          if (each.kind === 'lie') told(network, each.lies);
          else if (each.kind === 'deliver') network.deliver(each.n);
          else if (each.kind === 'lose') network.lose(each.n);
          else if (each.kind === 'wait') network.wait(each.n);
          else if (each.a < NODES && each.b < NODES) network[each.kind](each.a, each.b, 1);
          network.assertNoLoop();
        }
      }),
      { numRuns: 200 },
    );
  });

  it('lead everywhere within two minutes of its last word, however new it said its news were', () => {
    fc.assert(
      fc.property(fc.array(fc.array(lie, { maxLength: 6 }), { minLength: 1, maxLength: 20 }), (all) => {
        const network = ring();
        for (const lies of all) {
          told(network, lies);
          network.settle(500, TRIGGER_MS);
        }
        for (const n of [1, 2]) network.unlink(LIAR, n);
        network.settle(120_000, TRIGGER_MS);
        for (let from = 0; from < LIAR; from += 1)
          for (let to = 0; to < LIAR; to += 1)
            assert.notEqual(network.table(idOf(from)).route(idOf(to)), undefined, `${from} to ${to}`);
      }),
      { numRuns: 60 },
    );
  });

  it('cost the others no more messages the faster it changes its mind', () => {
    const lies = (n: number): RouteUpdate => {
      return {
        destination: idOf(0),
        origin: idOf(0),
        sequence: 10 + n,
        metric: n % 2 === 0 ? 0 : UNREACHABLE,
        price: NO_TOLL,
      };
    };
    const sent = (everyMs: number): number => {
      const network = ring();
      network.sent = 0;
      for (let n = 0; network.nowMs < 62_000; n += 1) {
        network.lie([lies(n)], [{ ...lies(n), hops: 64 }]);
        network.settle(everyMs, everyMs);
      }
      return network.sent;
    };
    const [slow, fast] = [sent(1_000), sent(20)];
    assert.ok(fast < 2 * slow, `${fast} instead of ${slow}`);
    assert.ok(fast < 1_000, `${fast} in a minute, from five nodes with two or three neighbours`);
  });
});

/** What a liar may say of a node: any distance, any price, as new as it likes. */
const saying = fc.record({
  ...{
    to: fc.nat({ max: HONEST - 1 }),
    about: fc.nat({ max: HONEST }),
    metric: fc.constantFrom(0, 1, 7, 500, UNREACHABLE),
  },
  ...{ sequence, price: fc.record({ perPacket: fc.nat({ max: 9 }), perMb: fc.nat({ max: 9 }) }) },
  ...{ ms: fc.constantFrom(0, 100, 1_000), drop: fc.boolean() },
});
type Saying = typeof saying extends fc.Arbitrary<infer T> ? T : never;

/** A ring of honest nodes, each of them linked with one that lies. */
function lied(all: readonly Saying[], each: (network: RouteNetwork) => void): RouteNetwork {
  const network = new RouteNetwork(HONEST + 1);
  for (let n = 0; n < HONEST; n += 1) {
    network.link(n, (n + 1) % HONEST, 1 + n);
    network.link(n, LIAR, 3);
  }
  network.settle(2_000, TRIGGER_MS);
  for (const { to, about, metric, price, sequence: newer, ms, drop } of all) {
    const id = network.ids[about] as string;
    network.say(LIAR, to, [{ destination: id, origin: id, sequence: newer, metric, price }]);
    if (drop) network.unlink(to, (to + 1) % HONEST);
    else network.link(to, (to + 1) % HONEST, 1 + to);
    network.deliver(newer);
    network.wait(ms);
    each(network);
  }
  return network;
}

describe('routes where everybody is a neighbour of a liar, which does its part as well', () => {
  it('never loop among the honest', () => {
    fc.assert(
      fc.property(fc.array(saying, { minLength: 5, maxLength: 60 }), (all) => {
        lied(all, (network) => network.assertNoLoop(network.ids[LIAR]));
      }),
      { numRuns: 60 },
    );
  });

  it('are right again once the liar is gone, whatever it said', () => {
    fc.assert(
      fc.property(fc.array(saying, { minLength: 5, maxLength: 40 }), (all) => {
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

describe('a table of routes under a flood', () => {
  const self = idOf(99);
  const [x, y] = [idOf(98), idOf(97)];
  const link = { metric: 1, toll: NO_TOLL };
  const MOST = 1_000;
  const update = (destination: string, over: Partial<RouteUpdate> = {}): RouteUpdate => {
    return { destination, origin: destination, sequence: 1, metric: 1, price: NO_TOLL, ...over };
  };
  const made = (): RouteTable => {
    const table = new RouteTable({ self, firstSequence: 1, mostRoutes: MOST });
    for (const each of [x, y]) table.linkUp(each, link, 0);
    return table;
  };

  it('remembers a bounded number, also of those that come and go, and leaves room for what others announce', () => {
    const table = made();
    for (let batch = 0; batch < 100; batch += 1) {
      const ids = Array.from({ length: 100 }, (_, n) => idOf(1_000 + batch * 100 + n));
      table.heard(
        x,
        ids.map((id) => update(id)),
        batch * 1_000,
      );
      table.tick(batch * 1_000 + 500);
      table.heard(
        x,
        ids.map((id) => update(id, { metric: UNREACHABLE })),
        batch * 1_000 + 600,
      );
      if (batch % 10 === 0) {
        table.linkDown(x, batch * 1_000 + 700);
        table.linkUp(x, link, batch * 1_000 + 700);
      }
    }
    assert.equal(table.size, MOST / 2);
    table.heard(
      y,
      Array.from({ length: 200 }, (_, n) => update(idOf(200 + n))),
      200_000,
    );
    assert.equal([...table.routes()].length, 200);
  });

  it('remembers a bounded number of origins of a range, and follows no more', () => {
    const table = made();
    for (let n = 0; n < 1_000; n += 1) {
      table.heard(x, [update('0.0.0.0/0', { origin: idOf(1_000 + n) })], n * 60_000);
      table.tick(n * 60_000 + 59_000);
      if (n === MOST_ORIGINS - 1) assert.equal(table.route('0.0.0.0/0')?.via, x);
      if (n === MOST_ORIGINS) assert.equal(table.route('0.0.0.0/0'), undefined);
      if (n > MOST_ORIGINS) break;
    }
  });

  it('takes no word of somebody else for where a node is', () => {
    const table = made();
    const effects = table.heard(x, [update(idOf(1), { origin: x })], 0);
    assert.deepEqual(effects, [{ kind: 'fault', neighbour: x, code: 'ROUTE_ABSURD' }]);
    assert.equal(table.route(idOf(1)), undefined);
  });

  it('goes on with the destinations it knows when it is full', () => {
    const table = made();
    const many = Array.from({ length: MOST }, (_, n) => update(idOf(1_000 + n), { metric: 9 }));
    assert.deepEqual(table.heard(x, many, 0).at(-1), { kind: 'fault', neighbour: x, code: 'ROUTES_EXHAUSTED' });
    table.heard(
      x,
      [...many].reverse().map((each) => ({ ...each, metric: 4 })),
      1,
    );
    assert.equal(table.route(idOf(1_000))?.metric, 5);
  });

  it('passes on few of many requests', () => {
    const table = made();
    table.heard(y, [update(y)], 0);
    let passed = 0;
    for (let n = 0; n < 10_000; n += 1) {
      const effects = table.requested(x, { destination: y, origin: y, sequence: 2 + n, hops: 9 }, n);
      passed += effects.filter(({ kind }) => kind === 'request').length;
    }
    assert.equal(passed, (10_000 / REQUEST_MS) * REQUESTS_AT_ONCE);
  });

  it('believes no sequence that is far ahead of the clock, nor lets anybody raise its own so far', () => {
    const table = made();
    table.originate(self, 0);
    table.heard(x, [update(y, { sequence: MOST_AHEAD_S + 2 })], 0);
    assert.equal(table.route(y), undefined);
    table.heard(x, [update(y, { sequence: MOST_AHEAD_S + 2 })], 1_000);
    assert.equal(table.route(y)?.via, x);
    for (const sequence of [MOST_AHEAD_S + 60, MAX_SEQUENCE]) {
      table.requested(x, { destination: self, origin: self, sequence, hops: 9 }, 1_000);
      table.heard(x, [update(self, { sequence })], 1_000);
    }
    const told = table.tick(5_000).flatMap((effect) => (effect.kind === 'announce' ? effect.updates : []));
    assert.deepEqual(new Set(told.filter(({ origin }) => origin === self).map((each) => each.sequence)), new Set([1]));
  });
});
