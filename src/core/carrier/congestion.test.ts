import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { SURGES, type Surge, surgedToll, surgeFor } from './congestion.ts';

describe('the toll of a link whose line grows', () => {
  const cases: [fill: number, present: Surge, expected: Surge][] = [
    [0, 1, 1],
    [0.49, 1, 1],
    [0.5, 1, 2],
    [0.74, 2, 2],
    [0.75, 1, 4],
    [1, 4, 4],
    [0.6, 4, 4],
    [0.5, 4, 4],
    [0.49, 4, 2],
    [0.3, 2, 2],
    [0.25, 2, 2],
    [0.25, 4, 2],
    [0.24, 2, 1],
    [0.24, 4, 1],
  ];
  for (const [fill, present, expected] of cases) {
    it(`at ${fill} of its bounds and ×${present} becomes ×${expected}`, () => {
      assert.equal(surgeFor(fill, present), expected);
    });
  }

  it('is one of its steps, and each of them somewhere', () => {
    assert.deepEqual([...new Set(cases.map(([fill, present]) => surgeFor(fill, present)))], [...SURGES]);
  });

  it('rises to four times the usual one at the most, and by a unit or three where that is nothing', () => {
    assert.deepEqual(surgedToll({ perPacket: 5, perMb: 100 }, 1), { perPacket: 5, perMb: 100 });
    assert.deepEqual(surgedToll({ perPacket: 5, perMb: 100 }, 4), { perPacket: 23, perMb: 400 });
    assert.deepEqual(surgedToll({ perPacket: 0, perMb: 0 }, 2), { perPacket: 1, perMb: 0 });
  });
});
