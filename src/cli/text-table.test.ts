import assert from 'node:assert/strict';
import { it } from 'node:test';
import { factLines, textTable, wrapped } from './text-table.ts';

const HEADINGS = ['name', 'one>', 'two>', 'three'];
const ROWS = [
  ['a', '1', '22', 'x'],
  ['bb', '1000000', '2', ''],
];

it('stands on as many lines as there are rows where there is room', () => {
  const lines = ['name      one  two  three', 'a           1   22  x', 'bb    1000000    2'];
  assert.deepEqual(textTable(HEADINGS, ROWS), lines);
  assert.deepEqual(textTable(HEADINGS, ROWS, 25), lines);
});

it('goes on below where there is not, each row under its name', () => {
  assert.deepEqual(textTable(HEADINGS, ROWS, 18), [
    ...['name      one', 'a           1', 'bb    1000000', ''],
    ...['name  two  three', 'a      22  x', 'bb      2'],
  ]);
  assert.deepEqual(
    textTable(HEADINGS, ROWS, 1).filter((line) => line.startsWith('name')),
    ['name      one', 'name  two', 'name  three'],
    'one column beside the name, however narrow',
  );
});

it('breaks sentences between words and lists of facts between facts', () => {
  assert.deepEqual(wrapped('one two three four', 11), ['one two', '  three', '  four']);
  assert.deepEqual(wrapped('one two three four'), ['one two three four']);
  assert.deepEqual(factLines(['cost 1', 'ask 2', 'streams 3'], 14), ['cost 1   ask 2', 'streams 3']);
  assert.deepEqual(factLines([]), []);
});
