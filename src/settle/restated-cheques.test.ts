import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner } from '../chain/signer.ts';
import type { NoteRecord, Store, StoreRecord } from '../store/store.ts';
import { ChequeTaker, type Payer } from './cheque-taker.ts';
import { ChequebookFactsBook } from './chequebook-facts.ts';

const id = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
const ME = id(0xa);
const [BOOK, FORMER] = [id(1), id(2)];
const signer = createSigner(new Uint8Array(32).fill(7));
const neighbour = signer.id;
const payer: Payer = { chequebook: BOOK, myRatio: { numerator: 1n, denominator: 1n }, riskAt: 1_000 };
const cheque = (cumulativeWei: bigint, chequebook = BOOK) =>
  signCheque(signer, 100, { chequebook, beneficiary: ME, cumulativeWei });

/** Books under a new epoch, beside a chain on which `paidOutWei` were paid from all but `FORMER`. `asked`: chequebooks looked up there. */
function restored(paidOutWei: bigint, notes: readonly NoteRecord[] = []) {
  const asked: string[] = [];
  const read = async (chequebook: string) => {
    asked.push(chequebook);
    const paid = chequebook === FORMER ? 0n : paidOutWei;
    return { fromFactory: true, issuer: neighbour, balanceWei: 10_000n, paidOutWei: paid, bounced: false };
  };
  const chain = { chequebook: read } as unknown as Chain;
  const written: StoreRecord[] = [];
  const store = { commit: async (records: StoreRecord[]) => void written.push(...records) } as unknown as Store;
  const facts = new ChequebookFactsBook({ chain, store, me: ME, notes, epoch: 2, nowMs: () => 0 });
  const taker = new ChequeTaker({ me: ME, chainId: 100, facts, received: [], notes, restored: true });
  return { asked, written, facts, taker };
}

test('a cheque that was cashed before the books were lost clears what its payer says to have had since, once', async () => {
  const { taker } = restored(700n);
  const note = taker.forgot(neighbour, 800);
  await taker.learn(neighbour, cheque(900n), payer);
  const roomy = taker.check(neighbour, cheque(900n), payer);
  assert.deepEqual(roomy, { accepted: true, units: 900, clearing: 900, acceptedWei: 900n });
  const outcome = taker.check(neighbour, cheque(900n), { ...payer, riskAt: 100 });
  assert.deepEqual(outcome, { accepted: true, units: 900, clearing: 800, acceptedWei: 900n }, 'paid out is final');
  const [record, left] = taker.accepted(neighbour);
  assert.ok(record?.kind === 'received' && record.cashedCumulative === 700n && record.cumulative === 900n);
  assert.deepEqual(left, { ...note, text: '100' });
  assert.equal(taker.uncashedUnits(neighbour, payer.myRatio), 200);
  const again = taker.check(neighbour, cheque(900n), payer);
  assert.deepEqual(again, { accepted: true, units: 0, clearing: 0, acceptedWei: 900n });
  // What is left is remembered over a restart, and not taken for cheques that are no more than new.
  const later = restored(700n, left?.kind === 'note' ? [left] : []);
  await later.taker.learn(neighbour, cheque(1_000n), payer);
  const next = later.taker.check(neighbour, cheque(1_000n), payer);
  assert.equal(next.accepted && next.units, 400);
});

test('what was found of one cheque and never booked is not booked with the next one', async () => {
  const { taker } = restored(700n);
  taker.forgot(neighbour, 800);
  await taker.learn(neighbour, cheque(900n), payer);
  assert.ok(taker.check(neighbour, cheque(900n), payer).accepted);
  await taker.learn(neighbour, cheque(5n, FORMER), payer);
  assert.ok(taker.check(neighbour, cheque(5n, FORMER), payer).accepted);
  const [record, more] = taker.accepted(neighbour);
  assert.ok(record?.kind === 'received' && record.chequebook === FORMER && record.cashedCumulative === 0n);
  assert.equal(more, undefined, 'nothing of what was forgotten is used up by it');
});

test('a payer that denies what it had since gets no credit for what was cashed', async () => {
  const { taker } = restored(700n);
  await taker.learn(neighbour, cheque(700n), payer);
  assert.deepEqual(taker.check(neighbour, cheque(700n), payer), {
    ...{ accepted: true, units: 0, clearing: 0 },
    acceptedWei: 0n,
  });
});

test('what a copy of the books says of a chequebook is looked up anew before a cheque on it is taken', async () => {
  const text = JSON.stringify({
    fromFactory: true,
    issuer: neighbour,
    balanceWei: '9',
    paidOutWei: '0',
    bounced: false,
  });
  const { asked, facts, taker, written } = restored(700n, [{ kind: 'note', name: `chequebook:${BOOK}`, text }]);
  assert.equal(facts.of(BOOK), 'unread');
  const unread = taker.check(neighbour, cheque(900n), payer);
  assert.equal(unread.accepted ? '' : unread.code, 'CHEQUE_UNVERIFIED');
  await taker.learn(neighbour, cheque(900n), payer);
  assert.deepEqual(asked, [BOOK]);
  // Read under this epoch: the next start goes by it.
  const next = new ChequebookFactsBook({
    ...{ chain: undefined, store: {} as Store, me: ME, nowMs: () => 0 },
    ...{ notes: written as NoteRecord[], epoch: 2 },
  });
  assert.notEqual(next.of(BOOK), 'unread');
});

test('an earlier chequebook that was forgotten is looked up, and only so many', async () => {
  const { asked, taker } = restored(0n);
  await taker.learn(neighbour, cheque(5n, FORMER), payer);
  const outcome = taker.check(neighbour, cheque(5n, FORMER), payer);
  assert.equal(outcome.accepted && outcome.units, 5);
  for (let n = 100; n < 120; n += 1) await taker.learn(neighbour, cheque(5n, id(n)), payer);
  assert.equal(asked.length, 8);
});
