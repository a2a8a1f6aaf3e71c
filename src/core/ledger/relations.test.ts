import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terms } from '../terms/terms.ts';
import { agree, bareAccount, plainTerms } from './account-pair.fixture.ts';
import type { Relation } from './relation.ts';

const asking = (epoch: number, askPerMb: number | undefined): Terms => {
  const { services } = plainTerms();
  return plainTerms({ epoch, services: { ...services, transit: { askPerMb, bidPerMb: 10_000 } } });
};

/** What a link comes to after first terms, in which both ask 10, and after others. */
function related(mine: number | undefined, theirs: number | undefined): [before: Relation, after: Relation] {
  const account = bareAccount();
  agree(account, asking(1, 10), asking(1, 10));
  const before = account.relation('transit') as Relation;
  agree(account, asking(2, mine), asking(2, theirs));
  return [before, account.relation('transit') as Relation];
}

test('terms that change nothing leave the relation as it is, the same object', () => {
  const [before, after] = related(10, 10);
  assert.equal(after, before);
});

const CHANGES: [what: string, mine: number | undefined, theirs: number | undefined, expected: Partial<Relation>][] = [
  ['my price', 11, 10, { providePerMb: 11, consumePerMb: 10 }],
  ['their price', 10, 11, { providePerMb: 10, consumePerMb: 11 }],
  ['that I sell', undefined, 10, { kind: 'onlyIPay', iSell: false, iBuy: true }],
  ['that they sell', 10, undefined, { kind: 'onlyTheyPay', iSell: true, iBuy: false }],
];
for (const [what, mine, theirs, expected] of CHANGES)
  test(`a change of ${what} is a relation of its own`, () => {
    const [, after] = related(mine, theirs);
    for (const [name, value] of Object.entries(expected)) assert.equal(after[name as keyof Relation], value, name);
  });
