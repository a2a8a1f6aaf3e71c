import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NoteRecord, Store } from '../store/store.ts';
import { FreeAllowance } from './free-allowance.ts';

const ID = `0x${'b0'.repeat(20)}`;
const DAY_MS = 86_400_000;

for (const [what, days, left] of [
  ['is one a day', [9, 9, 10, 11], [5e6, 0, 5e6, 5e6]],
  ['begins anew neither where the clock jumps over midnight and back', [9, 10, 9, 10], [5e6, 5e6, 0, 0]],
  ['nor where it is behind until somebody sets it', [9, 0, 9, 10], [5e6, 0, 0, 5e6]],
] as const) {
  test(`the allowance of a day ${what}, over restarts`, () => {
    const notes = new Map<string, NoteRecord>();
    const commit = async (records: readonly NoteRecord[]) => {
      for (const record of records) notes.set(record.name, record);
    };
    let provided = 0;
    for (const [at, day] of days.entries()) {
      const clock = { nowMs: () => 0, wallMs: () => day * DAY_MS, after: () => ({ cancel: () => undefined }) };
      const store = { commit } as Partial<Store> as Store;
      const free = new FreeAllowance({ clock, store, notes: [...notes.values()] });
      assert.equal(free.left(ID, provided, 5), left[at], `look ${at}`);
      // All of it is used.
      if (left[at] !== 0) provided += 5e6;
    }
  });
}
