import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainTerms, readyAccount } from './account-pair.fixture.ts';
import { NextCharge } from './next-charge.ts';

test('the price of the next piece is known from the first look on, and again when terms have changed', () => {
  const dear = readyAccount();
  const transit = { askPerMb: 0, bidPerMb: 0 };
  const free = readyAccount({ mine: { services: { ...plainTerms().services, transit } } });
  const of = (account: typeof dear) => [account.service('chunks'), account.service('transit')];
  for (const changes of [0, 1, 2]) {
    const next = new NextCharge();
    assert.equal(next.units(changes, of(dear)), 1_024);
    assert.equal(next.units(changes, of(free)), 1_024, 'no terms changed');
    assert.equal(next.units(changes + 1, of(free)), 0);
  }
});
