import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { NO_TOLL, type RouteRequest, type RouteUpdate, UNREACHABLE } from './route.ts';
import { type RouteEffect, RouteTable } from './route-table.ts';

const id = (digit: string): string => `0x${digit.repeat(40)}`;
const [self, x, y, z, far] = [id('a'), id('1'), id('2'), id('3'), id('f')];
const RANGE = '10.0.0.0/8';
const MINUTE = 60_000;
const link = { metric: 1, toll: NO_TOLL };

const update = (over: Partial<RouteUpdate> = {}): RouteUpdate => {
  return { destination: RANGE, origin: far, sequence: 7, metric: 10, price: NO_TOLL, ...over };
};
const request = (over: Partial<RouteRequest> = {}): RouteRequest => {
  return { destination: RANGE, origin: far, sequence: 8, hops: 9, ...over };
};
const made = (mostRoutes = 100): RouteTable => {
  const table = new RouteTable({ self, firstSequence: 1_000, mostRoutes });
  for (const each of [x, y]) table.linkUp(each, link, 0);
  return table;
};

/** What is told to whom: `1:11#7` tells the first neighbour a metric of 11 under sequence 7, `1:-` takes it back. */
const told = (effects: readonly RouteEffect[]): string =>
  effects
    .flatMap((each) => (each.kind === 'announce' ? each.updates.map((news) => ({ to: each.to[2], ...news })) : []))
    .map(({ to, metric, sequence }) => (metric === UNREACHABLE ? `${to}:-` : `${to}:${metric}#${sequence}`))
    .join(' ');
/** Who is asked for what. */
const asked = (effects: readonly RouteEffect[]): string =>
  effects
    .flatMap((each) => (each.kind === 'request' ? [`${each.to[2]}#${each.request.sequence}/${each.request.hops}`] : []))
    .join(' ');
const kinds = (effects: readonly RouteEffect[]): string => effects.map(({ kind }) => kind).join(' ');

/** Told of a way by the first neighbour, and the others know. */
const settled = (): RouteTable => {
  const table = made();
  table.heard(x, [update()], 0);
  assert.equal(told(table.tick(100)), '2:11#7');
  return table;
};

