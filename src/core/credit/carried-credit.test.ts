import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CarriedCredit, type CarriedCustomer, mayCarry, unsecured } from './carried-credit.ts';

const stranger = { listed: false, earned: 0 };
const customer = (balance: number, rest: Partial<CarriedCustomer> = {}): CarriedCustomer => ({
  ...stranger,
  balance,
  uncashed: 0,
  provided: Math.max(0, balance),
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
    ];
    for (const [name, given, units] of table) assert.equal(unsecured(given), units, name);
  });

  test('what waits: only what was carried, there, for somebody who has not paid', () => {
    const table: [string, CarriedCustomer | undefined, typeof stranger, number][] = [
      ['it owes all', customer(110), stranger, 100],
      ['it owes a part', customer(30, { provided: 110 }), stranger, 30],
      ['it has paid', customer(0, { provided: 110 }), stranger, 0],
      ['it is listed', customer(110, { listed: true }), stranger, 0],
      ['it is no neighbour', undefined, stranger, 0],
      ['the upstream is listed', customer(110), { listed: true, earned: 0 }, 0],
      ['the upstream earned a part', customer(110), { listed: false, earned: 60 }, 40],
      ['it hung up before most of it arrived, and paid what did', customer(0, { provided: 40 }), stranger, 60],
    ];
    for (const [name, given, standing, units] of table) {
      const book = new CarriedCredit();
      book.carried('Y', 'X', 100, 0);
      assert.equal(
        book.heldBack('Y', standing, () => given),
        units,
        name,
      );
      const elsewhere = book.heldBack('G', stranger, () => given);
      assert.equal(elsewhere, 0, `${name}: nothing waits at another upstream`);
    }
  });

  test('once a customer has paid for everything, what was carried before is settled', () => {
    const book = new CarriedCredit();
    book.carried('Y', 'X', 100, 0);
    assert.equal(
      book.heldBack('Y', stranger, () => customer(0, { provided: 110 })),
      0,
    );
    assert.equal(book.concerns('X'), false);
    assert.equal(
      book.heldBack('Y', stranger, () => customer(500, { provided: 610 })),
      0,
      'its debt is for other things',
    );
  });

  test('newcomers may fill half of what an upstream gives; who is known goes on', () => {
    assert.equal(mayCarry(stranger, 0, 0), true);
    assert.equal(mayCarry(stranger, 499, 1000), true);
    assert.equal(mayCarry(stranger, 500, 1000), false);
    assert.equal(mayCarry({ listed: true, earned: 0 }, 5000, 1000), true);
    assert.equal(mayCarry({ listed: false, earned: 1 }, 5000, 1000), true);
  });

  const act = fc.record({
    customer: fc.nat({ max: 2 }),
    upstream: fc.nat({ max: 1 }),
    what: fc.constantFrom('use', 'hang up', 'pay by cheque', 'cheque is final', 'own use', 'I pay'),
    units: fc.integer({ min: 1, max: 1000 }),
    margin: fc.nat({ max: 20 }),
  });

  test('two keys of one owner never get out more than they put in, whatever they do in whatever order', () => {
    // All customers and upstreams are one owner's. I ask at least what I pay. A cheque that is never final has bounced.
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const book = new CarriedCredit();
        const customers = [0, 1, 2].map(() => ({ ...stranger, balance: 0, uncashed: 0, provided: 0 }));
        const owed = [0, 0];
        let [gotOut, putIn, own] = [0, 0, 0];
        for (const { customer: x, upstream: y, what, units, margin } of acts) {
          const each = customers[x] as (typeof customers)[number];
          const carry = () => {
            book.carried(`Y${y}`, `X${x}`, units, each.provided);
            owed[y] = (owed[y] ?? 0) + units;
          };
          if (what === 'use') {
            carry();
            each.balance += units + margin;
            each.provided += units + margin;
          } else if (what === 'hang up') {
            carry();
          } else if (what === 'pay by cheque') {
            each.balance -= units;
            each.uncashed += units;
          } else if (what === 'cheque is final') {
            putIn += each.uncashed;
            each.uncashed = 0;
          } else if (what === 'own use') {
            owed[y] = (owed[y] ?? 0) + units;
            own += units;
          } else {
            const held = book.heldBack(`Y${y}`, stranger, (id) => customers[Number(id.slice(1))]);
            const pays = Math.max(0, (owed[y] ?? 0) - held);
            owed[y] = (owed[y] ?? 0) - pays;
            gotOut += pays;
          }
        }
        assert.ok(gotOut <= putIn + own, `${gotOut} > ${putIn} + ${own}`);
      }),
      { numRuns: 3000 },
    );
  });
});
