import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import {
  ARRIVED_TO_CLEAR,
  DEMOTED_MS,
  Deliveries,
  type Fate,
  HALVE_MS,
  LOST_ONE_IN,
  LOST_TO_LEAVE,
  MOST_DEMOTED_MS,
  MOST_WAYS,
  type Outcome,
  REFUSED_TO_LAST,
  type Standing,
} from './deliveries.ts';

const way = { via: '0xa', to: '0xd' };
const times = (n: number, fate: Fate, sentUnits = 100, late?: true): Outcome[] =>
  Array.from({ length: n }, () => ({ fate, sentUnits, ...(late && { late }) }));
/** So many arrivals make up for those that are missing. */
const ENOUGH = (LOST_ONE_IN - 1) * LOST_TO_LEAVE;

/** What becomes of packets, ten a second, and how the way is used then. */
const CASES: readonly [string, readonly Outcome[], Standing][] = [
  ['a few are missing', times(LOST_TO_LEAVE - 1, 'lost'), 'used'],
  ['as many as it takes are', times(LOST_TO_LEAVE, 'lost'), 'left'],
  ['no more than one in five is', [...times(ENOUGH, 'delivered'), ...times(LOST_TO_LEAVE, 'lost')], 'used'],
  ['more than one in five is', [...times(ENOUGH - 1, 'delivered'), ...times(LOST_TO_LEAVE, 'lost')], 'left'],
  ['the dear ones are', [...times(ENOUGH, 'delivered', 1), ...times(LOST_TO_LEAVE, 'lost', 2)], 'left'],
  ['the cheap ones are', [...times(ENOUGH, 'delivered', 2), ...times(LOST_TO_LEAVE, 'lost', 1)], 'used'],
  [
    'of the dear ones one unit too many is',
    [...times(ENOUGH - 1, 'delivered', 1), ...times(1, 'delivered', 0), ...times(LOST_TO_LEAVE, 'lost', 1)],
    'left',
  ],
  ['too many are, though cheap', [...times(ENOUGH - 1, 'delivered'), ...times(LOST_TO_LEAVE, 'lost', 1)], 'left'],
  ['one was only late', [...times(5, 'lost'), ...times(1, 'delivered', 100, true), ...times(1, 'lost')], 'used'],
  [
    'one was, and two more are',
    [...times(5, 'lost'), ...times(1, 'delivered', 100, true), ...times(2, 'lost')],
    'left',
  ],
  [
    'a dear one was, and the others are missing still',
    [...times(ENOUGH, 'delivered', 50), ...times(5, 'lost'), ...times(1, 'delivered', 100, true), ...times(2, 'lost')],
    'left',
  ],
  [
    'what was late leaves no unit behind',
    [
      ...times(1, 'lost', 1),
      ...times(1, 'delivered', 1, true),
      ...times(ENOUGH - 1, 'delivered', 1),
      ...times(LOST_TO_LEAVE, 'lost', 1),
    ],
    'used',
  ],
  ['they are only late', [...times(5, 'lost'), ...times(5, 'delivered', 100, true), ...times(5, 'lost')], 'used'],
  ['they come back late', [...times(5, 'lost'), ...times(5, 'refused', 100, true), ...times(5, 'lost')], 'used'],
  [
    'dear ones were late, and cheap ones are missing',
    [
      ...times(30, 'delivered'),
      ...times(5, 'lost', 1_000),
      ...times(5, 'delivered', 1_000, true),
      ...times(6, 'lost', 1),
    ],
    'used',
  ],
  ['a few come back', times(REFUSED_TO_LAST - 1, 'refused'), 'used'],
  ['all come back', times(REFUSED_TO_LAST, 'refused'), 'last'],
  ['most come back', [...times(1, 'delivered'), ...times(REFUSED_TO_LAST, 'refused')], 'used'],
  ['some come back, and the rest is missing', [...times(10, 'refused'), ...times(LOST_TO_LEAVE, 'lost')], 'left'],
  ['all came back, and now they are missing', [...times(50, 'refused'), ...times(LOST_TO_LEAVE, 'lost')], 'left'],
  ['receipts are forged: true ones may still come', times(50, 'forged'), 'used'],
];

