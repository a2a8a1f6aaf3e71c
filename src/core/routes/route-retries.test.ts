import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { RouteEntry } from './route-entry.ts';
import { RouteRetries } from './route-retries.ts';

describe('asking again', () => {
  const [a, b] = [new RouteEntry('a'), new RouteEntry('b')];
  const never = Number.POSITIVE_INFINITY;
  const names = (entries: readonly RouteEntry[]): string => entries.map(({ destination }) => destination).join('');

  it('is due after 4 seconds, then after twice as long, six times in all, and never too early', () => {
    const retries = new RouteRetries();
    assert.equal(retries.soonestMs, never);
    retries.starves(a, 1_000);
    const due: number[] = [];
    for (let nowMs = 1_000; retries.soonestMs !== never; nowMs = retries.soonestMs) {
      if (nowMs > 1_000) due.push((nowMs - 1_000) / 1_000);
      assert.equal(names(retries.take(nowMs - 1)), '');
      assert.equal(names(retries.take(nowMs)), nowMs > 1_000 ? 'a' : '');
    }
    assert.deepEqual(due, [4, 12, 28, 60, 124, 252]);
    assert.equal(names(retries.take(10 ** 9)), '');
  });

  it('waits for each by itself: what starves longer is asked about sooner', () => {
    const retries = new RouteRetries();
    retries.starves(a, 0);
    retries.starves(b, 3_000);
    retries.starves(a, 3_000);
    assert.equal(retries.soonestMs, 4_000);
    assert.equal(names(retries.take(4_000)), 'a');
    assert.equal(retries.soonestMs, 7_000);
    assert.equal(names(retries.take(7_000)), 'b');
    assert.equal(retries.soonestMs, 12_000);
  });

  it('ends with a way, and begins anew where it is lost', () => {
    const retries = new RouteRetries();
    retries.starves(a, 0);
    retries.take(4_000);
    retries.fed(a);
    assert.equal(names(retries.take(20_000)), '');
    assert.equal(retries.soonestMs, never);
    retries.starves(a, 30_000);
    assert.equal(retries.soonestMs, 34_000);
  });
});
