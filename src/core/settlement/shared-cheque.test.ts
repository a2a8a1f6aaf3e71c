import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../errors.ts';
import { agree, bareAccount, plainTerms, readyAccount } from '../ledger/account-pair.fixture.ts';
import { Relations } from '../ledger/relations.ts';
import { Payments } from '../session/payments.ts';
import { SESSION_RULES } from '../session/session-rules.ts';
import { checkTerms, MAX_SETTLE_EVERY_MS, settlePeriodMs, type Terms } from '../terms/terms.ts';
import { type ChequeFacts, checkCheque } from './cheque.ts';
import { shareOf } from './cheque-share.ts';
import { type Delegation, sameDelegation } from './delegation.ts';

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
    [0n, 0n, 51n, 50n, 9n, 1n],
    [0n, 0n, 50n, 50n, 9n, 0n],
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

const ID = (digit: string): string => `0x${digit.repeat(40)}`;
const SHARED: ChequeFacts = {
  cheque: {
    ...{ chequebook: ID('b'), beneficiary: ID('1'), cumulativeWei: 500n, signature: new Uint8Array(65), ownWei: 300n },
  },
  ...{ me: ID('1'), neighbour: ID('2'), announced: ID('b'), last: undefined, remainder: 0n, minimumUnits: 1 },
  contract: { fromFactory: true, issuer: ID('9'), balanceWei: 1_000n, paidOutWei: 0n, bounced: false },
  ...{ ratio: { numerator: 1n, denominator: 1n }, delegated: () => 'good', signedBy: (issuer) => issuer === ID('9') },
};

test('of a shared chequebook a cheque is good while its delegation is, for the part of its node, once', () => {
  const outcome = (change: Partial<ChequeFacts>, ownWei: bigint | undefined = 300n): unknown => {
    const verdict = checkCheque({
      ...SHARED,
      cheque: { ...SHARED.cheque, ownWei },
      ...change,
    });
    return verdict.kind === 'accepted' ? verdict.units : verdict.kind === 'refused' ? verdict.code : verdict.kind;
  };
  assert.equal(outcome({ delegated: () => 'expired' }), 'CHEQUE_DELEGATION_EXPIRED');
  assert.equal(outcome({ delegated: () => 'none' }), 'CHEQUE_WRONG_ISSUER');
  assert.equal(outcome({}), 500, 'not shared: all of it');
  const share = (paidWei: bigint, poolWei = 0n) => ({ share: { paidWei, poolWei } });
  assert.equal(outcome(share(0n)), 300);
  assert.equal(outcome(share(299n)), 1, 'the last wei');
  assert.equal(outcome(share(300n)), 'duplicate');
  assert.equal(outcome(share(301n)), 'CHEQUE_STALE');
  assert.equal(outcome(share(1n), 1n), 'duplicate', 'it said so before');
  assert.equal(outcome(share(0n), 0n), 'CHEQUE_STALE', 'and never of nothing');
  const mute = { ...SHARED.cheque, ownWei: undefined };
  assert.equal(outcome({ ...share(0n), cheque: mute }), 'CHEQUE_STALE', 'who says nothing has paid nothing');
});

test('a delegation in terms names a chequebook, a payout and an end, and is signed', () => {
  const chequebook = ID('b');
  const delegation = { payout: ID('2'), expiresS: 1, signature: new Uint8Array(65) };
  const taken = (change: Partial<Delegation>, book: string | undefined = chequebook): boolean => {
    try {
      checkTerms(plainTerms({ chequebook: book, delegation: { ...delegation, ...change } }));
      return true;
    } catch (error) {
      assert.equal(codeOf(error), 'TERMS_ABSURD');
      return false;
    }
  };
  const bad: Partial<Delegation>[] = [
    { payout: '0x2' },
    { expiresS: 0 },
    { expiresS: 1.5 },
    { signature: new Uint8Array(64) },
    { signature: new Uint8Array(66) },
  ];
  assert.ok(taken({}));
  const last = Math.floor(Number.MAX_SAFE_INTEGER / 1_000);
  assert.deepEqual([taken({ expiresS: last }), taken({ expiresS: last + 1 })], [true, false], 'in milliseconds');
  for (const change of bad) assert.equal(taken(change), false, JSON.stringify(Object.keys(change)));
  const none = plainTerms({ delegation });
  assert.throws(
    () => checkTerms({ ...none, chequebook: undefined }),
    (error) => codeOf(error) === 'TERMS_ABSURD',
  );
});

test('a period is settled by when both have one, counted from the first debt on, and anew after each payment', () => {
  assert.equal(settlePeriodMs(plainTerms({ settleEveryMs: 1 }), plainTerms({ settleEveryMs: 1 })), 1);
  assert.equal(settlePeriodMs(plainTerms({ settleEveryMs: 0 }), plainTerms({ settleEveryMs: 5 })), 0);
  assert.equal(settlePeriodMs(plainTerms({ settleEveryMs: 5 }), plainTerms({ settleEveryMs: 0 })), 0);
  assert.equal(MAX_SETTLE_EVERY_MS, 31 * 24 * 60 * 60 * 1_000);
  const [mine, theirs] = [{ settleEveryMs: 1_000 }, { settleEveryMs: 500 }];
  const account = readyAccount({ mine, theirs });
  const payments = new Payments({ account, rules: SESSION_RULES, pending: [] });
  const terms = plainTerms(mine);
  const never = Number.POSITIVE_INFINITY;
  assert.equal(payments.dueMs(terms, 10), never, 'nothing is owed');
  account.ledger.consumed(account.row, 0, 5);
  assert.deepEqual([payments.dueMs(terms, 20), payments.dueMs(terms, 30)], [1_020, 1_020]);
  account.ledger.provided(account.row, 0, 5);
  assert.equal(payments.dueMs(terms, 40), never);
  account.ledger.consumed(account.row, 0, 5);
  assert.equal(payments.dueMs(terms, 50), 1_050, 'a new debt');
  payments.demanded = true;
  assert.ok(payments.pay(terms, 60, []));
  account.ledger.consumed(account.row, 0, 5);
  assert.equal(payments.dueMs(terms, 70), 1_070, 'after a payment');
  payments.paused = true;
  assert.equal(payments.dueMs(terms, 80), never);
});
