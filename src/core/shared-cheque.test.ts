import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agree, bareAccount, plainTerms } from './account-pair.fixture.ts';
import { shareOf } from './cheque-share.ts';
import { type Delegation, sameDelegation } from './delegation.ts';
import { Relations } from './relations.ts';
import type { Terms } from './terms.ts';

test('a cheque of one of several nodes is worth what its node newly paid, as far as the cheques are worth it', () => {
  // What it said before, the pool; the cheque's amount, the highest before it, what its node says; what it is worth.
  const table: [bigint, bigint, bigint, bigint, bigint, bigint][] = [
    [0n, 0n, 100n, 0n, 100n, 100n],
    [40n, 0n, 100n, 50n, 90n, 50n],
    [40n, 30n, 100n, 50n, 90n, 50n],
    [40n, 0n, 100n, 50n, 200n, 50n],
    [40n, 30n, 45n, 50n, 60n, 20n],
    [40n, 30n, 45n, 50n, 90n, 30n],
    [40n, 30n, 45n, 50n, 40n, 0n],
    [40n, 30n, 45n, 50n, 30n, -10n],
  ];
  for (const [paidWei, poolWei, cumulativeWei, baseWei, ownWei, worth] of table)
    assert.equal(
      shareOf({ paidWei, poolWei }, { cumulativeWei, baseWei, ownWei }),
      worth,
      `${cumulativeWei} ${ownWei}`,
    );
});

test('a delegation is the same only with the same payout, end and signature', () => {
  const one: Delegation = { payout: '0x1', expiresS: 5, signature: new Uint8Array([1, 2, 3]) };
  const differs: Partial<Delegation>[] = [
    { payout: '0x2' },
    { expiresS: 6 },
    { signature: new Uint8Array([1, 2, 4]) },
    { signature: new Uint8Array([1, 2, 3, 4]) },
    { signature: new Uint8Array([1, 2]) },
  ];
  assert.ok(sameDelegation(one, { ...one, signature: new Uint8Array([1, 2, 3]) }));
  for (const change of differs) assert.equal(sameDelegation(one, { ...one, ...change }), false);
  assert.deepEqual([sameDelegation(undefined, one), sameDelegation(one, undefined)], [false, false]);
  assert.equal(sameDelegation(undefined, undefined), true);
});

test('frames under way keep the price of the last moment in which something was sold, each way', () => {
  const { mine, theirs } = bareAccount();
  const relations = new Relations({ mine, theirs, enforce: true });
  assert.deepEqual(
    [relations.of('transit'), relations.pricing('transit', 'mine'), relations.changes],
    [undefined, undefined, 0],
  );
  const selling = (askPerMb: number | undefined, bidPerMb: number): Pick<Terms, 'services'> => ({
    services: { ...plainTerms().services, transit: { askPerMb, bidPerMb } },
  });
  const account = { mine, theirs, applyLimits: () => undefined };
  const terms = (epoch: number, my: Pick<Terms, 'services'>, their: Pick<Terms, 'services'>): void =>
    agree(account as never, plainTerms({ epoch, ...my }), plainTerms({ epoch, ...their }));
  terms(1, selling(10, 0), selling(undefined, 20));
  const [sold, never] = [relations.of('transit'), relations.pricing('transit', 'theirs')];
  assert.deepEqual([sold?.kind, sold?.iSell, never?.iBuy], ['onlyTheyPay', true, false]);
  terms(2, selling(undefined, 40), selling(30, 0));
  const bought = relations.of('transit');
  assert.deepEqual([bought?.kind, bought?.iBuy], ['onlyIPay', true]);
  assert.equal(relations.pricing('transit', 'mine'), sold);
  assert.equal(relations.pricing('transit', 'theirs'), bought);
  terms(3, selling(undefined, 0), selling(undefined, 0));
  assert.equal(relations.of('transit')?.kind, 'none');
  assert.equal(relations.pricing('transit', 'mine'), sold);
  assert.equal(relations.pricing('transit', 'theirs'), bought);
  assert.equal(relations.pricing('chunks', 'mine')?.kind, 'none');
  assert.equal(relations.of('transit'), relations.of('transit'), 'worked out once');
});
