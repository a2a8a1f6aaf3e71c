import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BURST_MS,
  type DebtLimits,
  type DebtState,
  debtState,
  FLOOR_BYTES_PER_SECOND,
  MIN_BURST_BYTES,
  MIN_PIECE_BYTES,
  Pace,
  serviceRate,
  TOLERANCE_PERCENT,
  throttleAt,
} from './pace.ts';

const limits: DebtLimits = { payAt: 100, dropAt: 200 };

test('the state follows from the debt alone', () => {
  const table: [number, DebtState][] = [
    [-50, 'open'],
    [0, 'open'],
    [100, 'open'],
    [124, 'open'],
    [125, 'throttled'],
    [199, 'throttled'],
    [200, 'choked'],
    [900, 'choked'],
  ];
  for (const [debt, state] of table) assert.equal(debtState(debt, limits), state, String(debt));
  assert.equal(debtState(190, limits, 11), 'choked', 'the next piece would pass dropAt');
  assert.equal(debtState(190, limits, 10), 'throttled');
  assert.equal(debtState(900, limits, 0), 'open', 'what is free is not choked for debt');
});

test('the reference vector: at nine nothing happens, at ten the neighbour is dropped', () => {
  // SWAP reference (papers.md R4): local PayAt 5, DropAt 10.
  const swap = { payAt: 5, dropAt: 10 };
  assert.notEqual(debtState(9, swap), 'choked');
  assert.equal(debtState(10, swap), 'choked');
  assert.equal(debtState(10 - 10, swap), 'open', 'ten units paid');
});

test('the throttle point lies between payAt and dropAt', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), fc.nat({ max: 2 ** 40 }), (payAt, room) => {
      const at = throttleAt({ payAt, dropAt: payAt + room });
      assert.ok(Number.isSafeInteger(at) && at >= payAt && at <= payAt + room);
    }),
  );
});

test('the rate is full when open, falls in a straight line, and keeps a floor', () => {
  const range = { full: 2_500_000 };
  assert.equal(serviceRate(0, limits, range), 2_500_000);
  assert.equal(serviceRate(124, limits, range), 2_500_000);
  assert.equal(serviceRate(125, limits, range), 2_500_000);
  assert.equal(serviceRate(200, limits, range), FLOOR_BYTES_PER_SECOND);
  assert.equal(serviceRate(9999, limits, range), FLOOR_BYTES_PER_SECOND);
  const half = { payAt: 0, dropAt: 400 };
  assert.equal(serviceRate(250, half, { full: 3000, floor: 1000 }), 2000);
  assert.equal(
    serviceRate(150, limits, { full: 500, floor: 1000 }),
    500,
    'a link slower than the floor is not sped up',
  );
});

test('an unshaped link is slowed down from what it was measured at', () => {
  const full = Number.POSITIVE_INFINITY;
  for (const debt of [0, 124]) assert.equal(serviceRate(debt, limits, { full, measured: 5_000_000 }), full);
  assert.equal(serviceRate(125, limits, { full, measured: 5_000_000 }), 5_000_000);
  assert.equal(serviceRate(200, limits, { full, measured: 5_000_000 }), FLOOR_BYTES_PER_SECOND);
  assert.equal(serviceRate(150, limits, { full }), FLOOR_BYTES_PER_SECOND);
});

test('the rate never rises with the debt, and stays between floor and full', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -100, max: 400 }),
      fc.nat({ max: 50 }),
      fc.nat({ max: 10 ** 9 }),
      (debt, more, full) => {
        const before = serviceRate(debt, limits, { full });
        const after = serviceRate(debt + more, limits, { full });
        assert.ok(after <= before && after >= Math.min(full, FLOOR_BYTES_PER_SECOND) && before <= full);
      },
    ),
  );
});

test('a debt that is paid is served at full rate at once', () => {
  const pace = new Pace();
  pace.take(pace.allow(1e6, FLOOR_BYTES_PER_SECOND, 0).bytes);
  assert.equal(pace.allow(1e6, FLOOR_BYTES_PER_SECOND, 10).bytes, 0);
  pace.allow(1, 2_500_000, 10);
  const { bytes } = pace.allow(1e6, 2_500_000, 20);
  assert.ok(bytes >= 24_000, `${bytes} bytes ten milliseconds after payment`);
});

test('over any time at most one burst plus rate × time is allowed', () => {
  const call = fc.record({ waitMs: fc.nat({ max: 40 }), wanted: fc.nat({ max: 100_000 }) });
  fc.assert(
    fc.property(fc.array(call), fc.integer({ min: 1, max: 10_000_000 }), (calls, rate) => {
      const pace = new Pace();
      const burst = Math.max(MIN_BURST_BYTES, (rate * BURST_MS) / 1000);
      let nowMs = 5000;
      let taken = 0;
      for (const { waitMs, wanted } of calls) {
        nowMs += waitMs;
        const { bytes } = pace.allow(wanted, rate, nowMs);
        assert.ok(Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= wanted);
        pace.take(bytes);
        taken += bytes;
        assert.ok(taken <= burst + (rate * (nowMs - 5000)) / 1000);
      }
    }),
  );
});

