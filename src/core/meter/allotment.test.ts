import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../errors.ts';
import {
  ALLOTMENT_GRACE_MS,
  AllotmentBuyer,
  AllotmentOrders,
  AllotmentSeller,
  type AllotmentSize,
  allotmentPrice,
  MAX_ALLOTMENTS_AHEAD,
} from './allotment.ts';

const byTime: AllotmentSize = { ms: 1000 };

test('one allotment costs its part of the price, rounded up', () => {
  const table: [AllotmentSize, number, number][] = [
    [byTime, 5000, 5000],
    [{ ms: 250 }, 10, 3],
    [byTime, 0, 0],
    [{ ms: 1_000_000 }, 2 ** 31, 2 ** 31 * 1000],
  ];
  for (const [size, price, units] of table) assert.equal(allotmentPrice(size, price), units);
  assert.throws(
    () => allotmentPrice(byTime, -1),
    (error) => codeOf(error) === 'PRICE_INVALID',
  );
});

test('time is what has passed, not ticks, and lasts a little longer than was paid for', () => {
  const buyer = new AllotmentBuyer(byTime);
  const seller = new AllotmentSeller(byTime);
  assert.equal(seller.serves(0), false, 'nothing before the first purchase');
  seller.sell(buyer.buy(10_000), 50);
  assert.deepEqual([buyer.due(10_999), buyer.due(11_000)], [false, true]);
  assert.deepEqual([seller.serves(1049 + ALLOTMENT_GRACE_MS), seller.serves(1050 + ALLOTMENT_GRACE_MS)], [true, false]);
  assert.equal(buyer.due(99_000), true);
  assert.equal(buyer.buy(99_000), 2, 'a pause is not charged');
});

test('the buyer may renew early, and what is left is kept', () => {
  const buyer = new AllotmentBuyer(byTime, 200);
  buyer.buy(0);
  assert.deepEqual([buyer.due(799), buyer.due(800)], [false, true]);
  buyer.buy(800);
  assert.deepEqual([buyer.due(1799), buyer.due(1800)], [false, true]);
});

test('grace is an advance, not a gift', () => {
  // A tenth is forgiven as skew of the clocks: 400 ms late, 100 forgiven, 300 taken from the next second.
  const time = new AllotmentSeller(byTime);
  const serves = (...atMs: readonly number[]): boolean[] => atMs.map((ms) => time.serves(ms + ALLOTMENT_GRACE_MS));
  time.sell(1, 0);
  time.sell(2, 1400);
  assert.deepEqual(serves(2099, 2100), [true, false]);
  time.sell(3, 9000);
  assert.deepEqual(serves(9999, 10_000), [true, false], 'after a pause it starts anew');
});

test('a repeated or old message sells nothing; a lost one is made up', () => {
  const seller = new AllotmentSeller(byTime);
  assert.deepEqual(
    [seller.sell(1, 0), seller.sell(1, 0), seller.sell(0, 0), seller.sell(4, 0), seller.sold],
    [1, 0, 0, 3, 4],
  );
  assert.equal(new AllotmentSeller(byTime, 0, 4).wanted(5), 1, 'continues from what was stored');
  for (const bad of [-1, 0.5, Number.NaN]) {
    assert.throws(
      () => seller.wanted(bad),
      (error) => codeOf(error) === 'AMOUNT_INVALID',
    );
  }
});

test('only so much is ordered ahead of time, and what is refused is not taken', () => {
  const orders = new AllotmentOrders();
  const most = MAX_ALLOTMENTS_AHEAD;
  const take = (count: number, nowMs: number): number | string | undefined => {
    try {
      return orders.take(count, byTime, nowMs);
    } catch (error) {
      return codeOf(error);
    }
  };
  assert.deepEqual([take(1, 5_000), take(1, 5_000), take(0, 5_000), take(-1, 5_000)], [1, 0, 0, 'AMOUNT_INVALID']);
  assert.deepEqual([take(most + 1, 5_000), take(most, 5_000)], ['ALLOTMENT_AHEAD', most - 1]);
  assert.deepEqual([take(most + 1, 5_999), take(most + 1, 6_000)], ['ALLOTMENT_AHEAD', 1], 'a second has passed');
  assert.deepEqual(
    [take(2 * most + 2, 1e6), take(2 * most + 1, 1e6)],
    ['ALLOTMENT_AHEAD', most],
    'time saves up nothing',
  );
});

test('an order ahead is one allotment ahead, also where they become shorter or longer', () => {
  const refused = (act: () => void): void => assert.throws(act, (error) => codeOf(error) === 'ALLOTMENT_AHEAD');
  const [orders, most] = [new AllotmentOrders(), MAX_ALLOTMENTS_AHEAD];
  assert.equal(orders.take(most, { ms: 60_000 }, 0), most);
  refused(() => orders.take(most + 1, byTime, 59_999));
  assert.equal(orders.take(most + 1, byTime, 60_000), 1);
  refused(() => orders.take(most + 2, { ms: 60_000 }, 60_999));
  assert.equal(orders.take(most + 2, { ms: 60_000 }, 61_000), 1);
});

test('who orders as time passes is never ahead, however long nothing is sold', () => {
  const orders = new AllotmentOrders();
  for (let count = 1; count <= 10 * MAX_ALLOTMENTS_AHEAD; count += 1) {
    assert.equal(orders.take(count, byTime, count * byTime.ms), 1);
  }
});

/** A run in which each side sees time through its own clock: an offset, and a rate in per mille of the true one. */
const skewed = fc.record({
  size: fc.constantFrom(byTime, { ms: 137 }),
  offsetMs: fc.integer({ min: -1e9, max: 1e9 }),
  buyerRate: fc.integer({ min: 900, max: 1100 }),
  sellerRate: fc.integer({ min: 900, max: 1100 }),
  steps: fc.array(fc.record({ waitMs: fc.nat({ max: 700 }), lost: fc.boolean() })),
});

test('two sides with skewed clocks still charge the same', () => {
  fc.assert(
    fc.property(skewed, ({ size, offsetMs, buyerRate, sellerRate, steps }) => {
      const buyer = new AllotmentBuyer(size);
      const seller = new AllotmentSeller(size);
      let trueMs = 0;
      let [paid, charged] = [0, 0];
      const each = allotmentPrice(size, 5001);
      const theirMs = (): number => offsetMs + Math.floor((trueMs * sellerRate) / 1000);
      for (const { waitMs, lost } of steps) {
        trueMs += waitMs;
        const myMs = Math.floor((trueMs * buyerRate) / 1000);
        if (buyer.due(myMs)) {
          buyer.buy(myMs);
          paid += each;
        }
        if (!lost) charged += each * seller.sell(buyer.bought, theirMs());
        assert.ok(charged <= paid);
      }
      charged += each * seller.sell(buyer.bought, theirMs());
      assert.equal(charged, paid);
      assert.equal(seller.sold, buyer.bought);
    }),
  );
});

test('a clock that runs a tenth fast does not cut off a buyer that renews in time', () => {
  const buyer = new AllotmentBuyer(byTime);
  const seller = new AllotmentSeller(byTime);
  for (let trueMs = 0; trueMs < 60_000; trueMs += 10) {
    if (buyer.due(trueMs)) seller.sell(buyer.buy(trueMs), trueMs * 1.1);
    assert.ok(seller.serves(trueMs * 1.1));
  }
  assert.equal(seller.sold, 60);
});
