import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { HAND_MADE } from '../scripts/mutants/hand-made.ts';
import { placed } from '../scripts/mutants/mutant.ts';

const root = dirname(import.meta.dirname);

describe('bugs made by hand', () => {
  // Who changes such a line writes the bug anew in scripts/mutants/hand/, and tries it: npm run mutants -- --only NAME
  for (const bug of HAND_MADE) {
    test(`${bug.name} still has a place in ${bug.file}`, () => {
      const mutant = placed(bug, readFileSync(join(root, bug.file), 'utf8'));
      assert.ok(mutant.end > mutant.start && mutant.text !== bug.old);
    });
  }

  test('there are enough of them, each with its own name', () => {
    assert.ok(HAND_MADE.length >= 20);
    assert.equal(new Set(HAND_MADE.map(({ name }) => name)).size, HAND_MADE.length);
  });
});
