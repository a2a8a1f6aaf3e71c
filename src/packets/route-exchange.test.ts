import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { NO_TOLL, type RouteRequest, type RouteUpdate } from '../core/routes/route.ts';
import { encodeRoutes, MAX_ROUTES_PER_MESSAGE, type Routes } from '../wire/routes.ts';
import { HandClock } from './packet-line.fixture.ts';
import { RouteExchange } from './route-exchange.ts';
import { MOST_REQUESTS, ROUTES_BURST, ROUTES_PACE_MS } from './route-outbox.ts';

const idOf = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
const [self, noisy, quiet] = [idOf(1), idOf(2), idOf(3)];
const link = { metric: 1, toll: NO_TOLL };
const update = (n: number, metric = 1): RouteUpdate => {
  return { destination: idOf(n), origin: idOf(n), sequence: 1, metric, price: NO_TOLL };
};
const request = (n: number): RouteRequest => ({ destination: idOf(n), origin: idOf(n), sequence: 2, hops: 9 });

/** A node between two neighbours, and what the quiet one hears. */
function between(): { clock: HandClock; exchange: RouteExchange; heard: [number, Routes][] } {
  const clock = new HandClock();
  const heard: [number, Routes][] = [];
  const exchange = new RouteExchange({
    ...{ self, clock, changed: () => undefined, fault: () => assert.fail() },
    send: (to, routes) => to === quiet && heard.push([clock.nowMs(), routes]),
  });
  for (const each of [noisy, quiet]) exchange.linkUp(each, link);
  return { clock, exchange, heard };
}

describe('an exchange of routes', () => {
  it('passes a flood on at a pace that nobody is cut for, and all of it in time', () => {
    const { clock, exchange, heard } = between();
    for (let at = 0; at < 20_000; at += MAX_ROUTES_PER_MESSAGE) {
      const numbers = Array.from({ length: MAX_ROUTES_PER_MESSAGE }, (_, n) => 1_000 + at + n);
      exchange.heard(noisy, { updates: numbers.map((n) => update(n)), requests: [] });
      exchange.heard(noisy, { updates: [], requests: numbers.map(request) });
      clock.pass(10);
    }
    for (let n = 0; n < 100; n += 1) clock.pass(50);
    const times = heard.map(([atMs]) => atMs);
    for (const [at, atMs] of times.entries())
      if (at >= ROUTES_BURST) assert.ok(atMs - (times[at - ROUTES_BURST] as number) >= ROUTES_PACE_MS);
    for (const [at, [atMs]] of heard.slice(2 * ROUTES_BURST).entries())
      assert.ok(atMs - (times[at + ROUTES_BURST] as number) >= ROUTES_BURST * ROUTES_PACE_MS - 100, 'in the long run');
    for (const [, routes] of heard) assert.ok(encodeRoutes(routes).length < 60_000);
    assert.equal(new Set(heard.flatMap(([, { updates }]) => updates.map((each) => each.destination))).size, 20_001);
    exchange.close();
  });

  it('tells at once what comes alone, and of what changed while it waited only the last', () => {
    const { clock, exchange, heard } = between();
    for (let n = 0; n < 10; n += 1) clock.pass(100);
    heard.length = 0;
    exchange.heard(noisy, { updates: Array.from({ length: 13_000 }, (_, n) => update(100 + n, 9)), requests: [] });
    clock.pass(100);
    const since = clock.nowMs();
    assert.equal(heard[0]?.[0], since);
    exchange.heard(noisy, { updates: [update(13_099, 4)], requests: [] });
    for (let n = 0; n < 10; n += 1) clock.pass(100);
    const last = heard.flatMap(([, { updates }]) => updates).filter(({ destination }) => destination === idOf(13_099));
    assert.deepEqual(
      last.map(({ metric }) => metric),
      [5],
    );
    exchange.close();
  });

  it('drops requests beyond what may wait, and forgets all with the link', () => {
    const { clock, exchange, heard } = between();
    const numbers = Array.from({ length: 5_000 }, (_, n) => 100 + n);
    for (let at = 0; at < 5_000; at += 1_000)
      exchange.heard(quiet, { updates: numbers.slice(at, at + 1_000).map((n) => update(n)), requests: [] });
    for (let n = 0; n < 10; n += 1) clock.pass(100);
    heard.length = 0;
    exchange.heard(noisy, { updates: [], requests: numbers.map(request) });
    for (let n = 0; n < 10; n += 1) clock.pass(100);
    const asked = heard.flatMap(([, { requests }]) => requests).length;
    assert.ok(asked <= MOST_REQUESTS + MAX_ROUTES_PER_MESSAGE && asked >= MOST_REQUESTS, `${asked}`);
    exchange.heard(noisy, { updates: numbers.map((n) => update(10_000 + n)), requests: [] });
    clock.pass(100);
    exchange.linkDown(quiet);
    const before = heard.length;
    for (let n = 0; n < 10; n += 1) clock.pass(100);
    assert.equal(heard.length, before);
    exchange.close();
  });
});
