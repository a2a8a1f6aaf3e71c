import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AllotmentSize, MAX_ALLOTMENTS_AHEAD } from './allotment.ts';
import { TimeBuyer, type TimeCharge, type TimeOffer, TimeSeller } from './time-meter.ts';

const SIZE: AllotmentSize = { ms: 1_000 };
const OFFER: TimeOffer = { size: SIZE, price: 7, units: 7 };
const LONGER: TimeOffer = { size: { ...SIZE, ms: 2_000 }, price: 7, units: 14 };
const [yes, no] = [() => true, () => false];
/** Sells where nothing needs to be admitted, or what is admitted is looked at elsewhere. */
const sold = (seller: TimeSeller, charge: TimeCharge): number => seller.sell(0, charge, () => undefined).sold;

test('who uses a service asks to be looked at once, and not while time is bought or just refused', () => {
  const buyer = new TimeBuyer();
  assert.equal(buyer.covered, false);
  assert.equal(buyer.want(), true);
  assert.equal(buyer.want(), false, 'asked already');
  assert.equal(buyer.renew(OFFER, 0, yes), 1);
  assert.equal(buyer.covered, true);
  assert.equal(buyer.want(), false, 'covered');
  assert.equal(buyer.renew(OFFER, 1_000, no), undefined);
  assert.equal(buyer.covered, false);
  assert.equal(buyer.want(), false, 'refused: it is asked again when the account changes');
  assert.equal(buyer.renew(OFFER, 1_001, yes), 2);
  buyer.renew(OFFER, 2_001, yes);
  assert.deepEqual([buyer.covered, buyer.want()], [false, true], 'over, and nobody wanted it meanwhile');
});

test('what nobody wants any more is not bought later, and a connection that goes takes wish and time with it', () => {
  const buyer = new TimeBuyer();
  buyer.want();
  buyer.renew(OFFER, 0, no);
  assert.equal(buyer.renew(OFFER, 10, yes), undefined);
  assert.equal(buyer.want(), true, 'no longer refused');
  buyer.forget();
  assert.equal(buyer.renew(OFFER, 20, yes), undefined, 'a wish of the connection before');
  buyer.want();
  buyer.renew(OFFER, 20, yes);
  buyer.forget();
  assert.equal(buyer.covered, false);
  assert.equal(buyer.want(), true);
  buyer.renew(OFFER, 30, no);
  buyer.want();
  buyer.renew(OFFER, 31, no);
  buyer.forget();
  assert.equal(buyer.want(), true, 'nor is it refused on the next one');
});

test('an allotment of another size starts anew, and the count goes on', () => {
  const buyer = new TimeBuyer();
  buyer.want();
  assert.equal(buyer.renew(OFFER, 0, yes), 1);
  buyer.want();
  assert.equal(buyer.renew(LONGER, 10, yes), 2);
  buyer.want();
  assert.equal(buyer.renew(LONGER, 1_500, yes), undefined, 'two seconds are not over');
  assert.equal(buyer.renew(LONGER, 2_010, yes), undefined, 'asked before it was over');
});

test('orders wait until there is room, and each is sold once, with what came between', () => {
  const seller = new TimeSeller();
  const charged: number[] = [];
  const charge = (units: number): boolean => charged.push(units) > 0;
  seller.order(1, OFFER, 0);
  seller.order(1, OFFER, 0);
  assert.deepEqual([sold(seller, no), seller.active(0)], [0, false]);
  seller.order(3, OFFER, 0);
  seller.order(2, OFFER, 0);
  seller.order(4, LONGER, 0);
  assert.deepEqual([sold(seller, charge), charged], [4, [7, 7, 7, 14]]);
  assert.deepEqual([sold(seller, charge), charged.length], [0, 4]);
  seller.order(4, OFFER, 0);
  assert.deepEqual([sold(seller, charge), charged.length], [0, 4], 'bought before');
});

test('what was ordered at one price is not sold at another', () => {
  const seller = new TimeSeller();
  const charged: number[] = [];
  seller.order(1, OFFER, 0);
  seller.order(2, { ...OFFER, price: 9, units: 9 }, 0);
  sold(seller, (units) => charged.push(units) > 0);
  assert.deepEqual(charged, [7, 9]);
});

