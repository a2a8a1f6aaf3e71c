import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAIR_ID, termsOf } from '../session/session-pair.fixture.ts';
import { Ledger } from './ledger.ts';
import { LinkAccount } from './link-account.ts';
import { agreedTotal, CLAIM_MB, mayHaveUsed } from './reconcile.ts';

const table: readonly [what: string, provided: number, admitted: number, consumed: number, agreed: number][] = [
  ['nothing lost', 100, 40, 100, 100],
  ['a tail was written and never arrived', 100, 40, 90, 90],
  ['the provider lost records: the user owns up', 80, 40, 100, 100],
  ['the user lost records, or lies: what it admitted stands', 100, 60, 50, 60],
  ['a claim of admission beyond what was provided counts for nothing', 100, 500, 50, 100],
  ['a provider that forgot everything', 0, 0, 70, 70],
];

for (const [what, provided, admitted, consumed, agreed] of table) {
  test(`agreed total: ${what}`, () => {
    assert.equal(agreedTotal({ provided, admitted, consumed }), agreed);
  });
}

/** An account under a lease, with a limit granted by the neighbour, a balance and a payment under way. */
function restored(at: {
  assumed: number;
  limit: number;
  balance?: number;
  pending?: number;
  ask?: number;
  bid?: number;
}) {
  const { assumed, ask, balance = 0, bid = 0, limit, pending = 0 } = at;
  const options = { fullRateBytesPerSecond: 1, epochGraceMs: 1, enforce: true };
  const account = new LinkAccount({ ...options, ledger: new Ledger(), neighbour: PAIR_ID });
  const { ledger, row } = account;
  ledger.setLimit(row, 'assumed', assumed);
  ledger.setLimit(row, 'peerDropAt', limit);
  if (balance > 0) ledger.provided(row, 0, balance);
  else ledger.consumed(row, 0, -balance);
  ledger.paying(row, pending);
  if (ask !== undefined || bid > 0)
    account.mine.announce(termsOf({ askPerMb: ask, bidPerMb: bid, payAtMb: 1, dropAtMb: 4 }));
  return account;
}

test('a restored copy believes in what its lease, its credit and its highest price leave room for', () => {
  const whole = { assumed: 900_000, limit: 800_000, balance: -50_000, pending: 20_000 };
  assert.equal(mayHaveUsed(restored(whole)), 770_000, 'by the credit');
  assert.equal(mayHaveUsed(restored({ ...whole, balance: 50_000 })), 870_000);
  assert.equal(mayHaveUsed(restored({ ...whole, assumed: 10_000 })), 10_000, 'by the lease');
  assert.equal(mayHaveUsed(restored({ ...whole, limit: 10_000 })), 0, 'no room was left');
  assert.equal(mayHaveUsed(restored({ ...whole, bid: 10_000 })), CLAIM_MB * 10_000, 'by its own bound');
  assert.equal(mayHaveUsed(restored({ ...whole, ask: 20_000, bid: 10_000 })), CLAIM_MB * 20_000);
  assert.equal(mayHaveUsed(restored({ ...whole, ask: 1, bid: 0 })), CLAIM_MB);
  assert.equal(CLAIM_MB, 16);
});