test('a long pause saves up one burst and no more', () => {
  const pace = new Pace();
  pace.take(pace.allow(1e9, 1_000_000, 0).bytes);
  assert.equal(pace.allow(1e9, 1_000_000, 3_600_000).bytes, 1000 * BURST_MS);
});

test('who asks again when told reaches the rate, with few questions', () => {
  for (const rate of [8_000, 2_500_000, 125_000_000]) {
    const pace = new Pace();
    let nowMs = 0;
    let taken = 0;
    let questions = 0;
    while (nowMs < 10_000) {
      const { bytes, retryMs } = pace.allow(1_000_000, rate, nowMs);
      pace.take(bytes);
      taken += bytes;
      questions += 1;
      if (bytes === 0) assert.ok(retryMs !== undefined);
      if (bytes < 1_000_000) nowMs += retryMs ?? 1;
    }
    assert.ok(taken >= rate * 10 * 0.95, `${taken} of ${rate * 10}`);
    assert.ok(questions <= 5000, `${questions} questions`);
  }
});

test('after retryMs there is something to take', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 1_000_000 }), (rate, wanted) => {
      const pace = new Pace();
      pace.take(pace.allow(1e9, rate, 0).bytes);
      const first = pace.allow(wanted, rate, 0);
      const retryMs = first.retryMs ?? 0;
      assert.ok(pace.allow(wanted, rate, retryMs).bytes > 0);
    }),
  );
});

test('an unshaped link has no bucket; time may stand still', () => {
  const pace = new Pace();
  pace.take(pace.allow(1e9, 1000, 0).bytes);
  assert.deepEqual(pace.allow(1e9, Number.POSITIVE_INFINITY, 1), { bytes: 1e9 });
  const back = new Pace();
  back.take(back.allow(1e9, 1000, 100).bytes);
  assert.equal(back.allow(10, 1000, 50).bytes, 0);
});

test('the figures of the pace', () => {
  const figures = [FLOOR_BYTES_PER_SECOND, BURST_MS, MIN_BURST_BYTES, MIN_PIECE_BYTES, TOLERANCE_PERCENT];
  assert.deepEqual(figures, [8_000, 50, 16_384, 1_024, 25]);
});

test('what is missing says when to ask again, to the millisecond', () => {
  const pace = new Pace();
  assert.deepEqual(pace.allow(16_384, 100_000, 0), { bytes: 16_384 });
  pace.take(16_384);
  assert.deepEqual(pace.allow(1_024, 100_000, 0), { bytes: 0, retryMs: 11 }, '1,024 bytes at 100 a millisecond');
  assert.deepEqual(pace.allow(1_024, 100_000, 10), { bytes: 0, retryMs: 1 });
  assert.deepEqual(pace.allow(1_024, 100_000, 11), { bytes: 1_024 });
  assert.deepEqual(pace.allow(5_000, 100_000, 11), { bytes: 1_100, retryMs: 11 });
});

test('between the throttle point and dropAt the speed falls in a straight line, to the floor', () => {
  const range = { full: 108_000, floor: 8_000 };
  assert.deepEqual(
    [124, 125, 140, 170, 199, 200, 300].map((debt) => serviceRate(debt, limits, range)),
    [108_000, 108_000, 88_000, 48_000, 9_333, 8_000, 8_000],
  );
  const unshaped = { full: Number.POSITIVE_INFINITY, measured: 108_000 };
  assert.equal(serviceRate(170, limits, unshaped), 48_000);
  assert.equal(serviceRate(170, limits, { full: Number.POSITIVE_INFINITY }), FLOOR_BYTES_PER_SECOND);
  assert.equal(serviceRate(170, limits, { ...unshaped, measured: 10 }), FLOOR_BYTES_PER_SECOND);
  assert.equal(serviceRate(5, { payAt: 5, dropAt: 5 }, range), 8_000, 'no room at all');
});

test('what is left of a wish says when to ask again, and an overdrawn bucket gives nothing', () => {
  const pace = new Pace();
  const rate = 8_000_000;
  assert.deepEqual(pace.allow(416_000, rate, 0), { bytes: 400_000, retryMs: 2 }, '16,000 bytes more');
  pace.take(400_000);
  assert.deepEqual(pace.allow(416_000, rate, 0), { bytes: 0, retryMs: 5 }, 'a piece of 40,000');
  pace.take(10);
  assert.equal(pace.allow(1, rate, 0).bytes, 0);
  const slow = new Pace();
  slow.allow(1, 1, 0);
  slow.take(MIN_BURST_BYTES);
  assert.equal(slow.allow(1_024, 1, 0).retryMs, 1_024_000, 'a byte a second');
});
