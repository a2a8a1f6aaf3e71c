import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { MAX_PRICE } from '../units.ts';
import {
  addMetrics,
  addPrices,
  costOfThousand,
  isRouteUpdate,
  MAX_SEQUENCE,
  type RouteUpdate,
  retraction,
  sameNews,
  UNREACHABLE,
} from './route.ts';

describe('news of a route', () => {
  const news: RouteUpdate = {
    destination: '10.0.0.0/8',
    origin: `0x${'1'.repeat(40)}`,
    sequence: 7,
    metric: 3,
    price: { perPacket: 1, perMb: 2 },
  };
  const all = 0xffff_ffff;

  it('fit in four bytes each', () => {
    assert.deepEqual([UNREACHABLE, MAX_SEQUENCE], [all, all]);
    const right = [
      {},
      { sequence: 0, metric: 0 },
      { sequence: all, metric: all },
      { price: { perPacket: MAX_PRICE, perMb: 0 } },
    ];
    for (const each of right) assert.ok(isRouteUpdate({ ...news, ...each }), JSON.stringify(each));
    const wrong = [
      { sequence: all + 1 },
      { sequence: -1 },
      { metric: all + 1 },
      { metric: 0.5 },
      { price: { perPacket: MAX_PRICE + 1, perMb: 0 } },
      { price: { perPacket: 0, perMb: MAX_PRICE + 1 } },
      { destination: `0x${'2'.repeat(40)}` },
    ];
    for (const each of wrong) assert.ok(!isRouteUpdate({ ...news, ...each }), JSON.stringify(each));
    assert.ok(isRouteUpdate({ ...news, destination: news.origin }));
  });

  it('are compared by what a thousand packets of a thousand bytes pay', () => {
    assert.equal(costOfThousand({ perPacket: 2, perMb: 3 }), 2_003);
  });

  it('add up along the way, and no further than there are numbers', () => {
    assert.deepEqual(addPrices({ perPacket: 1, perMb: 2 }, { perPacket: 3, perMb: 5 }), { perPacket: 4, perMb: 7 });
    const dear = { perPacket: MAX_PRICE, perMb: MAX_PRICE };
    assert.deepEqual(addPrices(dear, { perPacket: 1, perMb: 1 }), dear);
    assert.deepEqual([addMetrics(3, 4), addMetrics(all - 1, 1), addMetrics(all, 1)], [7, all, all]);
  });

  it('are the same where all that matters is', () => {
    const others: readonly Partial<RouteUpdate>[] = [
      { origin: `0x${'2'.repeat(40)}` },
      { sequence: 8 },
      { metric: 4 },
      { price: { perPacket: 2, perMb: 2 } },
      { price: { perPacket: 1, perMb: 3 } },
    ];
    for (const each of others) assert.ok(!sameNews(news, { ...news, ...each }), JSON.stringify(each));
    assert.ok(sameNews(news, { ...news, price: { perPacket: 1, perMb: 2 } }));
    assert.deepEqual(
      [sameNews(undefined, news), sameNews(news, undefined), sameNews(undefined, undefined)],
      [false, false, true],
    );
  });

  it('are taken back for nothing', () => {
    assert.deepEqual(retraction(news), { ...news, metric: all, price: { perPacket: 0, perMb: 0 } });
  });
});
