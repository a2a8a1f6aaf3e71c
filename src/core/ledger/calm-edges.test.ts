import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terms } from '../terms/terms.ts';
import { plainTerms, readyAccount } from './account-pair.fixture.ts';
import { accountAtRest, netConsumed } from './at-rest.ts';
import { calmBetween, RESTLESS } from './calm.ts';
import type { LinkAccount } from './link-account.ts';
import { DebtorSampler } from './relation.ts';

const selling = (askPerMb: number | undefined, bidPerMb: number): Pick<Terms, 'services'> => ({
  services: { ...plainTerms().services, transit: { askPerMb, bidPerMb } },
});
const calm = (account: LinkAccount, debtor = new DebtorSampler()) => calmBetween(account, debtor, 1_000);
const NEVER = Number.POSITIVE_INFINITY;

test('a charge matters where my debt with what is pending comes to their payAt, or their debt to the throttle point', () => {
  const account = readyAccount({ mine: { dropAt: 9_000 } });
  assert.deepEqual(calm(account), { from: -1_000, to: 3_000 });
  account.ledger.received(account.row, 500, 100);
  assert.deepEqual(calm(account), { from: -1_000, to: 2_600 }, 'what clears nothing yet counts as debt');
  account.ledger.consumed(account.row, 0, 200);
  account.ledger.paying(account.row, 200);
  assert.deepEqual(calm(account), { from: -1_200, to: 2_400 });
});

test('a charge matters where the next piece would not fit, if that comes first', () => {
  const account = readyAccount({ mine: { payAt: 4_000, dropAt: 4_000 } });
  assert.deepEqual(calm(account), { from: -1_000, to: 4_000 - 1_024 + 1 });
});

test('no debt matters where nothing is enforced, nothing costs anything, or nothing was agreed', () => {
  assert.equal(calm(readyAccount({ enforce: false })).to, NEVER);
  assert.equal(calm(readyAccount({ mine: selling(0, 0) })).to, NEVER);
});

test('who keeps a link only as its debtor looks where it is owed payAt, and then at everything', () => {
  const account = readyAccount({ mine: { dropAt: 9_000, ...selling(10, 20) }, theirs: selling(20, 0) });
  assert.equal(account.relation('transit')?.kind, 'onlyIPay');
  assert.equal(calm(account).to, 1_000);
  const judging = new DebtorSampler();
  judging.sample(1_000, 1_000);
  assert.deepEqual(calm(account, judging), RESTLESS);
  assert.equal(accountAtRest(account, 0), true, 'an idle link is not judged');
  assert.equal(calm(readyAccount({ mine: { dropAt: 9_000 } }), judging).to, 3_000, 'others are not judged');
});

test('where time is bought or sold nothing rests', () => {
  for (const side of ['mine', 'theirs'] as const) {
    const account = readyAccount({ [side]: { metering: 'time', ...selling(10, 1_000_000) } });
    assert.equal(account.state(), 'open');
    assert.deepEqual(calm(account), RESTLESS, side);
    assert.equal(accountAtRest(account, 0), false, side);
  }
});

test('where time was bought or sold once, and is no more, an account rests again', () => {
  for (const side of ['mine', 'theirs'] as const) {
    const account = readyAccount({ [side]: { metering: 'time', ...selling(10, 1_000_000) } });
    const now = { ...plainTerms(), epoch: 2 };
    account.mine.announce(now);
    account.mine.acknowledge(2, 0);
    account.theirs.take(now);
    assert.equal(account.relations.byTime, true, 'orders may be open');
    assert.equal(accountAtRest(account, 0), true, side);
    assert.notDeepEqual(calm(account), RESTLESS, side);
  }
});

test('a single unit that is pending, or not told, of any service, wakes an account', () => {
  const account = readyAccount();
  assert.equal(accountAtRest(account, 0), true);
  account.ledger.paying(account.row, 1);
  assert.equal(accountAtRest(account, 0), false);
  account.ledger.unpaid(account.row, 1);
  for (const s of [0, 1, 2]) account.ledger.consumed(account.row, s, 10 ** s);
  assert.deepEqual(
    [netConsumed(account), accountAtRest(account, 111), accountAtRest(account, 110)],
    [111, true, false],
  );
});