describe('what packets came to', () => {
  for (const [name, outcomes, standing] of CASES) {
    it(`${standing}: ${name}`, () => {
      const deliveries = new Deliveries();
      for (const [at, outcome] of outcomes.entries()) deliveries.told(way, outcome, at * 100);
      const nowMs = outcomes.length * 100;
      assert.equal(deliveries.standing(way, nowMs), standing);
      assert.equal(deliveries.standing({ ...way, via: '0xb' }, nowMs), 'used', 'other neighbours are not meant');
      assert.equal(deliveries.standing({ ...way, to: '0xe' }, nowMs), 'used', 'nor other destinations');
    });
  }

  it('says nothing of whoever they are for: no other way leads past it', () => {
    const deliveries = new Deliveries();
    const direct = { via: way.to, to: way.to };
    for (const outcome of [...times(100, 'lost'), ...times(100, 'refused')]) deliveries.told(direct, outcome, 0);
    assert.equal(deliveries.standing(direct, 0), 'used');
    assert.equal(deliveries.size, 0);
  });

  it('is forgotten: a packet lost now and then leads nowhere', () => {
    const deliveries = new Deliveries();
    const [lost] = times(1, 'lost') as [Outcome];
    for (let n = 0; n < 50; n += 1) assert.equal(deliveries.told(way, lost, n * HALVE_MS), undefined);
  });

  it('is halved: of five that are missing two count a while later, and one after another while', () => {
    const [lost] = times(1, 'lost') as [Outcome];
    for (const [later, left] of [2, 1].entries()) {
      const deliveries = new Deliveries();
      const nowMs = (later + 1) * HALVE_MS;
      for (let n = 0; n < 5; n += 1) deliveries.told(way, lost, 0);
      for (let n = left + 1; n < LOST_TO_LEAVE; n += 1) assert.equal(deliveries.told(way, lost, nowMs), undefined);
      assert.equal(deliveries.told(way, lost, nowMs), nowMs + DEMOTED_MS);
    }
  });

  it('prolongs nothing that is no worse: what still comes back of a way that is used last or left', () => {
    for (const [fate, many, standing] of [
      ['refused', REFUSED_TO_LAST, 'last'],
      ['lost', LOST_TO_LEAVE, 'left'],
    ] as const) {
      const deliveries = new Deliveries();
      const told = [...times(many, fate), ...times(REFUSED_TO_LAST, 'refused')].map((each) =>
        deliveries.told(way, each, 0),
      );
      assert.deepEqual([told[many - 1], told.at(-1)], [DEMOTED_MS, undefined]);
      assert.equal(deliveries.standing(way, DEMOTED_MS - 1), standing);
      assert.equal(deliveries.standing(way, DEMOTED_MS), 'used');
    }
  });

  it('lets a way be tried again, twice as late each time, and like a new one when enough arrived', () => {
    const deliveries = new Deliveries();
    let nowMs = 0;
    const lose = (): number => {
      let untilMs: number | undefined;
      for (const outcome of times(LOST_TO_LEAVE, 'lost')) untilMs = deliveries.told(way, outcome, nowMs);
      assert.ok(untilMs !== undefined);
      const waitMs = untilMs - nowMs;
      assert.equal(deliveries.standing(way, untilMs - 1), 'left');
      assert.equal(deliveries.standing(way, untilMs), 'used');
      nowMs = untilMs;
      return waitMs;
    };
    const waits = Array.from({ length: 9 }, lose);
    assert.deepEqual(waits.slice(0, 3), [DEMOTED_MS, 2 * DEMOTED_MS, 4 * DEMOTED_MS]);
    assert.equal(waits.at(-1), MOST_DEMOTED_MS);
    const deliver = (n: number): void => {
      for (const outcome of times(n, 'delivered')) deliveries.told(way, outcome, nowMs);
      nowMs += 10 * HALVE_MS;
    };
    deliver(ARRIVED_TO_CLEAR - 1);
    assert.equal(lose(), MOST_DEMOTED_MS, 'a few that arrive clear nobody');
    deliver(ARRIVED_TO_CLEAR);
    assert.equal(lose(), DEMOTED_MS);
  });

  it('keeps its memory bounded', () => {
    const deliveries = new Deliveries();
    const [lost] = times(1, 'lost') as [Outcome];
    for (let n = 0; n < MOST_WAYS + 10; n += 1) deliveries.told({ via: '0xa', to: `0x${n}` }, lost, 0);
    assert.equal(deliveries.size, MOST_WAYS);
    for (let n = 0; n < LOST_TO_LEAVE - 1; n += 1) {
      deliveries.told(way, lost, 0);
      for (let other = 0; other < MOST_WAYS / 2; other += 1)
        deliveries.told({ via: '0xb', to: `0x${n} ${other}` }, lost, 0);
    }
    assert.ok(deliveries.told(way, lost, 0) !== undefined, 'what is heard of again and again is not forgotten');
  });
});