describe('news of ways', () => {
  it('come from neighbours with a link, and concern nobody else', () => {
    const table = made();
    assert.deepEqual([table.heard(z, [update()], 0), table.size], [[], 0]);
    assert.deepEqual([table.requested(x, request(), 0), table.linkDown(z, 0)], [[], []]);
    assert.deepEqual(settled().requested(z, request(), 200), []);
    assert.deepEqual(
      table.ranked(() => 0, ['::/0'], 0),
      [],
    );
  });

  it('are told once where they changed back before they were due', () => {
    const table = settled();
    table.heard(x, [update({ metric: 5 })], 200);
    table.heard(x, [update({ metric: 10, sequence: 8 })], 210);
    table.heard(x, [update()], 220);
    assert.equal(told(table.tick(300)), '');
    table.heard(x, [update({ sequence: 9 })], 400);
    assert.equal(told(table.tick(500)), '2:11#9');
  });

  it('are told to a newcomer at once, to the others when they are due, and back to nobody who told them', () => {
    const table = made();
    table.heard(x, [update()], 0);
    assert.equal(told(table.linkUp(z, link, 10)), '3:11#7');
    assert.equal(kinds(table.heard(x, [update({ metric: 11 })], 20)), 'changed request');
    table.heard(x, [update({ metric: 9 })], 30);
    assert.equal(told(table.tick(100)), '2:10#7 3:10#7');
  });

  it('that a newcomer was told reach the others even if nothing changes', () => {
    const table = made();
    table.heard(x, [update()], 0);
    table.linkUp(z, link, 10);
    assert.equal(told(table.tick(100)), '2:11#7 3:11#7');
  });

  it('that were asked for once are not told again later without a change', () => {
    const table = settled();
    table.requested(y, request({ sequence: 7 }), 200);
    assert.equal(told(table.tick(300)), '2:11#7');
    table.heard(x, [update({ metric: 5 })], 400);
    table.heard(x, [update({ sequence: 8 })], 410);
    table.heard(x, [update()], 420);
    assert.equal(told(table.tick(600)), '');
  });

  it('are taken back from the neighbour whose way is used now, and from nobody else', () => {
    const table = settled();
    table.heard(y, [update({ metric: 3 })], 200);
    assert.equal(told(table.tick(300)), '1:4#7 2:-');
    table.linkDown(y, 400);
    assert.equal(told(table.tick(500)), '1:-');
  });

  it('say what a link adds now, also where that changed', () => {
    const table = settled();
    assert.equal(kinds(table.linkUp(x, { metric: 30, toll: { perPacket: 3, perMb: 4 } }, 200)), '');
    assert.deepEqual(table.route(RANGE), { via: x, metric: 40, price: { perPacket: 3, perMb: 4 } });
    assert.equal(told(table.tick(300)), '2:40#7');
    assert.equal(kinds(table.linkUp(x, { metric: UNREACHABLE - 11, toll: NO_TOLL }, 400)), '');
    assert.equal(table.route(RANGE)?.metric, UNREACHABLE - 1);
    assert.equal(kinds(table.linkUp(x, { metric: UNREACHABLE - 10, toll: NO_TOLL }, 500)), 'changed');
    assert.equal(table.route(RANGE), undefined);
  });

  it('are told to whom the way led before, though they are the same', () => {
    const table = settled();
    table.heard(y, [update()], 200);
    assert.equal(told(table.tick(300)), '');
    table.ranked((_, via) => (via === y ? 1 : 0), undefined, 310);
    assert.equal(told(table.tick(410)), '1:11#7 2:-');
  });

  it('that a newcomer was told are taken back from it, even before the others heard of them', () => {
    const table = made();
    table.heard(x, [update()], 0);
    table.linkUp(z, link, 10);
    table.heard(x, [update({ metric: UNREACHABLE })], 20);
    assert.equal(told(table.tick(100)), '1:- 2:- 3:-');
  });

  it('that take back what is not known are not remembered', () => {
    const table = made();
    assert.deepEqual([table.heard(x, [update({ metric: UNREACHABLE })], 0), table.size], [[], 0]);
  });

  it('that take a way back leave nothing of it, whatever happens to the link later', () => {
    const table = settled();
    assert.equal(kinds(table.heard(x, [update({ metric: UNREACHABLE })], 200)), 'changed');
    assert.deepEqual([table.route(RANGE), table.linkUp(x, { metric: 9, toll: NO_TOLL }, 210)], [undefined, []]);
    assert.equal(told(table.tick(300)), '1:- 2:-');
  });

  it('of a range that is reached here too change nothing', () => {
    const table = made();
    table.originate(RANGE, 0);
    assert.deepEqual(table.heard(x, [update({ metric: 0 })], 10), []);
    assert.equal(told(table.tick(100)), '1:0#1000 2:0#1000');
    assert.deepEqual(table.route(RANGE), { via: undefined, metric: 0, price: NO_TOLL });
  });

  it('are due when the table says so', () => {
    const table = made();
    assert.equal(table.dueMs, Number.POSITIVE_INFINITY);
    table.tick(0);
    assert.equal(table.dueMs, 10 * MINUTE);
    table.heard(x, [update()], 5);
    assert.equal(table.dueMs, 105);
  });
});

