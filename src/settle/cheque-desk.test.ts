import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSigner } from '../chain/signer.ts';
import { codeOf } from '../core/errors.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import { ChequeDesk } from './cheque-desk.ts';
import { ChequebookFactsBook } from './chequebook-facts.ts';
import { OwnChequebook } from './own-chequebook.ts';

const idOf = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;

test('payments to many neighbours under way together cannot promise more than the chequebook holds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-desk-'));
  const signer = createSigner(new Uint8Array(32).fill(7));
  const store = await openSqliteStore({ path: join(folder, 'node.db'), nodeId: signer.id });
  try {
    const ratio = { numerator: 1n, denominator: 1n };
    const text = JSON.stringify({ address: idOf(0xb00c), capacityWei: '1000' });
    const notes = [{ kind: 'note', name: 'own-chequebook', text }] as const;
    const issued = {
      kind: 'issued' as const,
      chequebook: idOf(0xb00c),
      beneficiary: idOf(1),
      cumulative: 100n,
      signature: new Uint8Array(65),
      amount: 100,
      paymentId: 1,
      acceptedCumulative: 100n,
      remainder: 0n,
      ownCumulative: 100n,
    };
    const desk = new ChequeDesk({
      signer,
      chainId: 100,
      store,
      own: new OwnChequebook({ chain: undefined, store, notes }),
      facts: new ChequebookFactsBook({ chain: undefined, store, me: signer.id, notes: [], nowMs: () => 0 }),
      neighbour: () => ({ chequebook: undefined, theirRatio: ratio, myRatio: ratio, riskAt: 0 }),
      issued: [issued],
      received: [],
    });
    const write = (n: number, units: number) => desk.write(idOf(n), { id: 2, units });
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => write(n + 1, 50)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 18);
    for (const each of outcomes) {
      if (each.status === 'rejected') assert.equal(codeOf(each.reason), 'CHEQUEBOOK_EMPTY');
    }
    await assert.rejects(write(99, 1), (error) => codeOf(error) === 'CHEQUEBOOK_EMPTY');
    assert.equal(
      (await store.load()).issued.reduce((sum, { cumulative }) => sum + cumulative, 0n),
      1000n,
    );
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
