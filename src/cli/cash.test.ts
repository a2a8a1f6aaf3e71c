import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doneLines } from './cash.ts';

test('what was cashed is shown cheque by cheque, and why another was not', () => {
  const one = { neighbour: '0xa', chequebook: '0xb', owedWei: '30', paidWei: '30' };
  const done = [
    { ...one, result: 'cashed', transaction: '0x1', gasWei: '7' },
    { ...one, result: 'failed', paidWei: '0', why: 'GAS_TOO_DEAR' },
  ] as const;
  const lines = doneLines({ cashed: 1, cheques: done }, () => 'bob', { columns: 200 });
  for (const words of [
    ['bob', '30', '7', 'cashed', '0x1'],
    ['bob', '0', 'failed (GAS_TOO_DEAR)'],
  ])
    assert.ok(
      lines.some((line) => words.every((word) => line.includes(word))),
      words.join(' '),
    );
  assert.equal(lines.at(-1), 'Cheques cashed: 1. Amounts in wei.');
  assert.deepEqual(doneLines({ cashed: 0, cheques: [] }, String, { columns: 200 }), ['No cheque waits to be cashed.']);
});
