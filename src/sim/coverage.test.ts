import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Coverage } from './coverage.ts';

describe('coverage', () => {
  test('counts what happened, and sums up runs', () => {
    const coverage = new Coverage();
    coverage.count('crash');
    coverage.count('bytes', 7);
    const other = new Coverage();
    other.count('crash');
    coverage.add(other);
    assert.deepEqual([coverage.of('crash'), coverage.of('never')], [2, 0]);
    coverage.count('cheat.idle', 0);
    assert.deepEqual([coverage.any('cr'), coverage.any('cheat.'), coverage.any('rash')], [true, false, false]);
    assert.equal(JSON.stringify(coverage), '{"bytes":7,"cheat.idle":0,"crash":2}');
  });
});