test('what waits is admitted at its own price, once, and no more when it is sold', () => {
  const seller = new TimeSeller();
  const seen: [what: 'charged' | 'admitted', units: number][] = [];
  let room = 0;
  const charge = (units: number): boolean => {
    if (units > room) return false;
    room -= units;
    return seen.push(['charged', units]) > 0;
  };
  const sell = () => {
    const { admitted, sold } = seller.sell(0, charge, (units) => seen.push(['admitted', units]));
    return [sold, admitted, ...seen.splice(0)];
  };
  assert.deepEqual(sell(), [0, 0]);
  seller.order(2, OFFER, 0);
  assert.deepEqual(sell(), [0, 14, ['admitted', 14]]);
  seller.order(3, LONGER, 0);
  assert.deepEqual(sell(), [0, 14, ['admitted', -14], ['admitted', 28]]);
  assert.deepEqual(sell(), [0, 0, ['admitted', -28], ['admitted', 28]], 'asked for room without it, each time');
  room = 13;
  assert.deepEqual(sell(), [1, -7, ['admitted', -28], ['charged', 7], ['admitted', 21]], 'as far as there is room');
  room = 20;
  assert.deepEqual(sell(), [1, -7, ['admitted', -21], ['charged', 7], ['admitted', 14]]);
  room = 20;
  assert.deepEqual(sell(), [1, -14, ['admitted', -14], ['charged', 14]]);
  seller.order(4, OFFER, 0);
  sell();
  seller.forget();
  assert.deepEqual(sell(), [0, 0], 'what was admitted stands when the connection is gone');
  seller.order(1, OFFER, 0);
  room = 7;
  assert.deepEqual(sell(), [1, 0, ['charged', 7]]);
});

test('what waits keeps the offer that it was made for, where offers come and go', () => {
  const seller = new TimeSeller();
  const dearer = { ...OFFER, price: 9, units: 9 };
  for (const [at, offer] of [OFFER, dearer, OFFER, dearer, dearer].entries()) seller.order(at + 1, offer, 0);
  const charged: number[] = [];
  sold(seller, (units) => charged.push(units) > 0);
  assert.deepEqual(charged, [7, 9, 7, 9, 9]);
});

test('what costs one unit is admitted, and taken back, too', () => {
  const seller = new TimeSeller();
  const seen: number[] = [];
  seller.order(1, { ...OFFER, units: 1 }, 0);
  for (const charge of [no, no, yes]) seller.sell(0, charge, (units) => seen.push(units));
  assert.deepEqual(seen, [1, -1, 1, -1]);
});

test('an order of the connection before is not sold on the next one', () => {
  const seller = new TimeSeller();
  seller.order(2, OFFER, 0);
  seller.forget();
  assert.equal(sold(seller, yes), 0);
  seller.order(1, OFFER, 0);
  assert.equal(sold(seller, yes), 1, 'counted anew');
});

test('a meter of one size goes on over several allotments', () => {
  const seller = new TimeSeller();
  for (const count of [1, 2, 3]) {
    seller.order(count, OFFER, 0);
    assert.equal(sold(seller, yes), 1);
  }
  assert.deepEqual([seller.active(2_999), seller.active(3_499), seller.active(3_600)], [true, true, false]);
});

