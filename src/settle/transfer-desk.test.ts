import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import type { SessionEvent } from '../core/session-effect.ts';
import type { Store } from '../store/store.ts';
import { TransferDesk } from './transfer-desk.ts';
import { type SentTransfer, sentNote } from './transfer-notes.ts';

const PAYEE = `0x${'c'.repeat(40)}`;
const RATIO = { numerator: 1n, denominator: 1n };
const WRITTEN: SentTransfer = {
  ...{ neighbour: PAYEE, id: 2, units: 265, wei: 265n, remainder: 0n, transaction: '0xold', state: 'sent' },
};

/** A node that starts again with a payment written down, which the chain then makes by this transaction. */
async function startedAgain(transaction: string): Promise<{ told: SessionEvent[]; pending: unknown }> {
  const told: SessionEvent[] = [];
  const chain = {
    pay: async (_: unknown, sent: (hash: string) => Promise<void>) => {
      await sent(transaction);
      return { hash: transaction, paidWei: 265n, gasWei: 1n, block: 7n };
    },
  } as unknown as Chain;
  const store = { commit: async () => undefined } as unknown as Store;
  const desk = new TransferDesk({
    ...{ chain, store, confirmations: 1, clock: { after: () => ({ cancel: () => undefined }) } as never },
    notes: [sentNote(WRITTEN)],
    neighbour: () => ({ theirRatio: RATIO, myRatio: RATIO, riskAt: 1_000, chequebook: undefined }),
    tell: (_, event) => told.push(event) > 0,
    keep: async () => undefined,
    cleared: () => undefined,
    emit: () => undefined,
  });
  desk.start();
  await new Promise((resolve) => setImmediate(resolve));
  desk.stop();
  return { told, pending: desk.unacknowledged(PAYEE) };
}

test('a payment that goes by another transaction than the payee was told of is told anew, once', async () => {
  const proof = { kind: 'transfer', transaction: '0xnew' };
  assert.deepEqual(await startedAgain('0xnew'), {
    told: [{ kind: 'paymentWritten', id: 2, method: 'transfer', proof }],
    pending: { id: 2, proof },
  });
});

test('one that is found again under way is not', async () => {
  const { told } = await startedAgain('0xold');
  assert.deepEqual(told, []);
});
