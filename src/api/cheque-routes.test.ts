import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WayleaveNode } from '../node/node.ts';
import type { CashedCheque } from '../settle/cashed-cheque.ts';
import { cashAll } from './cheque-routes.ts';

const ID = `0x${'a1'.repeat(20)}`;

test('what was cashed is told cheque by cheque, amounts as text', async () => {
  const one = { neighbour: ID, chequebook: ID, owedWei: 30n };
  const done: CashedCheque[] = [
    { ...one, result: 'cashed', paidWei: 30n, transaction: '0x1', gasWei: 7n },
    { ...one, result: 'left', paidWei: 0n, why: 'empty' },
  ];
  const node = { cashAll: async () => done } as Partial<WayleaveNode> as WayleaveNode;
  const told = { neighbour: ID, chequebook: ID, owedWei: '30' };
  assert.deepEqual(await cashAll(node), {
    ok: true,
    cashed: 1,
    cheques: [
      { ...told, result: 'cashed', paidWei: '30', transaction: '0x1', gasWei: '7' },
      { ...told, result: 'left', paidWei: '0', why: 'empty' },
    ],
  });
});
