import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import { delegatedBy } from '../chain/delegation-signing.ts';
import { createSigner } from '../chain/signer.ts';
import { codeOf } from '../core/errors.ts';
import { DELEGATION_RENEW_S } from '../core/settlement/delegation.ts';
import type { ChequebookFunds, CreditBook, CreditStanding } from '../store/credit-book.ts';
import { SharedChequebook } from './shared-chequebook.ts';

const [BOOK, NODE] = ['b', 'a'].map((digit) => `0x${digit.repeat(40)}`) as [string, string];
const issuer = createSigner(new Uint8Array(32).fill(7));
const OURS = { fromFactory: true, issuer: issuer.id };

/** An operator's chequebook beside a book that a test knows, or that nobody has funded yet. */
function sharing(facts: Partial<ChequebookFacts> | undefined, standing?: Partial<CreditStanding>) {
  const now = { ms: 1_800_000_000_000 };
  const asked: string[] = [];
  const funded: ChequebookFunds[] = [];
  const credit = {
    standing: async () => (standing === undefined && funded.length === 0 ? undefined : standing),
    fund: async (_: string, funds: ChequebookFunds) => void funded.push(funds),
  } as unknown as CreditBook;
  const chain = {
    head: async () => {
      asked.push('head');
      return { number: 9n, hash: '' };
    },
    chequebook: async () => {
      asked.push('chequebook');
      return facts;
    },
  } as unknown as Chain;
  const clock = { nowMs: () => 0, wallMs: () => now.ms, after: () => ({ cancel: () => undefined }) };
  const shared = new SharedChequebook({ address: BOOK, issuer, credit, chain, chainId: 100, node: NODE, clock });
  return { asked, funded, now, shared };
}

const holding = { ...OURS, balanceWei: 400n, availableWei: 390n, withdrawalWei: 50n, totalPaidOutWei: 60n };

for (const [what, standing, forgottenWei] of [
  ['by nobody that is known of', {}, 60n],
  ['as far as the nodes have promised it', { adoptedWei: 5n, leases: [{ issuedWei: 20n }, { issuedWei: 10n }] }, 25n],
  ['as the nodes have promised it', { adoptedWei: 60n, leases: [] }, 0n],
  ['and more was promised', { adoptedWei: 60n, leases: [{ issuedWei: 20n }] }, 0n],
] as const) {
  test(`the book is told what the contract holds, less what was paid out ${what}`, async () => {
    const { asked, funded, shared } = sharing(holding, standing as unknown as CreditStanding);
    assert.deepEqual(await shared.fund(), { facts: holding, forgottenWei });
    assert.deepEqual(funded, [{ capacityWei: 460n, reservedWei: 60n + forgottenWei, asOf: 9 }]);
    assert.deepEqual(asked, ['head', 'chequebook'], 'never said to be newer than it is');
    assert.deepEqual(shared.standing, standing);
  });
}

test('a new book promises nothing before it has taken in what the nodes had signed', async () => {
  const { funded, shared } = sharing(holding);
  await shared.fund();
  assert.deepEqual(
    funded.map(({ reservedWei }) => reservedWei),
    [460n, 120n],
  );
  assert.equal(shared.promisedWei, 0n);
});

for (const [what, facts] of [
  ['that does not stand', undefined],
  ['of another factory', { ...holding, fromFactory: false }],
  ['of another issuer', { ...holding, issuer: NODE }],
] as const) {
  test(`a chequebook ${what} is not shared`, async () => {
    const { funded, shared } = sharing(facts, {});
    await assert.rejects(shared.fund(), (error) => codeOf(error) === 'CHEQUEBOOK_NOT_OURS');
    assert.deepEqual(funded, []);
  });
}

test('what was promised is as it was when last looked at', async () => {
  const { shared } = sharing(holding, { committedWei: 7n });
  assert.deepEqual([shared.promisedWei, shared.standing], [0n, undefined]);
  assert.deepEqual(await shared.look(), { committedWei: 7n });
  assert.equal(shared.promisedWei, 7n);
});

test('a delegation is the same until it is renewed, and good for as long again when it is sent', () => {
  const { now, shared } = sharing(holding);
  const startS = Math.floor(now.ms / 1000 / DELEGATION_RENEW_S) * DELEGATION_RENEW_S;
  const ends = [0, 1, DELEGATION_RENEW_S - 1, DELEGATION_RENEW_S].map((afterS) => {
    now.ms = (startS + afterS) * 1000 + 999;
    const delegation = shared.delegation();
    assert.equal(shared.delegation(), delegation, 'signed once');
    assert.equal(delegatedBy(delegation, { node: NODE, chequebook: BOOK, chainId: 100 }), issuer.id);
    assert.equal(delegation.payout, NODE);
    return (delegation.expiresS - startS) / DELEGATION_RENEW_S;
  });
  assert.deepEqual(ends, [2, 2, 2, 3]);
});
