import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReceivedChequeRecord } from '../store/store.ts';
import { uncashedByNeighbour } from './uncashed-by-neighbour.ts';

const [a, b] = [`0x${'a'.repeat(40)}`, `0x${'b'.repeat(40)}`];

test('adds up what each neighbour’s chequebooks still owe, each rounded up, and leaves out who owes nothing', () => {
  const cheque = (neighbour: string, cumulative: bigint, cashedCumulative: bigint) =>
    ({ neighbour, cumulative, cashedCumulative }) as ReceivedChequeRecord;
  const received = [cheque(a, 25n, 10n), cheque(a, 7n, 0n), cheque(b, 30n, 30n)];
  assert.deepEqual([...uncashedByNeighbour(received, 10n)], [[a, 3]]);
});