describe('requests for newer news', () => {
  it('are passed on along the way with one hop less, at most 64, and never back', () => {
    const table = settled();
    assert.equal(asked(table.requested(y, request(), 200)), '1#8/8');
    assert.equal(asked(table.requested(y, request({ sequence: 9, hops: 255 }), 200)), '1#9/63');
    assert.equal(asked(table.requested(y, request({ sequence: 10, hops: 1 }), 200)), '1#10/0');
    assert.equal(asked(table.requested(y, request({ sequence: 11, hops: 0 }), 200)), '');
    assert.equal(asked(table.requested(x, request({ sequence: 11 }), 200)), '');
    assert.equal(told(table.tick(400)), '');
  });

  it('are answered by whoever knows as much, or has a way to another origin', () => {
    const table = settled();
    for (const [n, known] of [{ sequence: 7 }, { sequence: 6 }, { origin: x }].entries()) {
      const nowMs = 20_000 * (n + 1);
      assert.deepEqual(table.requested(y, request(known), nowMs), []);
      assert.equal(told(table.tick(nowMs + 100)), '2:11#7', JSON.stringify(known));
    }
  });

  it('are answered once in a tenth of a second, with what is newest', () => {
    const table = made();
    table.originate(self, 0);
    const ask = (nowMs: number, sequence = 1) =>
      table.requested(x, request({ destination: self, origin: self, sequence }), nowMs);
    ask(95);
    assert.equal(told(table.tick(100)), '1:0#1000 2:0#1000');
    ask(194);
    assert.equal(told(table.tick(294)), '');
    ask(295);
    ask(295, 1_005);
    assert.equal(told(table.tick(395)), '1:0#1005 2:0#1005');
    ask(395);
    assert.equal(told(table.tick(495)), '1:0#1005 2:0#1005');
  });

  it('that ask for what no clock says yet are not heeded', () => {
    const table = settled();
    assert.equal(asked(table.requested(y, request({ sequence: 605_801 }), 200)), '');
    assert.equal(asked(table.requested(y, request({ sequence: 605_800 }), 200)), '1#605800/8');
  });

  it('raise the sequence of what is reached here, unless they ask another origin', () => {
    const table = made();
    table.originate(RANGE, 0);
    table.requested(x, request({ sequence: 2_000 }), 0);
    assert.equal(told(table.tick(100)), '1:0#1000 2:0#1000');
    table.requested(x, request({ sequence: 2_000, origin: self }), 500);
    assert.equal(told(table.tick(600)), '1:0#2000 2:0#2000');
  });

  it('begin at the first sequence there can be, where nothing was ever told', () => {
    const table = made();
    table.ranked((_, via) => (via === x ? 0 : -1), undefined, 0);
    for (let n = 0; n < 64; n += 1) {
      table.heard(x, [update({ origin: `0x${String(n).padStart(40, '0')}` })], n * 40_000);
      table.tick(n * 40_000 + 30_000);
    }
    assert.equal(asked(table.heard(x, [update()], 64 * 40_000)), '1#1/64');
  });
});

describe('an echo of an earlier life', () => {
  it('is answered with something newer, unless it is no newer, or too new', () => {
    const table = made();
    table.originate(self, 0);
    assert.equal(told(table.tick(100)), '1:0#1000 2:0#1000');
    const echo = (sequence: number) => table.heard(x, [update({ destination: self, origin: self, sequence })], 200);
    for (const sequence of [1_000, 605_801, 999]) echo(sequence);
    assert.equal(told(table.tick(300)), '');
    echo(1_001);
    assert.equal(told(table.tick(300)), '1:0#1002 2:0#1002');
    echo(605_800);
    assert.equal(told(table.tick(400)), '1:0#605800 2:0#605800');
    assert.deepEqual(table.heard(x, [update({ origin: self })], 200), []);
  });
});

