import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BarterAccount, barterPrice } from './barter.ts';
import { codeOf } from './errors.ts';

test('the price of barter is the lower positive ask', () => {
  const table: [number | undefined, number | undefined, number][] = [
    [3, 5, 3],
    [5, 3, 3],
    [0, 5, 5],
    [5, 0, 5],
    [0, 0, 0],
    [undefined, 7, 7],
    [undefined, undefined, 0],
  ];
  for (const [a, b, price] of table) assert.equal(barterPrice(a, b), price);
});

test('two ends that serve each other within dropAt mirror each other and never leave the limit', () => {
  const deal = fc.record({ byA: fc.boolean(), charge: fc.nat({ max: 300 }) });
  fc.assert(
    fc.property(fc.array(deal), fc.nat({ max: 1000 }), (deals, dropAt) => {
      const a = new BarterAccount();
      const b = new BarterAccount();
      for (const { byA, charge } of deals) {
        const [server, user] = byA ? [a, b] : [b, a];
        assert.equal(
          server.admits(charge, dropAt),
          user.admitsUse(charge, dropAt),
          'both ends agree on what is allowed',
        );
        if (!server.admits(charge, dropAt)) continue;
        server.provide(charge);
        user.consume(charge);
        assert.ok(Math.abs(a.net) <= dropAt);
        assert.equal(a.net + b.net, 0);
      }
    }),
  );
});

test('service given makes room for service taken', () => {
  const account = new BarterAccount(0, 0);
  account.provide(100);
  assert.equal(account.admits(1, 100), false);
  account.consume(40);
  assert.deepEqual([account.net, account.admits(40, 100), account.admits(41, 100)], [60, true, false]);
});

test('totals only grow, exactly', () => {
  const account = new BarterAccount(Number.MAX_SAFE_INTEGER, 1);
  assert.throws(
    () => account.provide(1),
    (error) => codeOf(error) === 'AMOUNT_OVERFLOW',
  );
  assert.throws(
    () => account.consume(-1),
    (error) => codeOf(error) === 'AMOUNT_INVALID',
  );
  assert.throws(
    () => new BarterAccount(0.5, 0),
    (error) => codeOf(error) === 'AMOUNT_INVALID',
  );
});
