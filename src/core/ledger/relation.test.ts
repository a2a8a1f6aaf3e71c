import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plainTerms } from './account-pair.fixture.ts';
import {
  DEBTOR_SAMPLES,
  DebtorSampler,
  RELATIONS,
  type RelationKind,
  relationBetween,
  relationOf,
} from './relation.ts';

type Ask = number | undefined;

test('the four cases, and nothing for sale', () => {
  // my ask, my bid, their ask, their bid → kind, I charge, I am charged
  const table: [Ask, number, Ask, number, RelationKind, number, number][] = [
    [2, 3, 3, 2, 'both', 2, 3],
    [5, 5, 5, 5, 'both', 5, 5],
    [8, 9, 5, 7, 'onlyIPay', 5, 5],
    [5, 9, 8, 4, 'onlyIPay', 5, 8],
    [5, 4, 8, 9, 'onlyTheyPay', 5, 5],
    [8, 4, 5, 8, 'onlyTheyPay', 8, 5],
    [5, 0, 8, 0, 'barter', 5, 5],
    [8, 4, 5, 7, 'barter', 5, 5],
    [10, 0, undefined, 20, 'onlyTheyPay', 10, 0],
    [undefined, 20, 10, 0, 'onlyIPay', 0, 10],
    [10, 0, undefined, 9, 'none', 10, 0],
    [undefined, 9, undefined, 9, 'none', 0, 0],
    [0, 0, 0, 0, 'both', 0, 0],
  ];
  for (const [myAsk, myBid, theirAsk, theirBid, kind, provide, consume] of table) {
    const relation = relationOf({ askPerMb: myAsk, bidPerMb: myBid }, { askPerMb: theirAsk, bidPerMb: theirBid });
    assert.deepEqual([relation.kind, relation.providePerMb, relation.consumePerMb], [kind, provide, consume]);
  }
});

test('what each side does follows from the kind', () => {
  assert.equal(RELATIONS.onlyTheyPay.atTheirPayAt, 'nothing', 'who cannot pay does nothing at payAt');
  assert.equal(RELATIONS.onlyIPay.keepOnlyAsDebtor, true);
  assert.equal(RELATIONS.onlyTheyPay.keepOnlyAsDebtor, false);
  for (const rule of Object.values(RELATIONS)) {
    assert.equal(rule.atTheirPayAt === 'pay', rule.iCanPay);
    assert.equal(rule.atMyPayAt === 'expectPayment', rule.theyCanPay);
    assert.equal(rule.payable, rule.iCanPay || rule.theyCanPay);
  }
});

test('the two ends see mirror images, and nobody is charged above the ask', () => {
  const ask = fc.option(fc.nat({ max: 12 }), { nil: undefined });
  const side = fc.record({ askPerMb: ask, bidPerMb: fc.nat({ max: 12 }) });
  fc.assert(
    fc.property(side, side, (a, b) => {
      const here = relationOf(a, b);
      const there = relationOf(b, a);
      assert.deepEqual(
        [here.iCanPay, here.theyCanPay, here.iSell, here.iBuy],
        [there.theyCanPay, there.iCanPay, there.iBuy, there.iSell],
      );
      assert.deepEqual([here.providePerMb, here.consumePerMb], [there.consumePerMb, there.providePerMb]);
      if (a.askPerMb !== undefined && a.askPerMb > 0)
        assert.ok(here.providePerMb <= a.askPerMb && here.providePerMb > 0);
      if (here.theyCanPay) assert.ok(here.providePerMb <= b.bidPerMb);
    }),
  );
});

test('the first half of the reference vector: payment both ways, each at the ask of the other', () => {
  // SWAP reference (papers.md R4): BuyAt 3, SellAt 2 here; BuyAt 2, SellAt 3 there. Three units taken cost 9.
  const relation = relationOf({ askPerMb: 2, bidPerMb: 3 }, { askPerMb: 3, bidPerMb: 2 });
  assert.deepEqual([relation.kind, relation.consumePerMb * 3, relation.providePerMb * 10], ['both', 9, 20]);
});

test('one-way: the link is kept while I am the debtor in half of the last 20 samples', () => {
  const payAt = 100;
  const run = (debtor: number, creditor: number): DebtorSampler => {
    const sampler = new DebtorSampler();
    sampler.sample(payAt, payAt);
    for (let each = 0; each < creditor; each++) sampler.sample(5, payAt);
    for (let each = 0; each < debtor; each++) sampler.sample(-5, payAt);
    return sampler;
  };
  const table: [number, number, boolean][] = [
    [10, 10, true],
    [9, 11, false],
    [0, DEBTOR_SAMPLES, false],
    [20, 100, true],
    [0, DEBTOR_SAMPLES - 2, true],
  ];
  for (const [debtor, creditor, keep] of table) assert.equal(run(debtor, creditor).keep, keep, `${debtor}:${creditor}`);
});

test('one-way: not looked at before payAt was first passed', () => {
  const sampler = new DebtorSampler();
  for (let each = 0; each < 50; each++) sampler.sample(99, 100);
  assert.equal(sampler.keep, true);
  assert.equal(sampler.leaves(), false);
  sampler.sample(100, 100);
  assert.equal(sampler.keep, false);
  assert.deepEqual([sampler.leaves(), sampler.leaves()], [true, false], 'once for each sample');
  sampler.sample(100, 100);
  assert.equal(sampler.leaves(), true);
});

test('one-way: all of the last 20 samples count alike, and who owes nothing is no debtor', () => {
  const sampler = new DebtorSampler();
  sampler.sample(100, 100);
  for (let each = 0; each < 10; each++) sampler.sample(-5, 100);
  for (let each = 0; each < 10; each++) sampler.sample(5, 100);
  assert.equal(sampler.keep, true, 'debtor in the older half');
  sampler.sample(5, 100);
  assert.equal(sampler.keep, false);
  const even = new DebtorSampler();
  even.sample(100, 100);
  for (let each = 0; each < 20; each++) even.sample(0, 100);
  assert.equal(even.keep, false);
});

test('who has no way to pay in common bids nothing in effect, and what is given in kind keeps nobody away', () => {
  const services = { ...plainTerms().services, transit: { askPerMb: 1, bidPerMb: 5 } };
  const by = (...methods: ('cheque' | 'transfer' | 'barter')[]) => plainTerms({ methods, services });
  assert.equal(relationBetween(by('cheque'), by('cheque'), 'transit').kind, 'both');
  assert.equal(relationBetween(by('cheque'), by('transfer'), 'transit').kind, 'barter');
  assert.equal(relationBetween(by('barter'), by('barter'), 'transit').kind, 'barter');
  for (const kind of ['barter', 'none'] as const)
    assert.deepEqual([RELATIONS[kind].keepOnlyAsDebtor, RELATIONS[kind].payable], [false, false]);
});
