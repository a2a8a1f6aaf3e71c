import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type CarriedCustomer, heldBack, mayCarry, unsecured } from './carried-credit.ts';

const stranger = { listed: false, earned: 0 };
const friend = { listed: true, earned: 0 };
const customer = (balance: number, rest: Partial<CarriedCustomer> = {}): CarriedCustomer => ({
  ...stranger,
  balance,
  uncashed: 0,
  ...rest,
});

describe('carried credit', () => {
  test('what a customer has not paid for good', () => {
    const table: [string, CarriedCustomer, number][] = [
      ['owes', customer(100), 100],
      ['owes nothing', customer(0), 0],
      ['is owed', customer(-50), 0],
      ['paid by a cheque that may bounce', customer(0, { uncashed: 100 }), 100],
      ['paid ahead by such a cheque', customer(-60, { uncashed: 100 }), 40],
      ['earned a part', customer(100, { earned: 30 }), 70],
      ['earned more', customer(100, { earned: 300 }), 0],
      ['listed', customer(100, { listed: true, uncashed: 500 }), 0],
    ];
    for (const [name, given, units] of table) assert.equal(unsecured(given), units, name);
  });

  test('what waits at an upstream', () => {
    const owing = [customer(100), customer(20, { uncashed: 5 }), customer(-400), customer(70, { listed: true })];
    assert.equal(heldBack(stranger, owing), 125);
    assert.equal(heldBack(friend, owing), 0);
    assert.equal(heldBack({ listed: false, earned: 25 }, owing), 100);
    assert.equal(heldBack({ listed: false, earned: 999 }, owing), 0);
    assert.equal(heldBack(stranger, []), 0);
  });

  test('newcomers may fill half of what an upstream gives; who is known goes on', () => {
    assert.equal(mayCarry(stranger, 0, 0), true);
    assert.equal(mayCarry(stranger, 499, 1000), true);
    assert.equal(mayCarry(stranger, 500, 1000), false);
    assert.equal(mayCarry(friend, 5000, 1000), true);
    assert.equal(mayCarry({ listed: false, earned: 1 }, 5000, 1000), true);
  });

  test('two keys of one owner never get out more than they put in, whatever they do in whatever order', () => {
    // The customers and the upstream are one owner's. I ask at least what I pay; cheques are final, or bounce.
    const act = fc.record({
      who: fc.nat({ max: 2 }),
      what: fc.constantFrom('use', 'pay by cheque', 'cheque is final', 'cheque bounces', 'own use', 'I pay'),
      units: fc.integer({ min: 1, max: 1000 }),
      margin: fc.nat({ max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const customers = [0, 1, 2].map(() => ({ ...stranger, balance: 0, uncashed: 0 }));
        let owed = 0;
        let own = 0;
        let gotOut = 0;
        let putIn = 0;
        for (const { who, what, units, margin } of acts) {
          const each = customers[who] as (typeof customers)[number];
          if (what === 'use') {
            each.balance += units + margin;
            owed += units;
          } else if (what === 'pay by cheque') {
            each.balance -= units;
            each.uncashed += units;
          } else if (what === 'cheque is final') {
            putIn += each.uncashed;
            each.uncashed = 0;
          } else if (what === 'cheque bounces') {
            each.balance += each.uncashed;
            each.uncashed = 0;
          } else if (what === 'own use') {
            owed += units;
            own += units;
          } else {
            const pays = Math.max(0, owed - heldBack(stranger, customers));
            owed -= pays;
            gotOut += pays;
          }
        }
        assert.ok(gotOut <= putIn + own, `${gotOut} > ${putIn} + ${own}`);
      }),
      { numRuns: 2000 },
    );
  });
});
