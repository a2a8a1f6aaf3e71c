import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CarriedCredit } from './carried-credit.ts';
import { CreditBook, type CreditEntry, type CreditFacts, type CreditRules, payAtFor, STEP_MS } from './credit.ts';
import { CreditPlaces, LONG_AGO } from './credit-places.ts';

const RULES: CreditRules = { newcomer: 40_000, sharePercent: 100, growPerDay: 160_000, most: 1_000_000 };
const DAY = 20_000;
const entry = (id: string, facts: Partial<CreditFacts>, rules: Partial<CreditRules> = {}): CreditEntry => ({
  id,
  facts: { final: 0, paidOut: 0, writtenOff: 0, ...facts },
  rules: { ...RULES, ...rules },
});
const book = (hasUplink = false) => new CreditBook({ newcomersPerDay: 3, hasUplink });

test('of who was never seen nothing is known', () => {
  const unknown = { earned: 0, base: 0, cost: 0, gas: 0, day: 0, grown: 0, newcomerDay: 0, barred: false };
  assert.deepEqual(book().stateOf('a'), unknown);
});

test('what is kept is what came for good less all that it cost, packets passed on and what was forfeited included', () => {
  const credit = book();
  credit.spent('a', { cost: 7, gas: 5 });
  const { facts } = entry('a', { final: 1_000, paidOut: 100, writtenOff: 20, passedOn: 3 });
  assert.equal(credit.kept('a', facts), 1_000 - 100 - 20 - 3 - 7 - 5);
  credit.forfeit('a', facts);
  assert.equal(credit.kept('a', facts), 0);
  credit.forfeit('b', entry('b', { paidOut: 5 }).facts);
  assert.equal(credit.stateOf('b').base, 0, 'who cost more than it brought forfeits nothing');
});

test('all credit together is no more than all income, less gas, and less what an uplink cost', () => {
  const earns = (hasUplink: boolean): number => {
    const credit = book(hasUplink);
    credit.spent('b', { gas: 30_000, cost: 20_000 });
    credit.renew([entry('a', { final: 100_000 }), entry('b', {})], { nowMs: 0, day: DAY });
    return credit.earned('a');
  };
  assert.deepEqual([earns(false), earns(true)], [70_000, 50_000]);
  const alone = book();
  alone.renew([entry('a', { final: 100_000 })], { nowMs: 0, day: DAY });
  assert.equal(alone.earned('a'), 100_000, 'all of it, to the unit');
});

test('where a newcomer has no credit, who is barred or brought nothing has none either', () => {
  const credit = book();
  credit.bar('a');
  const poor = entry('b', { paidOut: 500 }, { newcomer: 0 });
  credit.renew([entry('a', { final: 100_000 }, { newcomer: 0 }), poor], { nowMs: 0, day: DAY });
  assert.deepEqual([credit.earned('a'), credit.earned('b')], [0, 0]);
});

for (const [what, days, earned] of [
  ['one day gives what one day allows', [0, 0, 0], [160_000, 160_000, 160_000]],
  ['each day gives as much', [0, 1, 2], [160_000, 320_000, 480_000]],
  [
    'a clock that jumps over midnight and back makes no third day of two',
    [0, 1, 0, 1],
    [160_000, 320_000, 320_000, 320_000],
  ],
  [
    'one that was ahead makes none of the days it goes over again',
    [3, 0, 1, 3, 4],
    [160_000, 160_000, 160_000, 160_000, 320_000],
  ],
] as const) {
  test(`growth of a day: ${what}`, () => {
    let credit = book();
    for (const [at, day] of days.entries()) {
      credit.renew([entry('a', { final: 900_000 })], { nowMs: at * STEP_MS, day: DAY + day });
      assert.equal(credit.earned('a'), earned[at], `look ${at}`);
      const remembered = credit.stateOf('a');
      credit = book();
      credit.restore('a', remembered);
    }
  });
}

test('what grew on a day is counted step by step, and a fall is no way to grow again at once', () => {
  const credit = book();
  let nowMs = 0;
  const look = (final: number, afterMs = STEP_MS): number => {
    nowMs += afterMs;
    credit.renew([entry('a', { final })], { nowMs, day: DAY });
    return credit.earned('a');
  };
  assert.deepEqual([look(20_000), look(60_000), look(900_000), look(990_000)], [20_000, 60_000, 160_000, 160_000]);
  assert.equal(look(100_000), 80_000, 'a fifth further than it must');
  assert.equal(look(900_000, STEP_MS - 1), 80_000);
});

test('who fell may not rise again within a minute', () => {
  const credit = book();
  const rules = { growPerDay: 10_000_000 };
  const look = (final: number, nowMs: number): number => {
    credit.renew([entry('a', { final }, rules)], { nowMs, day: DAY });
    return credit.earned('a');
  };
  assert.deepEqual([look(900_000, 0), look(100_000, 2 * STEP_MS)], [900_000, 80_000]);
  assert.deepEqual([look(900_000, 3 * STEP_MS - 1), look(900_000, 3 * STEP_MS)], [80_000, 900_000]);
});

test('payAt keeps its proportion to dropAt above a newcomer’s', () => {
  assert.equal(payAtFor({ payAt: 1, dropAt: 1 }, 10), 10);
  assert.equal(payAtFor({ payAt: 3, dropAt: 0 }, 10), 3);
  assert.equal(payAtFor({ payAt: 3, dropAt: 10 }, 9), 3);
});

test('places of a day are counted one by one, also those that a store remembers and when the clock goes back', () => {
  const places = new CreditPlaces(3);
  assert.equal(places.dayOf('a'), 0);
  places.restore('a', DAY);
  places.restore('b', DAY);
  assert.deepEqual([places.take('c', DAY), places.take('d', DAY)], [true, false]);
  places.free('nobody', true);
  assert.deepEqual([places.has('nobody'), places.take('d', DAY)], [false, false]);
  places.free('a', true);
  assert.deepEqual([places.has('a'), places.isNew('a'), places.dayOf('a')], [true, false, LONG_AGO]);
  assert.equal(places.take('d', DAY - 1), true);
  assert.equal(places.dayOf('d'), DAY, 'it is a place of today');
});

test('what a listed customer never got waits for nobody', () => {
  const carried = new CarriedCredit();
  carried.carried('Y', 'X', 100, 30);
  const customer = { listed: false, earned: 0, balance: 0, uncashed: 0, provided: 70 };
  const held = (listed: boolean) =>
    carried.heldBack('Y', { listed: false, earned: 0 }, () => ({ ...customer, listed }));
  assert.deepEqual([held(false), held(true)], [60, 0]);
});
