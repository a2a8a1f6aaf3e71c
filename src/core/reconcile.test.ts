import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreedTotal } from './reconcile.ts';

const table: readonly [what: string, provided: number, admitted: number, consumed: number, agreed: number][] = [
  ['nothing lost', 100, 40, 100, 100],
  ['a tail was written and never arrived', 100, 40, 90, 90],
  ['the provider lost records: the user owns up', 80, 40, 100, 100],
  ['the user lost records, or lies: what it admitted stands', 100, 60, 50, 60],
  ['a claim of admission beyond what was provided counts for nothing', 100, 500, 50, 100],
  ['a provider that forgot everything', 0, 0, 70, 70],
];

for (const [what, provided, admitted, consumed, agreed] of table) {
  test(`agreed total: ${what}`, () => {
    assert.equal(agreedTotal({ provided, admitted, consumed }), agreed);
  });
}
