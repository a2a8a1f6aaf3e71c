import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../errors.ts';
import { relationOf } from '../ledger/relation.ts';
import { chargeFor, MAX_CHARGE_BYTES } from '../units.ts';
import { askFor, bidFor, buysAt, CostBook, MAX_COST_MINUTES, profitOf, sellsAt } from './bargain.ts';

const MB = 1_000_000;
const minute = (n: number): number => n * 60_000;

test("A {max 5, 10 %} meets B {max 3, 15 %} only while A's cost is at most 2.7272…", () => {
  // Prices in millionths, so that the fraction is visible.
  const [bMax, bp] = [3 * MB, 1000];
  assert.ok(buysAt(askFor(2_727_272, bp), bMax));
  assert.ok(!buysAt(askFor(2_727_273, bp), bMax));
  assert.equal(askFor(2_727_272, bp), 3_000_000);
  // The other way A's maximum leaves B room up to 4.3478…
  assert.ok(buysAt(askFor(4_347_826, 1500), 5 * MB));
  assert.ok(!buysAt(askFor(4_347_827, 1500), 5 * MB));
});

test('asks compound along the line A–B–C–D', () => {
  // An uplink at 5,000 a MB; A takes 10 %, B 15 %, C 20 %. Each buys all it sells.
  const expected = [5500, 6325, 7590];
  let cost = 5000;
  for (const [hop, bp] of [1000, 1500, 2000].entries()) {
    const book = new CostBook(10);
    if (hop > 0) book.bought(MB, cost, 0);
    const own = book.cost({ nowMs: 0, uplinkPerMb: hop === 0 ? cost : undefined });
    assert.equal(own, cost);
    cost = askFor(own ?? 0, bp) ?? 0;
    assert.equal(cost, expected[hop]);
  }
});

test('a price rise upstream makes a buyer stop paying', () => {
  const buyer = { askPerMb: undefined, bidPerMb: 7000 };
  const before = relationOf(buyer, { askPerMb: askFor(6000, 1000), bidPerMb: 0 });
  const after = relationOf(buyer, { askPerMb: askFor(6500, 1000), bidPerMb: 0 });
  assert.deepEqual([before.iCanPay, before.atTheirPayAt], [true, 'pay']);
  assert.deepEqual([after.iCanPay, after.atTheirPayAt, after.iBuy], [false, 'nothing', false]);
});

test('core and edge: with equal prices nobody earns, with 8 against 5 Alice nets 3 a MB', () => {
  const net = (aliceAsk: number, bobAsk: number): number =>
    chargeFor(MB, aliceAsk, 0).amount - chargeFor(MB, bobAsk, 0).amount;
  assert.equal(net(5, 5), 0);
  assert.equal(net(8, 5), 3);
});

test('cost: an uplink, else the weighted average, else the last cost, else the cheapest ask, else none', () => {
  const book = new CostBook(5);
  assert.equal(book.cost({ nowMs: 0 }), undefined);
  assert.equal(book.cost({ nowMs: 0, cheapestAskPerMb: 77 }), 77);
  book.bought(MB, 10, minute(0));
  book.bought(MB, 10, minute(0));
  book.bought(MB, 40, minute(3));
  const at = (n: number): number | undefined => book.cost({ nowMs: minute(n), cheapestAskPerMb: 77 });
  assert.equal(at(3), 20, 'two parts at 10, one at 40');
  assert.equal(at(4), 20);
  assert.equal(at(5), 40, 'the first minute has left the window');
  assert.equal(at(7), 40);
  assert.equal(at(1000), 20, 'nothing bought for long: the average as it stood at the last purchase');
  assert.equal(book.cost({ nowMs: minute(3), uplinkPerMb: 5 }), 5);
  book.bought(MB, 100, minute(2000));
  assert.equal(at(2000), 100);
});

test('a free purchase counts as one, and rounding goes up', () => {
  const book = new CostBook(5);
  book.bought(2, 1, 0);
  book.bought(1, 0, 0);
  assert.equal(book.cost({ nowMs: 0 }), 1, '⌈2/3⌉');
});

test('rounding goes up from the smallest fraction', () => {
  const book = new CostBook(5);
  book.bought(2, 2, 0);
  book.bought(1, 0, 0);
  assert.equal(book.cost({ nowMs: 0 }), 2, '⌈4/3⌉');
});

