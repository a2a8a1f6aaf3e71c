import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readyAccount } from '../core/ledger/account-pair.fixture.ts';
import { ObservedDebts } from './observed-debts.ts';

const LIMITS = { mine: { payAt: 1_000, dropAt: 4_000 } };

it('tells once of each change how a neighbour would be served for what it owes', () => {
  const account = readyAccount({ ...LIMITS, enforce: false });
  const debts = new ObservedDebts();
  const told = (units: number, act: 'provided' | 'consumed' = 'provided') => {
    account.ledger[act](account.row, 0, units);
    const { action, amount } = debts.changed(account) ?? {};
    return [action, amount];
  };
  const nothing = [undefined, undefined];
  assert.deepEqual([told(900), told(900)], [nothing, ['throttle', 1_800]]);
  assert.deepEqual([told(100), told(8_100), told(100)], [nothing, ['choke', 10_000], nothing]);
  assert.deepEqual(told(9_500, 'consumed'), ['serve', 600]);
});

it('tells nothing where it is done', () => {
  const account = readyAccount(LIMITS);
  account.ledger.provided(account.row, 0, 3_900);
  assert.equal(new ObservedDebts().changed(account), undefined);
});