test('outside of bought time a few knocks come through, a second apart', () => {
  const seller = new TimeSeller();
  assert.deepEqual(seller.allows(5_000, 0), { bytes: 0 }, 'nothing was bought yet');
  seller.order(1, OFFER, 0);
  sold(seller, yes);
  assert.deepEqual(seller.allows(5_000, 0), { bytes: 5_000 });
  seller.served(0);
  const overMs = 10_000;
  assert.deepEqual(seller.allows(5_000, overMs), { bytes: 1_024 }, 'what is served in time is no knock');
  assert.deepEqual(seller.allows(10, overMs), { bytes: 10 });
  seller.served(overMs);
  assert.deepEqual(seller.allows(5_000, overMs + 1), { bytes: 0, retryMs: 999 });
  assert.deepEqual(seller.allows(5_000, overMs + 999), { bytes: 0, retryMs: 1 });
  assert.deepEqual(seller.allows(5_000, overMs + 1_000), { bytes: 1_024 });
  seller.served(overMs + 1_000);
  seller.served(overMs + 2_000);
  assert.deepEqual(seller.allows(5_000, overMs + 9_000), { bytes: 0 });
  seller.order(2, OFFER, overMs + 2_100);
  seller.sell(overMs + 2_100, yes, () => undefined);
  assert.deepEqual(seller.allows(5_000, overMs + 9_000), { bytes: 1_024 }, 'bought again, all knocks are back');
  seller.served(overMs + 9_000);
  seller.order(3, OFFER, overMs + 9_100);
  seller.sell(overMs + 9_100, yes, () => undefined);
  assert.deepEqual(seller.allows(5_000, overMs + 10_700), { bytes: 1_024 });
  seller.forget();
  assert.deepEqual(seller.allows(5_000, overMs + 9_000), { bytes: 0 });
});

test('orders that wait longer than what may be ahead are all sold when there is room, and no fault of who ordered', () => {
  const seller = new TimeSeller();
  const most = 3 * MAX_ALLOTMENTS_AHEAD;
  for (let count = 1; count <= most; count += 1) {
    seller.order(count, count === 2 ? LONGER : OFFER, 2 * count * SIZE.ms);
    sold(seller, no);
  }
  let asked = 0;
  assert.equal(
    sold(seller, () => {
      asked += 1;
      return asked <= most;
    }),
    most,
  );
  assert.equal(asked, most, 'and nothing more');
});

test('who uses nothing of the time it buys waits one allotment longer for each, until something is used', () => {
  const buyer = new TimeBuyer();
  const boughtMs: number[] = [];
  const until = (endMs: number, fromMs: number): void => {
    for (let nowMs = fromMs; nowMs < endMs; nowMs += 500) {
      buyer.want();
      if (buyer.renew(OFFER, nowMs, yes) !== undefined) boughtMs.push(nowMs);
      assert.equal(buyer.covered, nowMs < (boughtMs.at(-1) ?? 0) + SIZE.ms);
    }
  };
  until(11_000, 0);
  assert.deepEqual(boughtMs.splice(0), [0, 1_000, 3_000, 6_000, 10_000]);
  assert.equal(buyer.want(), false, 'it is looked at anyway');
  buyer.used();
  until(15_000, 11_000);
  assert.deepEqual(boughtMs.splice(0), [11_000, 12_000, 14_000]);
  buyer.want();
  assert.equal(buyer.renew(LONGER, 15_000, yes), 9, 'at another price somebody may serve');
  const longest = MAX_ALLOTMENTS_AHEAD * SIZE.ms;
  buyer.forget();
  until(10_000, 0);
  assert.deepEqual(boughtMs.splice(0), [0, 5_000], 'nor is it forgotten with the connection, which may be made for it');
  until(100 * longest, 10_000);
  const [last = 0, before = 0] = boughtMs.reverse();
  assert.equal(last - before, longest, 'but never longer than what may be ahead');
});

test('who stopped asking while it waited buys when the wait is over, and never more than that one', () => {
  const buyer = new TimeBuyer();
  for (const nowMs of [0, 1_000]) {
    buyer.want();
    buyer.renew(OFFER, nowMs, yes);
  }
  buyer.want();
  assert.equal(buyer.renew(OFFER, 1_999, yes), undefined, 'asked while there was time');
  assert.deepEqual([buyer.renew(OFFER, 2_000, yes), buyer.renew(OFFER, 3_000, yes)], [undefined, undefined]);
  buyer.want();
  buyer.renew(OFFER, 3_000, yes);
  buyer.want();
  assert.deepEqual(
    [4_000, 5_999, 6_000, 10_000, 20_000].map((nowMs) => buyer.renew(OFFER, nowMs, yes)),
    [undefined, undefined, 4, undefined, undefined],
  );
});
