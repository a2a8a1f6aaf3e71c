import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ALLOTMENT_GRACE_MS,
  AllotmentBuyer,
  AllotmentSeller,
  type AllotmentSize,
  admitsPurchase,
  allotmentPrice,
  MAX_ALLOTMENTS_AHEAD,
} from './allotment.ts';
import { codeOf } from './errors.ts';

const byData: AllotmentSize = { metering: 'data', bytes: 1_000_000, ms: 1000 };
const byTime: AllotmentSize = { metering: 'time', bytes: 1_000_000, ms: 1000 };

test('one allotment costs its part of the price, rounded up', () => {
  const table: [AllotmentSize, number, number][] = [
    [byData, 5000, 5000],
    [byTime, 5000, 5000],
    [{ ...byData, bytes: 1 }, 5000, 1],
    [{ ...byTime, ms: 250 }, 10, 3],
    [byData, 0, 0],
    [{ ...byData, bytes: 1_000_000_000 }, 2 ** 31, 2 ** 31 * 1000],
  ];
  for (const [size, price, units] of table) assert.equal(allotmentPrice(size, price), units);
  assert.throws(
    () => allotmentPrice(byData, -1),
    (error) => codeOf(error) === 'PRICE_INVALID',
  );
});

test('prepaid is bought out of credit only, post-paid within dropAt', () => {
  assert.ok(admitsPurchase('prepaid', -100, 100, 500));
  assert.ok(!admitsPurchase('prepaid', -99, 100, 500));
  assert.ok(admitsPurchase('postpaid', 400, 100, 500));
  assert.ok(!admitsPurchase('postpaid', 401, 100, 500));
});

test('by data: when the megabyte is used up the buyer pays again or the priority stops', () => {
  const buyer = new AllotmentBuyer(byData);
  const seller = new AllotmentSeller(byData, 100_000);
  assert.equal(seller.state(0), 'over', 'nothing before the first purchase');
  assert.ok(buyer.due(0));
  assert.equal(seller.sell(buyer.buy(0), 0), 1);
  for (const side of [buyer, seller]) side.used(999_999);
  assert.deepEqual([buyer.due(0), seller.state(0)], [false, 'active']);
  for (const side of [buyer, seller]) side.used(1);
  assert.deepEqual([buyer.due(0), seller.state(0)], [true, 'grace']);
  seller.used(99_999);
  assert.equal(seller.state(0), 'grace');
  seller.used(1);
  assert.equal(seller.state(0), 'over');
  assert.equal(seller.sell(buyer.buy(0), 0), 1);
  assert.equal(seller.state(0), 'active');
});

test('by time: junk costs nothing, and time is what has passed, not ticks', () => {
  const buyer = new AllotmentBuyer(byTime);
  const seller = new AllotmentSeller(byTime);
  seller.sell(buyer.buy(10_000), 50);
  for (const side of [buyer, seller]) side.used(1e12);
  assert.deepEqual([buyer.due(10_999), seller.state(1049)], [false, 'active']);
  assert.deepEqual([buyer.due(11_000), seller.state(1050)], [true, 'grace']);
  assert.equal(seller.state(1050 + ALLOTMENT_GRACE_MS), 'over');
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
  const data = new AllotmentSeller(byData, 400_000);
  data.sell(1, 0);
  data.used(1_300_000);
  data.sell(2, 0);
  data.used(699_999);
  assert.equal(data.state(0), 'active');
  data.used(1);
  assert.equal(data.state(0), 'grace', 'two megabytes for two allotments');
  // By time a tenth is forgiven as skew of the clocks: 400 ms late, 100 forgiven, 300 taken from the next second.
  const time = new AllotmentSeller(byTime);
  time.sell(1, 0);
  time.sell(2, 1400);
  assert.deepEqual([time.state(2099), time.state(2100)], ['active', 'grace']);
  time.sell(3, 9000);
  assert.deepEqual([time.state(9999), time.state(10_000)], ['active', 'grace'], 'after a pause it starts anew');
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

test('only so much is sold ahead', () => {
  for (const size of [byData, byTime]) {
    const seller = new AllotmentSeller(size);
    assert.equal(seller.sell(MAX_ALLOTMENTS_AHEAD, 0), MAX_ALLOTMENTS_AHEAD);
    assert.throws(
      () => seller.sell(MAX_ALLOTMENTS_AHEAD + 1, 0),
      (error) => codeOf(error) === 'ALLOTMENT_AHEAD',
    );
    assert.equal(seller.sold, MAX_ALLOTMENTS_AHEAD);
  }
});

/** A run in which each side sees time through its own clock: an offset, and a rate in per mille of the true one. */
const skewed = fc.record({
  size: fc.constantFrom(byData, byTime, { ...byTime, ms: 137 }),
  offsetMs: fc.integer({ min: -1e9, max: 1e9 }),
  buyerRate: fc.integer({ min: 900, max: 1100 }),
  sellerRate: fc.integer({ min: 900, max: 1100 }),
  steps: fc.array(fc.record({ waitMs: fc.nat({ max: 700 }), bytes: fc.nat({ max: 400_000 }), lost: fc.boolean() })),
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
      for (const { waitMs, bytes, lost } of steps) {
        trueMs += waitMs;
        const myMs = Math.floor((trueMs * buyerRate) / 1000);
        if (buyer.due(myMs)) {
          buyer.buy(myMs);
          paid += each;
        }
        if (!lost) charged += each * seller.sell(buyer.bought, theirMs());
        for (const side of [buyer, seller]) side.used(bytes);
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
    assert.notEqual(seller.state(trueMs * 1.1), 'over');
  }
  assert.equal(seller.sold, 60);
});
