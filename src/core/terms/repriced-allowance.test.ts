import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agree, plainTerms, readyAccount } from '../ledger/account-pair.fixture.ts';
import { BYTES_PER_MB } from '../units.ts';
import { CROSSING_BYTES, RepricedAllowance } from './repriced-allowance.ts';
import type { Terms } from './terms.ts';

const selling = (askPerMb: number | undefined, bidPerMb = 0): Pick<Terms, 'services'> => ({
  services: { ...plainTerms().services, transit: { askPerMb, bidPerMb } },
});
/** What a change of price by so much a MB comes to for what may be on its way. */
const crossing = (perMb: number): number => Math.ceil((perMb * CROSSING_BYTES) / BYTES_PER_MB);

/** Neither can pay: one for one, at the lower ask. */
function kind(mineAsk: number, theirAsk: number, dropAt = 1_000_000) {
  const account = readyAccount({ mine: { dropAt, ...selling(mineAsk) }, theirs: selling(theirAsk) });
  const allowance = new RepricedAllowance(account);
  let epoch = 1;
  const reprice = (mine: Pick<Terms, 'services'>, theirs: Pick<Terms, 'services'>): void => {
    epoch += 1;
    agree(account, plainTerms({ epoch, dropAt, ...mine }), plainTerms({ epoch, ...theirs }));
    allowance.look();
  };
  allowance.look();
  return { allowance, reprice };
}

test('where a one-for-one price changed, both ends may differ by what was on its way, once', () => {
  const { allowance, reprice } = kind(100, 100);
  for (const key of ['provided transit', 'consumed transit'])
    assert.equal(allowance.forgive(key, 5_000), 5_000, 'nothing changed');
  reprice(selling(60), selling(100));
  const most = crossing(40);
  for (const key of ['provided transit', 'consumed transit']) {
    assert.equal(allowance.forgive(key, 0), 0);
    assert.equal(allowance.forgive(key, -7), -7, 'in my favour');
    assert.equal(allowance.forgive(key, 10), 0);
    assert.equal(allowance.forgive(key, most - 10 + 4), 3, 'a unit may be a fraction');
    assert.equal(allowance.forgive(key, 5), 4, 'used up');
  }
  assert.equal(allowance.forgive('provided chunks', 5), 5);
});

test('who can pay from now on, at the price that was one for one, is excused nothing', () => {
  const { allowance, reprice } = kind(100, 100);
  reprice(selling(100), selling(100, 100));
  assert.deepEqual([allowance.forgive('provided transit', 5), allowance.forgive('consumed transit', 5)], [5, 5]);
});

test('each change adds to it, whichever way the price went, up to dropAt in all', () => {
  const { allowance, reprice } = kind(100, 100, 300);
  reprice(selling(90), selling(100));
  reprice(selling(100), selling(100));
  assert.equal(allowance.forgive('provided transit', 1_000), 1_000 - 2 * crossing(10) - 1);
  reprice(selling(100), selling(100));
  reprice(selling(1), selling(100));
  const left = 300 - 4 * crossing(10);
  assert.equal(allowance.forgive('provided transit', 1_000), 1_000 - crossing(99) - 1);
  assert.equal(
    allowance.forgive('consumed transit', 1_000),
    1_000 - 2 * crossing(10) - Math.min(crossing(99), left - crossing(99)) - 1,
  );
  reprice(selling(50), selling(100));
  reprice(selling(100), selling(100));
  reprice(selling(1), selling(100));
  const rest = allowance.forgive('provided transit', 1_000) + allowance.forgive('consumed transit', 1_000);
  assert.equal(rest, 2_000 - (300 - 4 * crossing(10) - 2 * crossing(99)) - 2, 'no more than dropAt, ever');
  reprice(selling(100), selling(100));
  assert.equal(allowance.forgive('provided transit', 1_000), 999, 'nothing is left to give');
});

test('where it is paid for before and after, each end prices by its tag: nothing is forgiven', () => {
  const dropAt = 10_000_000;
  const account = readyAccount({ mine: { dropAt } });
  const allowance = new RepricedAllowance(account);
  allowance.look();
  const terms = (epoch: number, mine: Pick<Terms, 'services'>, theirs: Pick<Terms, 'services'>): void => {
    agree(account, plainTerms({ epoch, dropAt, ...mine }), plainTerms({ epoch, ...theirs }));
    allowance.look();
  };
  terms(2, selling(100, 1_000_000), selling(500_000, 1_000_000));
  assert.deepEqual([allowance.forgive('provided transit', 50), allowance.forgive('consumed transit', 50)], [50, 50]);
  // They cannot pay any more: from my ask to one for one.
  terms(3, selling(100, 1_000_000), selling(40, 0));
  assert.equal(allowance.forgive('provided transit', 1_000), 1_000 - crossing(60) - 1);
  assert.equal(allowance.forgive('consumed transit', 50), 50, 'I still can');
  // Neither can, and then I can: from one for one to their ask.
  terms(4, selling(30, 0), selling(40, 0));
  assert.equal(allowance.forgive('consumed transit', 1_000), 1_000 - crossing(10) - 1);
  terms(5, selling(30, 100), selling(40, 0));
  assert.equal(allowance.forgive('consumed transit', 1_000), 1_000 - crossing(10) - 1);
  assert.equal(allowance.forgive('provided chunks', 5), 5);
});
