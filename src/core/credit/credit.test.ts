import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CreditBook, type CreditEntry, type CreditFacts, type CreditRules, payAtFor, STEP_MS } from './credit.ts';

const RULES: CreditRules = { newcomer: 40_000, sharePercent: 50, growPerDay: 160_000, most: 1_000_000 };
const NOTHING: CreditFacts = { final: 0, paidOut: 0, writtenOff: 0 };
const DAY = 20_000;

function book(hasUplink = false): CreditBook {
  return new CreditBook({ newcomersPerDay: 3, hasUplink });
}

function entry(id: string, facts: Partial<CreditFacts>, rules: Partial<CreditRules> = {}): CreditEntry {
  return { id, facts: { ...NOTHING, ...facts }, rules: { ...RULES, ...rules } };
}

describe('credit that grows', () => {
  test('it is a share of the net income kept: what came for good, less what went out', () => {
    const table: [Partial<CreditFacts>, { cost?: number; gas?: number }, number][] = [
      [{}, {}, 0],
      [{ final: 100_000 }, {}, 50_000],
      [{ final: 100_000, paidOut: 40_000 }, {}, 30_000],
      [{ final: 100_000, paidOut: 100_000 }, {}, 0],
      [{ final: 100_000, writtenOff: 60_000 }, {}, 20_000],
      [{ final: 100_000 }, { cost: 70_000, gas: 10_000 }, 10_000],
      [{ final: 100_000 }, { cost: 200_000 }, 0],
      [{ final: 10_000_000 }, {}, 160_000],
    ];
    for (const [facts, costs, earned] of table) {
      const credit = book();
      credit.spent('a', costs);
      credit.renew([entry('a', facts)], { nowMs: 0, day: DAY });
      assert.equal(credit.earned('a'), earned, JSON.stringify([facts, costs]));
    }
  });

  test('it grows by so much a day, up to so much in all, and not at all where that is zero', () => {
    const credit = book();
    const rich = [entry('a', { final: 10_000_000 })];
    const seen: number[] = [];
    for (let day = DAY; day < DAY + 9; day += 1) {
      for (let look = 0; look < 5; look += 1) credit.renew(rich, { nowMs: day * 86_400_000 + look * STEP_MS, day });
      seen.push(credit.earned('a'));
    }
    assert.deepEqual(seen.slice(0, 6), [160_000, 320_000, 480_000, 640_000, 800_000, 960_000]);
    assert.equal(seen.at(-1), 960_000, 'the rest would be no step');
    for (const rules of [{ sharePercent: 0 }, { growPerDay: 0 }, { most: 0 }]) {
      const none = book();
      none.renew([entry('a', { final: 10_000_000 }, rules)], { nowMs: 0, day: DAY });
      assert.equal(none.earned('a'), 0);
    }
  });

  test('it moves in steps: up by a quarter of the whole and once a minute, down at once and a little further', () => {
    const credit = book();
    const look = (final: number, nowMs: number) => credit.renew([entry('a', { final })], { nowMs, day: DAY });
    assert.deepEqual(look(19_998, 0), [], '9,999 on top of 40,000 is less than a quarter');
    assert.deepEqual(look(20_000, 1), [{ id: 'a', earned: 10_000, why: 'income' }]);
    assert.deepEqual(look(60_000, 2), [], 'within a minute');
    assert.deepEqual(look(60_000, STEP_MS + 1), [{ id: 'a', earned: 30_000, why: 'income' }]);
    assert.deepEqual(look(50_000, STEP_MS + 2), [{ id: 'a', earned: 20_000, why: 'spent' }]);
    assert.deepEqual(look(41_000, STEP_MS + 3), [], 'still covered');
    assert.deepEqual(look(0, STEP_MS + 4), [{ id: 'a', earned: 0, why: 'spent' }]);
  });

  test('a restored backup starts again, a bounce or a contradiction ends it', () => {
    const credit = book();
    const facts = { ...NOTHING, final: 100_000 };
    credit.renew([entry('a', facts)], { nowMs: 0, day: DAY });
    assert.deepEqual(credit.forfeit('a', facts), { id: 'a', earned: 0, why: 'restored' });
    credit.renew([entry('a', facts)], { nowMs: STEP_MS, day: DAY + 1 });
    assert.equal(credit.earned('a'), 0);
    credit.renew([entry('a', { final: 200_000 })], { nowMs: 2 * STEP_MS, day: DAY + 1 });
    assert.equal(credit.earned('a'), 50_000);
    assert.deepEqual(credit.bar('a'), { id: 'a', earned: 0, why: 'barred' });
    credit.renew([entry('a', { final: 900_000 })], { nowMs: 9 * STEP_MS, day: DAY + 2 });
    assert.deepEqual([credit.earned('a'), credit.barred('a')], [0, true]);
  });

  test('what is remembered is all there is', () => {
    const credit = book();
    credit.places.take('a', DAY);
    credit.spent('a', { cost: 7, gas: 3 });
    credit.renew([entry('a', { final: 100_000 })], { nowMs: 0, day: DAY });
    const again = book();
    again.restore('a', credit.stateOf('a'));
    assert.deepEqual(again.stateOf('a'), credit.stateOf('a'));
    again.renew([entry('a', { final: 9_000_000 })], { nowMs: 0, day: DAY });
    assert.equal(again.earned('a'), 160_000, 'the growth of the day is remembered too');
  });

  test('payAt keeps its proportion to dropAt', () => {
    const newcomer = { payAt: 10_000, dropAt: 40_000 };
    const table: [number, number][] = [
      [40_000, 10_000],
      [60_000, 15_000],
      [1, 10_000],
      [2 ** 52, 2 ** 50],
    ];
    for (const [dropAt, payAt] of table) assert.equal(payAtFor(newcomer, dropAt), payAt);
  });
});

