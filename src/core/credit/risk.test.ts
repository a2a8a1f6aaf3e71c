import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clearsNow, clearsWhenFinal } from './risk.ts';

test('a payment clears what fits under riskAt', () => {
  const table: [number, number, number, number][] = [
    [30, 0, 100, 30],
    [30, 70, 100, 30],
    [30, 80, 100, 20],
    [30, 100, 100, 0],
    [30, 500, 100, 0],
    [30, 0, 0, 0],
  ];
  for (const [units, outstanding, riskAt, clears] of table) assert.equal(clearsNow(units, outstanding, riskAt), clears);
});

test('what is held clears as earlier payments become final; a lowered riskAt takes nothing back', () => {
  const table: [number, number, number, number][] = [
    [50, 150, 100, 0],
    [50, 120, 100, 30],
    [50, 0, 100, 50],
    [50, 120, 10, 0],
    [0, 0, 100, 0],
  ];
  for (const [held, outstanding, riskAt, clears] of table) {
    assert.equal(clearsWhenFinal(held, outstanding, riskAt), clears);
  }
});

test('over any payments and cashings: at risk ≤ riskAt, credit ≤ paid, and all is credited when all is final', () => {
  const step = fc.oneof(fc.record({ pay: fc.nat({ max: 500 }) }), fc.record({ cash: fc.nat({ max: 100 }) }));
  fc.assert(
    fc.property(fc.array(step), fc.nat({ max: 800 }), (steps, riskAt) => {
      let [outstanding, held, paid, credited] = [0, 0, 0, 0];
      const final = (units: number): void => {
        outstanding -= units;
        const clears = clearsWhenFinal(held, outstanding, riskAt);
        held -= clears;
        credited += clears;
      };
      for (const each of steps) {
        if ('pay' in each) {
          const clears = clearsNow(each.pay, outstanding, riskAt);
          outstanding += each.pay;
          held += each.pay - clears;
          credited += clears;
          paid += each.pay;
        } else {
          final(Math.floor((outstanding * each.cash) / 100));
        }
        assert.ok(outstanding - held <= riskAt, 'at risk');
        assert.equal(credited + held, paid);
      }
      final(outstanding);
      assert.deepEqual([held, credited], [0, paid]);
    }),
  );
});
