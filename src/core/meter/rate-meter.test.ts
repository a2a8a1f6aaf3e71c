import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateMeter } from './rate-meter.ts';

test('the rate is that of the last window, or of this one where it is higher already', () => {
  const meter = new RateMeter();
  assert.equal(meter.perSecond(0), 0);
  meter.add(250, 0);
  meter.add(250, 499);
  assert.equal(meter.perSecond(499), 1_000, 'in half a second');
  meter.add(100, 500);
  assert.equal(meter.perSecond(500), 1_000, 'of the window before');
  meter.add(900, 600);
  assert.equal(meter.perSecond(600), 2_000);
  assert.equal(meter.perSecond(1_000), 2_000);
});

test('a window is over after half a second, and counts as one second at the most', () => {
  const meter = new RateMeter();
  meter.add(500, 0);
  assert.equal(meter.perSecond(800), 625, 'over 800 ms');
  const late = new RateMeter();
  late.add(500, 0);
  assert.equal(late.perSecond(5_000), 500, 'as if over a second');
  assert.equal(late.perSecond(60_000), 500, 'a quiet window forgets nothing');
  late.add(1, 60_100);
  assert.equal(late.perSecond(61_200), 1, 'one that was used does');
});

test('bytes are counted in the window they moved in', () => {
  const meter = new RateMeter();
  meter.add(500, 0);
  meter.add(7, 700);
  assert.equal(meter.perSecond(701), 714, '500 over 700 ms, and 7 since');
  assert.equal(meter.perSecond(1_300), Math.floor(7_000 / 600));
});
