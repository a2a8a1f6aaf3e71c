import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, ERRORS, meaningOf, WayleaveError } from './errors.ts';

test('an error tells what happened, the facts that are known, and what can be done', () => {
  const cause = new Error('below');
  const error = new WayleaveError('AMOUNT_INVALID', { key: 'price', line: 12, left: undefined }, cause);
  const { what, remedy } = ERRORS.AMOUNT_INVALID;
  assert.deepEqual(
    [error.code, error.message, error.remedy],
    ['AMOUNT_INVALID', `${what} (key: price, line: 12)`, remedy],
  );
  assert.deepEqual(error.details, { key: 'price', line: 12, left: undefined });
  assert.deepEqual([error.name, error.cause], ['WayleaveError', cause]);
});

test('without facts it is the sentence of the table', () => {
  const { message, details } = new WayleaveError('AMOUNT_INVALID');
  assert.deepEqual([message, details], [ERRORS.AMOUNT_INVALID.what, {}]);
  assert.ok(new WayleaveError('AMOUNT_INVALID', { only: 1 }).message.endsWith(' (only: 1)'));
});

test('a bare word has the meaning that the table gives it, if it is there', () => {
  assert.equal(meaningOf('AMOUNT_INVALID'), ERRORS.AMOUNT_INVALID);
  for (const other of ['NOTHING', 'toString', 7, undefined]) assert.equal(meaningOf(other), undefined);
});

test('other errors have no code', () => {
  assert.equal(codeOf(new WayleaveError('INTERNAL')), 'INTERNAL');
  for (const other of [new Error('INTERNAL'), { code: 'INTERNAL' }, undefined]) assert.equal(codeOf(other), undefined);
});
