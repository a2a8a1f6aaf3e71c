import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { RouteDue } from './route-due.ts';
import { RouteEntry } from './route-entry.ts';

describe('news that are due', () => {
  const names = (entries: readonly RouteEntry[]): string => entries.map(({ destination }) => destination).join('');

  it('go out a tenth of a second after they came, each once, and no sooner', () => {
    const due = new RouteDue();
    const [a, b] = [new RouteEntry('a'), new RouteEntry('b')];
    assert.equal(due.soonestMs, Number.POSITIVE_INFINITY);
    due.add(a, 0);
    due.add(b, 30);
    due.add(a, 60);
    assert.equal(due.soonestMs, 100);
    assert.equal(names(due.take(99)), '');
    assert.equal(due.soonestMs, 100);
    assert.equal(names(due.take(100)), 'a');
    assert.deepEqual([due.soonestMs, names(due.take(129))], [130, '']);
    assert.equal(names(due.take(130)), 'b');
    assert.deepEqual([due.soonestMs, names(due.take(9_999))], [Number.POSITIVE_INFINITY, '']);
  });

  it('are known to be due as soon as the first of them', () => {
    const due = new RouteDue();
    const entries = ['a', 'b', 'c'].map((name) => new RouteEntry(name));
    for (const [n, entry] of entries.entries()) due.add(entry, [50, 0, 20][n] as number);
    assert.equal(due.soonestMs, 100);
    due.take(100);
    assert.equal(due.soonestMs, 120);
  });

  /** How long each of these changes waits to be told, one after the other; `gapMs` later the next one comes. */
  const waits = (entry: RouteEntry, fromMs: number, gapsMs: readonly number[]): number[] => {
    const due = new RouteDue();
    let nowMs = fromMs;
    return gapsMs.map((gapMs) => {
      due.add(entry, nowMs);
      const waitMs = due.soonestMs - nowMs;
      due.take(due.soonestMs);
      nowMs += gapMs;
      return waitMs;
    });
  };

  it('wait longer from the fifth change on, twice as long each time, and half a minute at most', () => {
    const told = waits(
      new RouteEntry('a'),
      0,
      Array.from({ length: 30 }, () => 0),
    );
    const doubled = [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600];
    assert.deepEqual(told, [100, 100, 100, 100, ...doubled, ...Array.from({ length: 18 }, () => 30_000)]);
  });

  it('wait less again where nothing changed for ten seconds, by one change for each ten', () => {
    const quick = (count: number, lastMs: number): number[] => [...Array.from({ length: count - 1 }, () => 0), lastMs];
    const told = (...gapsMs: readonly number[]) => waits(new RouteEntry('a'), 0, gapsMs).at(-1);
    assert.equal(told(...quick(7, 9_999), 0), 1_600);
    assert.equal(told(...quick(7, 10_000), 0), 800);
    assert.equal(told(...quick(7, 30_000), 0), 200);
    assert.equal(told(...quick(7, 500_000), ...quick(5, 0)), 200);
    // What is short of ten seconds counts with what follows, until a change was forgotten.
    assert.equal(told(...quick(7, 6_000), 6_000, 0), 1_600);
    assert.equal(told(...quick(7, 15_000), 9_999, 0), 1_600);
    assert.equal(told(...quick(7, 15_000), 10_000, 0), 800);
  });

  it('count from when the first of them came', () => {
    const entry = new RouteEntry('a');
    assert.deepEqual(waits(entry, 0, [0, 0, 0, 0, 10_000, 9_999, 0]), [100, 100, 100, 100, 200, 200, 400]);
    assert.equal(waits(new RouteEntry('b'), 10_000, [0, 0, 0, 0, 0, 9_999, 0]).at(-1), 800);
  });
});
