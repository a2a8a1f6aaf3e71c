import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terms } from '../terms/terms.ts';
import { bareAccount, plainTerms, readyAccount } from './account-pair.fixture.ts';
import type { LinkAccount } from './link-account.ts';
import { pricePerMb, ratesOf } from './service-rates.ts';

const selling = (askPerMb: number | undefined, bidPerMb: number): Pick<Terms, 'services'> => ({
  services: { ...plainTerms().services, transit: { askPerMb, bidPerMb } },
});
const NO_TIME = { sold: false, bought: false };
const rates = (account: LinkAccount, time = NO_TIME) => ratesOf(account, 'transit', time);

test('before any terms nothing is sold or bought, at no price, under no epoch', () => {
  assert.deepEqual(rates(bareAccount()), {
    ...{ payable: true, selling: false, buying: false, sellEpoch: 0, buyEpoch: 0 },
    ...{ sellsTime: false, buysTime: false, gated: false },
    ...{ sellPerMb: 0, sellBytesPerMb: 0, buyPerMb: 0, buyBytesPerMb: 0 },
    ...{ arrivedPerMb: undefined, deliveredPerMb: undefined },
  });
});

test('who can pay is charged the ask, who cannot the lower ask of both, each way by itself', () => {
  // My ask and bid, theirs; then what I charge, and what I am charged.
  const table: [readonly [number, number], readonly [number, number], number, number][] = [
    [[100, 90], [80, 110], 100, 80],
    [[100, 70], [80, 90], 80, 80],
    [[100, 80], [80, 90], 80, 80],
    [[70, 0], [90, 100], 70, 70],
  ];
  for (const [mine, theirs, sells, buys] of table) {
    const account = readyAccount({ mine: selling(...mine), theirs: selling(...theirs) });
    const found = rates(account);
    const name = `${mine.join()} ${theirs.join()}`;
    assert.deepEqual([found.sellPerMb, found.sellBytesPerMb, found.arrivedPerMb], [sells, sells, sells], name);
    assert.deepEqual([found.buyPerMb, found.buyBytesPerMb, found.deliveredPerMb], [buys, buys, buys], name);
    const relation = account.relation('transit');
    for (const [side, terms, price] of [
      ['mine', account.mine.acknowledged, sells],
      ['theirs', account.theirs.newest, buys],
    ] as const)
      assert.equal(pricePerMb(terms as Terms, 'transit', side, relation), price, `${name} ${side}`);
  }
});

test('what is not for sale has no price, though its terms are there', () => {
  const account = readyAccount({ mine: selling(undefined, 50), theirs: selling(undefined, 50) });
  const { arrivedPerMb, deliveredPerMb, sellEpoch, sellPerMb, buyPerMb } = rates(account);
  assert.deepEqual([arrivedPerMb, deliveredPerMb, sellEpoch, sellPerMb, buyPerMb], [undefined, undefined, 1, 0, 0]);
});

test('where time is sold bytes cost nothing', () => {
  const account = readyAccount({ mine: { metering: 'time' }, theirs: { metering: 'time' } });
  const found = rates(account, { sold: true, bought: true });
  assert.deepEqual([found.sellBytesPerMb, found.buyBytesPerMb, found.arrivedPerMb, found.deliveredPerMb], [0, 0, 0, 0]);
  assert.ok(found.sellPerMb > 0 && found.buyPerMb > 0 && found.sellsTime && found.buysTime);
});

test('bytes pass only within time that was bought where time is sold, and not where nothing is enforced', () => {
  const sold = { sold: true, bought: false };
  assert.deepEqual([rates(readyAccount(), sold).gated, rates(readyAccount()).gated], [true, false]);
  assert.equal(rates(readyAccount({ enforce: false }), sold).gated, false);
});

test('a withdrawn offer prices what was sent before, also where no relation is left', () => {
  assert.equal(pricePerMb(plainTerms(selling(70, 0)), 'transit', 'mine', undefined), 70);
  assert.equal(pricePerMb(plainTerms(selling(70, 0)), 'transit', 'theirs', undefined), 70);
  const account = readyAccount({ mine: selling(undefined, 0), theirs: selling(undefined, 0) });
  const relation = account.relation('transit');
  assert.deepEqual([relation?.iSell, relation?.iBuy], [false, false]);
  assert.equal(pricePerMb(plainTerms(selling(70, 0)), 'transit', 'mine', relation), 70);
  assert.equal(pricePerMb(plainTerms(selling(70, 0)), 'transit', 'theirs', relation), 70);
});