test('what is bought while the clock has stepped back counts as bought in the newest minute', () => {
  const book = new CostBook(5);
  book.bought(MB, 10, minute(10));
  book.bought(MB, 40, minute(3));
  book.bought(MB, 100, minute(11));
  assert.equal(book.cost({ nowMs: minute(12) }), 50);
});

test('the average is exact over many small purchases, and bounded in memory', () => {
  const purchase = fc.record({ bytes: fc.integer({ min: 1, max: MAX_CHARGE_BYTES }), price: fc.nat({ max: 2 ** 31 }) });
  fc.assert(
    fc.property(fc.array(purchase, { minLength: 1 }), (purchases) => {
      const book = new CostBook(3);
      for (const { bytes, price } of purchases) book.bought(bytes, price, minute(7));
      const bytes = purchases.reduce((sum, each) => sum + BigInt(each.bytes), 0n);
      const paid = purchases.reduce((sum, each) => sum + BigInt(each.bytes) * BigInt(each.price), 0n);
      assert.equal(book.cost({ nowMs: minute(8) }), Number((paid + bytes - 1n) / bytes));
    }),
  );
});

test('the cost lies between the lowest and the highest price paid, whatever the clock does', () => {
  const purchase = fc.record({ price: fc.integer({ min: 5, max: 90 }), atMs: fc.nat({ max: minute(30) }) });
  fc.assert(
    fc.property(fc.array(purchase, { minLength: 1 }), fc.nat({ max: minute(60) }), (purchases, nowMs) => {
      const book = new CostBook(4);
      for (const { price, atMs } of purchases) book.bought(100, price, atMs);
      const cost = book.cost({ nowMs }) ?? -1;
      const prices = purchases.map((each) => each.price);
      assert.ok(cost >= Math.min(...prices) && cost <= Math.max(...prices));
    }),
  );
});

test('the window is 1 minute to a day', () => {
  for (const minutes of [1, MAX_COST_MINUTES]) assert.doesNotThrow(() => new CostBook(minutes));
  for (const bad of [0, -1, 1.5, 1_441]) {
    assert.throws(
      () => new CostBook(bad),
      (error) => codeOf(error) === 'AMOUNT_INVALID',
    );
  }
});

const cost = fc.nat({ max: 2 ** 27 });
const bp = fc.nat({ max: 20_000 });

test('the ask is the lowest price with the minimum profit', () => {
  fc.assert(
    fc.property(cost, bp, (c, p) => {
      const ask = askFor(c, p) ?? Number.NaN;
      assert.ok(sellsAt(ask, c, p));
      if (ask > 0) assert.ok(!sellsAt(ask - 1, c, p));
      if (c > 0) assert.ok(profitOf(ask, c) >= p);
    }),
  );
});

test("a carrier's bid is the highest cost that the best customer still covers", () => {
  fc.assert(
    fc.property(fc.array(cost, { minLength: 1, maxLength: 5 }), bp, (bids, p) => {
      const bid = bidFor({ maximumPerMb: undefined, customerBidsPerMb: bids, profitBp: p });
      assert.ok((askFor(bid, p) ?? Number.NaN) <= Math.max(...bids));
      assert.ok((askFor(bid + 1, p) ?? Number.NaN) > Math.max(...bids));
    }),
  );
});

test('own traffic is bid for at the maximum, carried traffic may go higher', () => {
  assert.equal(bidFor({ maximumPerMb: 500, customerBidsPerMb: [], profitBp: 1000 }), 500);
  assert.equal(bidFor({ maximumPerMb: 500, customerBidsPerMb: [1100, 300], profitBp: 1000 }), 1000);
  assert.equal(bidFor({ maximumPerMb: undefined, customerBidsPerMb: [], profitBp: 0 }), 0);
});

test('profit of a price', () => {
  const table: [number, number, number][] = [
    [110, 100, 1000],
    [100, 100, 0],
    [90, 100, -1000],
    [5, 0, Number.POSITIVE_INFINITY],
    [0, 0, 0],
  ];
  for (const [price, paid, profit] of table) assert.equal(profitOf(price, paid), profit);
});

test('where an ask would pass the highest price nothing is for sale; a mad profit is refused', () => {
  assert.equal(askFor(2 ** 31, 0), 2 ** 31);
  assert.equal(askFor(2 ** 31, 1), undefined);
  assert.equal(askFor(1, 1_000_000), 101);
  for (const bad of [-1, 0.5, 1_000_001])
    assert.throws(
      () => askFor(1, bad),
      (error) => codeOf(error) === 'AMOUNT_INVALID',
    );
});