describe('every ten minutes', () => {
  const beat = (table: RouteTable, fromMs: number, toMs: number): string[] => {
    const all: string[] = [];
    for (let ms = fromMs; ms <= toMs; ms += MINUTE) all.push(told(table.tick(ms)));
    return all.filter((each) => each !== '');
  };

  it('a node says once that it is still there', () => {
    const table = made();
    table.originate(self, 0);
    table.tick(0);
    assert.deepEqual(beat(table, MINUTE, 21 * MINUTE), ['1:0#1000 2:0#1000', '1:0#1001 2:0#1001', '1:0#1002 2:0#1002']);
    assert.equal(table.tick(30 * MINUTE - 1).length, 0);
    assert.equal(table.dueMs, 30 * MINUTE);
    table.tick(30 * MINUTE);
    assert.equal(table.dueMs, 30 * MINUTE + 100);
  });

  it('ways are given up that were not heard of for 35 minutes', () => {
    const table = made();
    table.tick(0);
    table.heard(x, [update()], 5 * MINUTE);
    beat(table, 6 * MINUTE, 40 * MINUTE);
    assert.equal(table.route(RANGE)?.via, x);
    table.heard(y, [update({ metric: 20, sequence: 8 })], 40 * MINUTE);
    beat(table, 41 * MINUTE, 49 * MINUTE);
    assert.equal(table.route(RANGE)?.via, x);
    beat(table, 50 * MINUTE, 50 * MINUTE);
    assert.equal(table.route(RANGE)?.via, y);
    table.heard(x, [update({ metric: 2, sequence: 8 })], 55 * MINUTE - 1);
    beat(table, 60 * MINUTE, 80 * MINUTE);
    assert.equal(table.route(RANGE)?.via, x);
    table.heard(y, [update({ metric: 2, sequence: 8 })], 85 * MINUTE);
    assert.equal(table.route(RANGE)?.via, x);
    beat(table, 90 * MINUTE, 90 * MINUTE);
    assert.equal(table.route(RANGE)?.via, y);
    beat(table, 100 * MINUTE, 120 * MINUTE);
    assert.equal(table.route(RANGE)?.via, y);
    assert.deepEqual(table.linkUp(x, { metric: 9, toll: NO_TOLL }, 120 * MINUTE), []);
  });

  it('distances are forgotten that were not told for 105 minutes, and destinations with them, which makes room', () => {
    const table = made(1);
    table.tick(0);
    table.heard(x, [update()], 0);
    table.tick(5 * MINUTE);
    table.heard(x, [update({ metric: UNREACHABLE })], 6 * MINUTE);
    beat(table, 7 * MINUTE, 109 * MINUTE);
    assert.equal(table.size, 1);
    const other = update({ destination: '::/0' });
    assert.deepEqual(kinds(table.heard(y, [other], 109 * MINUTE)), 'fault');
    beat(table, 110 * MINUTE, 119 * MINUTE);
    assert.equal(table.size, 1);
    beat(table, 120 * MINUTE, 120 * MINUTE);
    assert.equal(table.size, 0);
    assert.deepEqual(kinds(table.heard(x, [other], 120 * MINUTE)), 'changed');
  });

  it('what was asked is forgotten, but not what was asked just now', () => {
    const table = settled();
    const ask = (sequence: number, nowMs: number): string => asked(table.requested(y, request({ sequence }), nowMs));
    const lastMs = 10 * MINUTE - 1_000;
    for (let n = 0; n < 4; n += 1) assert.equal(ask(8 + n, lastMs), `1#${8 + n}/8`);
    table.tick(10 * MINUTE + 100);
    assert.deepEqual([ask(12, lastMs + 1_999), ask(12, lastMs + 2_000)], ['', '1#12/8']);
    table.linkDown(x, 11 * MINUTE);
    beat(table, 12 * MINUTE, 150 * MINUTE);
    assert.equal(table.size, 0);
  });

  it('a way that ends leaves nothing to ask about', () => {
    const table = settled();
    assert.equal(asked(table.heard(x, [update({ metric: 12 })], 200)), '1#8/64');
    table.heard(x, [update({ metric: UNREACHABLE })], 300);
    assert.equal(asked(table.tick(4_200)), '');
    assert.equal(table.dueMs, 10 * MINUTE + 100);
  });
});
