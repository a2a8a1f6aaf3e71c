import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner, type Signer } from '../chain/signer.ts';
import { codeOf } from '../core/errors.ts';
import type { PaymentProof } from '../core/session/message.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { ChequeDesk, type ChequeDeskOptions } from './cheque-desk.ts';
import { ChequebookFactsBook } from './chequebook-facts.ts';
import { OwnChequebook } from './own-chequebook.ts';
import type { SharedChequebook } from './shared-chequebook.ts';

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

/** A desk beside a chain on which this neighbour's chequebook stands, which it announces. */
function deskBeside(chain: Partial<Chain>, more: Partial<ChequeDeskOptions> = {}) {
  const [me, them] = [7, 8].map((each) => createSigner(new Uint8Array(32).fill(each))) as [Signer, Signer];
  const store = { commit: async () => undefined } as unknown as Store;
  const ratio = { numerator: 1n, denominator: 1n };
  const text = JSON.stringify({ address: idOf(0xb00c), capacityWei: '1000' });
  const notes = [{ kind: 'note', name: 'own-chequebook', text }] as const;
  const facts = { ...{ chain: chain as Chain, store, me: me.id, notes: [] }, nowMs: () => 0 };
  const desk = new ChequeDesk({
    ...{ signer: me, chainId: 100, store, issued: [], received: [] },
    own: new OwnChequebook({ chain: undefined, store, notes }),
    facts: new ChequebookFactsBook(facts),
    neighbour: () => ({ chequebook: idOf(0xb1), theirRatio: ratio, myRatio: ratio, riskAt: 100 }),
    ...more,
  });
  const cheque = signCheque(them, 100, { chequebook: idOf(0xb1), beneficiary: me.id, cumulativeWei: 5n });
  const check = (proof: PaymentProof) => desk.check(them.id, { kind: 'payment', id: 1, units: 5, proof });
  return { desk, them, cheque, check };
}

test('the first cheque on a chequebook that nobody has looked up waits for that', async () => {
  const asked: string[] = [];
  const { check, cheque, desk, them } = deskBeside({
    chequebook: async (chequebook) => {
      asked.push(chequebook);
      await new Promise((resolve) => setImmediate(resolve));
      return { fromFactory: true, issuer: them.id, balanceWei: 9n, paidOutWei: 0n, bounced: false } as ChequebookFacts;
    },
  });
  const outcome = await check({ kind: 'cheque', cheque });
  assert.deepEqual(outcome, { accepted: true, units: 5, clearing: 5, acceptedWei: 5n });
  desk.accepted(them.id);
  assert.equal((await check({ kind: 'cheque', cheque })).accepted, true, 'sent again');
  assert.deepEqual(asked, [idOf(0xb1)]);
  assert.equal(desk.receivedOn(idOf(0xb1))?.cumulative, 5n);
  const other = await check({ kind: 'transfer', transaction: '0x' });
  assert.deepEqual(other, { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei: 0n });
});

test('what was written and not taken goes again, and nobody is paid whose ratio is not known', async () => {
  const { desk, them } = deskBeside({});
  assert.equal(desk.unacknowledged(them.id), undefined);
  const proof = await desk.write(them.id, { id: 3, units: 5 });
  assert.deepEqual(desk.unacknowledged(them.id), { id: 3, proof });
  assert.equal(desk.promisedWei(idOf(0xb00c)), 5n);
  const shared = { address: idOf(0xb00c), promisedWei: 77n } as unknown as SharedChequebook;
  const sharing = deskBeside({}, { shared }).desk;
  assert.deepEqual([sharing.promisedWei(idOf(0xb00c)), sharing.promisedWei(idOf(1))], [77n, 0n], 'by all nodes');
  const strange = () => ({ chequebook: undefined, theirRatio: undefined, myRatio: undefined, riskAt: 0 });
  const writing = deskBeside({}, { neighbour: strange }).desk.write(them.id, { id: 1, units: 5 });
  await assert.rejects(writing, (error) => codeOf(error) === 'CHEQUEBOOK_MISSING');
});
