import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareNewcomers, perEffort } from './newcomers.ts';

const LASTS_MS = 120_000;

test('who changes keys gets less than an honest newcomer: for an hour, and far less for each key', async () => {
  const options = { seed: 1, lastsMs: LASTS_MS, newcomersPerDay: 5 };
  const [honest, cheat] = (await compareNewcomers(options)).map((each) => ({ ...each, ...perEffort(each, LASTS_MS) }));
  assert.ok(honest !== undefined && cheat !== undefined);
  assert.ok(cheat.keys > 2 * options.newcomersPerDay, 'it came again when no place was left');
  assert.ok(cheat.bytes > 3_000_000 * options.newcomersPerDay, 'it did take every place');
  assert.equal(cheat.paid, 0);
  assert.ok(cheat.perHour * 2 < honest.perHour, `${cheat.perHour} of ${honest.perHour} an hour`);
  assert.ok(cheat.perKey * 50 < honest.perKey, `${cheat.perKey} of ${honest.perKey} a key`);
  assert.ok(honest.paid > 0.9 * honest.charged, 'and the honest one is paid for');
});
