import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueWithin } from './issue-cap.ts';

test('a day’s promises stay within the cap, and a calendar that goes back starts no new day', () => {
  const before = { day: 5, wei: 70n };
  assert.deepEqual(issueWithin(before, { wei: 30n, day: 5 }, 100n), { day: 5, wei: 100n });
  assert.equal(issueWithin(before, { wei: 31n, day: 5 }, 100n), undefined);
  assert.deepEqual(issueWithin(before, { wei: 100n, day: 6 }, 100n), { day: 6, wei: 100n });
  assert.equal(issueWithin(before, { wei: 101n, day: 6 }, 100n), undefined);
  assert.equal(issueWithin(before, { wei: 31n, day: 4 }, 100n), undefined);
});
