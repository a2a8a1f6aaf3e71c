import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { Feasibility } from './feasibility.ts';

describe('what may be used without a loop', () => {
  const [here, there] = ['10.0.0.0/8', '::/0'];
  const [x, y] = ['0xx', '0xy'];
  const told = (...claims: readonly (readonly [sequence: number, metric: number])[]): Feasibility => {
    const made = new Feasibility();
    for (const [sequence, metric] of claims) made.announced(here, x, { sequence, metric, nowMs: 0 });
    return made;
  };
  /** Which of these are allowed: the same and a newer sequence, nearer, as far, and farther. */
  const allowed = (made: Feasibility, sequence: number, metric: number): string =>
    [-1, 0, 1]
      .map((newer) =>
        [-1, 0, 1].map((more) => (made.allows(here, x, sequence + newer, metric + more) ? 'y' : 'n')).join(''),
      )
      .join(' ');

  it('is what is newer, or as new and nearer, than the best that was ever told', () => {
    assert.equal(allowed(told(), 5, 10), 'yyy yyy yyy');
    assert.equal(allowed(told([5, 10]), 5, 10), 'nnn ynn yyy');
    assert.equal(allowed(told([5, 12], [5, 10]), 5, 10), 'nnn ynn yyy');
    assert.equal(allowed(told([5, 10], [5, 12]), 5, 10), 'nnn ynn yyy');
    assert.equal(allowed(told([5, 10], [6, 20]), 6, 20), 'nnn ynn yyy');
    assert.equal(allowed(told([5, 10], [6, 20]), 6, 10), 'nnn yyy yyy');
    assert.equal(allowed(told([5, 10], [4, 3]), 5, 10), 'nnn ynn yyy');
  });

  it('is told apart by destination and by origin', () => {
    const made = told([5, 10]);
    assert.ok(made.allows(there, x, 1, 99) && made.allows(here, y, 1, 99));
    made.announced(here, y, { sequence: 3, metric: 30, nowMs: 0 });
    assert.ok(!made.allows(here, y, 3, 30) && made.allows(here, y, 3, 29) && !made.allows(here, x, 5, 29));
    assert.deepEqual([made.sequence(here, x), made.sequence(here, y), made.sequence(there, x)], [5, 3, undefined]);
  });

  it('comes from 64 origins of one destination, and from no more', () => {
    const made = new Feasibility();
    for (let n = 0; n < 64; n += 1) {
      assert.ok(made.allows(here, `0x${n}`, 1, 1));
      made.announced(here, `0x${n}`, { sequence: 1, metric: 1, nowMs: 0 });
    }
    assert.ok(!made.allows(here, '0x64', 1, 1) && made.allows(here, '0x63', 2, 1) && made.allows(there, '0x64', 1, 1));
  });

  it('is remembered until it was not told for a time, one origin as little as all', () => {
    const made = told([5, 10]);
    made.announced(here, y, { sequence: 5, metric: 10, nowMs: 100 });
    made.announced(there, x, { sequence: 5, metric: 10, nowMs: 100 });
    made.forget(0);
    assert.ok(!made.allows(here, x, 5, 10));
    made.forget(1);
    assert.ok(made.allows(here, x, 5, 10) && !made.allows(here, y, 5, 10) && made.knows(here) && made.knows(there));
    made.announced(here, y, { sequence: 5, metric: 12, nowMs: 150 });
    made.forget(101);
    assert.deepEqual([made.knows(here), made.knows(there)], [true, false]);
    made.forget(151);
    assert.deepEqual([made.knows(here), made.allows(here, y, 5, 10)], [false, true]);
  });
});