/** A small economy: keys that pay me, are paid by me, use me and default. All of them may belong to one owner. */
interface Purse {
  final: number;
  paidOut: number;
  cost: number;
}

describe('circulating earns nothing', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const act = fc.record({
    id: fc.constantFrom(...ids),
    kind: fc.constantFrom('pays', 'isPaid', 'isServed', 'looks', 'looks', 'restored', 'writtenOff'),
    units: fc.integer({ min: 0, max: 300_000 }),
  });

  test('over any sequence: credit beyond newcomers’ ≤ the income kept from all, and from each', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), fc.boolean(), (acts, hasUplink) => {
        const credit = book(hasUplink);
        const purses = new Map<string, Purse>(ids.map((id) => [id, { final: 0, paidOut: 0, cost: 0 }]));
        const off = new Map<string, number>();
        let nowMs = 0;
        for (const { id, kind, units } of acts) {
          const purse = purses.get(id) as Purse;
          if (kind === 'pays') purse.final += units;
          if (kind === 'isPaid') purse.paidOut += units;
          if (kind === 'writtenOff') off.set(id, (off.get(id) ?? 0) + units);
          if (kind === 'isServed') {
            purse.cost += units;
            credit.spent(id, { cost: units });
          }
          const facts = (of: string): CreditFacts => {
            const { final, paidOut } = purses.get(of) as Purse;
            return { final, paidOut, writtenOff: off.get(of) ?? 0 };
          };
          if (kind === 'restored') credit.forfeit(id, facts(id));
          if (kind !== 'looks') continue;
          nowMs += units;
          credit.renew(
            ids.map((of) => ({
              id: of,
              facts: facts(of),
              rules: { ...RULES, sharePercent: 100, growPerDay: 400_000 },
            })),
            { nowMs, day: DAY + Math.floor(nowMs / 2_000_000) },
          );
          let earned = 0;
          let purseSum = 0;
          for (const [of, { final, paidOut, cost }] of purses) {
            const own = credit.earned(of);
            earned += own;
            purseSum += final - paidOut - (hasUplink ? cost : 0);
            assert.ok(own <= Math.max(0, final - paidOut - cost - (off.get(of) ?? 0)), `${of} has ${own}`);
          }
          assert.ok(earned <= Math.max(0, purseSum), `${earned} given on ${purseSum} kept`);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('an owner of two keys that pays with one what it collects with the other is given nothing', () => {
    const credit = book();
    for (let round = 1; round <= 50; round += 1) {
      credit.renew([entry('payer', { final: round * 100_000 }), entry('payee', { paidOut: round * 100_000 })], {
        nowMs: round * STEP_MS,
        day: DAY + round,
      });
      assert.equal(credit.earned('payer') + credit.earned('payee'), 0);
    }
  });
});

describe('places of newcomers', () => {
  test('so many a day; who paid or used nothing makes room, who took and went does not', () => {
    const { places } = book();
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'a'].map((id) => places.take(id, DAY)),
      [true, true, true, false, true],
    );
    places.free('a', true);
    assert.ok(places.take('d', DAY) && places.take('a', DAY), 'it paid, and is new no more');
    assert.ok(!places.take('e', DAY));
    places.free('b', false);
    assert.ok(places.take('e', DAY));
    assert.ok(!places.has('b') && !places.take('b', DAY));
    assert.ok(places.take('b', DAY + 1), 'a new day');
    places.welcome('f');
    assert.ok(places.has('f') && !places.isNew('f'));
  });

  test('over any sequence no day gives away more than its places', () => {
    const act = fc.record({
      id: fc.integer({ min: 0, max: 30 }),
      kind: fc.constantFrom('come', 'pay', 'leave', 'day', 'restart'),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        let places = book().places;
        let day = DAY;
        /** Keys that have used their credit and not paid, by the day on which they came. */
        const unpaid = new Map<string, number>();
        for (const { id, kind } of acts) {
          const key = `k${id}`;
          if (kind === 'day') day += 1;
          if (kind === 'come' && places.take(key, day) && places.isNew(key) && !unpaid.has(key)) unpaid.set(key, day);
          if (kind === 'pay' && unpaid.delete(key)) places.free(key, true);
          if (kind === 'leave' && unpaid.get(key) === day && id % 2 === 0) {
            unpaid.delete(key);
            places.free(key, false);
          }
          if (kind === 'restart') {
            const again = book().places;
            for (let each = 0; each <= 30; each += 1) again.restore(`k${each}`, places.dayOf(`k${each}`));
            places = again;
          }
          const today = [...unpaid.values()].filter((each) => each === day).length;
          assert.ok(today <= 3, `${today} newcomers`);
        }
      }),
      { numRuns: 300 },
    );
  });
});
