import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../errors.ts';
import { HoldTable } from './hold-table.ts';

const unknown = (act: () => unknown) => assert.throws(act, (error) => codeOf(error) === 'HOLD_UNKNOWN');

test('each hold keeps its facts while the table grows, and gives its slot to a later one', () => {
  const table = new HoldTable();
  for (const none of [0, 1, -1]) unknown(() => table.find(none));
  const handles = Array.from({ length: 1_000 }, (_, at) => table.take(at + 1, at * 3 + 1, at % 3 === 0 ? 1 : 0));
  assert.equal(new Set(handles).size, 1_000);
  assert.equal(table.live, 1_000);
  for (const [at, handle] of handles.entries()) {
    const slot = table.find(handle);
    assert.deepEqual(
      [table.row(slot), table.units(slot), table.side(slot)],
      [at + 1, at * 3 + 1, at % 3 === 0 ? 1 : 0],
    );
  }
  const slots = handles.slice(0, 500).map((handle) => table.end(handle));
  assert.equal(table.live, 500);
  for (const handle of handles.slice(0, 500)) unknown(() => table.find(handle));
  const again = Array.from({ length: 500 }, () => table.take(7, 9, 0));
  assert.deepEqual(new Set(again.map((handle) => table.find(handle))), new Set(slots));
  assert.equal(new Set([...handles, ...again]).size, 1_500, 'under other handles');
  for (const handle of [...handles.slice(500), ...again]) table.end(handle);
  assert.equal(table.live, 0);
  for (const handle of [...handles, ...again]) unknown(() => table.end(handle));
});

test('slots that are free stay known while the table grows', () => {
  const table = new HoldTable();
  const first = Array.from({ length: 64 }, () => table.take(1, 1, 0));
  const [freed] = first.splice(10, 1);
  const slot = table.end(freed as number);
  const second = table.take(2, 2, 0);
  assert.equal(table.find(second), slot);
  table.end(second);
  first.push(table.take(3, 3, 0), table.take(4, 4, 0));
  assert.equal(table.live, 65);
  assert.equal(new Set(first.map((handle) => table.find(handle))).size, 65);
});

test('an open hold can be made larger or smaller', () => {
  const table = new HoldTable();
  const handle = table.take(1, 10, 0);
  table.setUnits(table.find(handle), 4);
  assert.equal(table.units(table.end(handle)), 4);
});

test('a handle is used again only after its slot was used many times, and fits into 31 bits', () => {
  const table = new HoldTable();
  const seen = new Set<number>();
  for (let i = 0; i < 2 ** 11; i += 1) {
    const handle = table.take(1, 1, 0);
    assert.ok(handle >= 0 && handle < 2 ** 31 && !seen.has(handle));
    seen.add(handle);
    table.end(handle);
  }
  const around = table.take(1, 1, 0);
  assert.ok(seen.has(around));
  assert.equal(table.end(around), 0);
});

test('more than a million holds at once are a leak', () => {
  const table = new HoldTable();
  for (let i = 1; i < 2 ** 20; i += 1) table.take(1, 1, 0);
  // A refusal is no hold, also where a slot has that number.
  for (const refusal of [-1, -2, -3]) unknown(() => table.end(refusal));
  table.take(1, 1, 0);
  assert.throws(
    () => table.take(1, 1, 0),
    (error) => codeOf(error) === 'HOLDS_EXHAUSTED',
  );
  assert.equal(table.live, 2 ** 20);
});
