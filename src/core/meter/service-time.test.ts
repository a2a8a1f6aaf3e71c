import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../errors.ts';
import { plainTerms, readyAccount } from '../ledger/account-pair.fixture.ts';
import { Column } from '../ledger/columns.ts';
import type { LinkAccount } from '../ledger/link-account.ts';
import type { Terms } from '../terms/terms.ts';

/** Two seconds at 300 a second. */
const TIME: Partial<Terms> = {
  metering: 'time',
  allotment: { bytes: 1_000_000, ms: 2_000 },
  services: { ...plainTerms().services, transit: { askPerMb: 300, bidPerMb: 300 } },
};
const made = (change: Parameters<typeof readyAccount>[0] = {}) => {
  const account = readyAccount({ mine: TIME, theirs: TIME, ...change });
  const seen = { moved: 0, bought: [] as unknown[] };
  account.onMoved(() => (seen.moved += 1));
  account.onBought((bytes, perMb) => seen.bought.push([bytes, perMb]));
  return { account, door: account.service('transit'), seen };
};
const order = (count: number) => ({ kind: 'allotment', service: 'transit', count, epoch: 1 }) as const;
const cell = ({ ledger, row }: LinkAccount, column: number): number => ledger.get(row, column);

test('use asks for time, a look buys it at the price of its seconds, and it is noted as so many megabytes', () => {
  const { account, door, seen } = made();
  assert.deepEqual([door.usable(1), seen.moved], [0, 1], 'somebody must look');
  assert.deepEqual([door.usable(1), seen.moved], [0, 1], 'once');
  assert.deepEqual(door.time.meter(0).bought, { kind: 'allotment', service: 'transit', count: 1, epoch: 1 });
  assert.deepEqual([cell(account, Column.consumed), seen.moved, door.used.units], [600, 2, 600]);
  assert.equal(door.usable(1), 1);
  account.record(0);
  assert.deepEqual(seen.bought, [
    [2 ** 20, 300],
    [2_000_000 - 2 ** 20, 300],
  ]);
  door.commit(door.use(1));
  account.record(0);
  assert.equal(seen.bought.length, 2, 'bytes are not noted beside it');
  assert.notEqual(door.time.meter(2_000).bought, undefined, 'used since: bought again');
  assert.equal(door.time.meter(4_000).bought, undefined, 'not used since');
});

test('what arrives is use too, and so is what is sent', () => {
  for (const act of ['use', 'delivered'] as const) {
    const { door } = made();
    if (act === 'use') door.commit(door.use(10));
    else door.delivered(10, 1);
    for (const againMs of [0, 2_000, 4_000]) {
      assert.notEqual(door.time.meter(againMs).bought, undefined, act);
      if (act === 'use') door.commit(door.use(10));
      else door.delivered(10, 1);
    }
  }
  const byData = made({ theirs: { ...TIME, metering: 'data' } });
  byData.door.commit(byData.door.use(1_000));
  assert.equal(byData.door.time.meter(0).bought, undefined);
});

test('time that does not fit is neither sold nor bought', () => {
  const { account, door } = made({ theirs: { ...TIME, dropAt: 599 }, mine: { ...TIME, dropAt: 600, payAt: 1 } });
  door.usable(1);
  assert.equal(door.time.meter(0).bought, undefined);
  assert.deepEqual([door.usable(1), cell(account, Column.consumed)], [0, 0]);
  door.time.forget();
  door.time.ordered(order(2), 0);
  assert.deepEqual(door.time.meter(0), { bought: undefined, sold: 1, admitted: 600 });
  assert.deepEqual([cell(account, Column.provided), account.ledger.writeOff(account.row)], [600, 600], 'on its word');
  account.ledger.received(account.row, 600, 600);
  assert.deepEqual(door.time.meter(0), { bought: undefined, sold: 1, admitted: -600 });
  assert.equal(account.ledger.writeOff(account.row), 0);
  assert.deepEqual([cell(account, Column.provided), door.forwarded.units, door.used.units], [1_200, 1_200, 0]);
  assert.equal(door.servable(5_000, 0).bytes, 5_000, 'within time that was bought');
  assert.equal(door.reserveForward(5_000, 0).bytes, 5_000);
  door.arrived(5_000, 1, 0);
  assert.deepEqual([cell(account, Column.provided), door.pieceUnits()], [1_200, 600], 'bytes cost nothing');
  assert.deepEqual(door.servable(5_000, 60_000), { bytes: 1_024 }, 'a knock');
  assert.deepEqual(door.reserveForward(5_000, 60_000), { bytes: 0 });
  door.release(door.serve(1_024, 60_000));
  assert.deepEqual(door.servable(5_000, 60_100), { bytes: 0, retryMs: 900 });
});

test('what is ordered without room is in the books of both, and makes no room for what was written off', () => {
  const { account, door } = made({ mine: { ...TIME, dropAt: 1_279, payAt: 1 } });
  const { ledger, row } = account;
  ledger.provided(row, 0, 700);
  ledger.correct(row, 'provided', 0, -100);
  door.time.ordered(order(1), 0);
  assert.deepEqual(door.time.meter(0), { bought: undefined, sold: 0, admitted: 600 });
  assert.deepEqual([account.ledger.debtOf(row), cell(account, Column.forgiven)], [1_200, 0], 'its word makes good');
  for (const look of [1, 2]) assert.equal(door.time.meter(look).sold, 0, 'room for 579 is none for 600');
  assert.deepEqual(door.servable(5_000, 0), { bytes: 0 });
  ledger.received(row, 21, 21);
  assert.equal(door.time.meter(3).sold, 1);
  assert.deepEqual([ledger.debtOf(row), cell(account, Column.provided)], [1_279, 1_300]);
});

test('a seller that only observes serves without time, and a buyer that does uses without it', () => {
  const { door } = made({ enforce: false });
  assert.equal(door.servable(5_000, 0).bytes, 5_000);
  assert.equal(door.reserveForward(5_000, 0).bytes, 5_000);
  assert.equal(door.usable(5_000), 5_000);
});

test('time given in kind is owed in kind', () => {
  const kind = { ...TIME, services: { ...plainTerms().services, transit: { askPerMb: 300, bidPerMb: 0 } } };
  const { account, door } = made({ mine: kind, theirs: kind });
  door.usable(1);
  door.time.meter(0);
  assert.deepEqual([door.netOwed(), account.payable()], [600, 0]);
  door.time.ordered(order(1), 0);
  door.time.meter(0);
  assert.equal(door.netOwed(), 0);
  const tight = made({ mine: { ...kind, dropAt: 599, payAt: 1 }, theirs: kind });
  tight.door.time.ordered(order(1), 0);
  assert.equal(tight.door.time.meter(0).admitted, 600);
  tight.door.usable(1);
  tight.door.time.meter(0);
  assert.equal(tight.door.netOwed(), 0, 'also on its word, where there is no room');
  const paid = made();
  paid.door.usable(1);
  paid.door.time.meter(0);
  assert.deepEqual([paid.door.netOwed(), paid.account.payable()], [0, 600]);
});

test('what costs nothing is not sold by time, nor what is not for sale; an order for it is unexpected', () => {
  for (const askPerMb of [0, undefined]) {
    const services = { ...plainTerms().services, transit: { askPerMb, bidPerMb: 300 } };
    const { door } = made({ mine: { ...TIME, services }, theirs: { ...TIME, services } });
    assert.deepEqual([door.time.offered(), door.time.buys, door.pieceUnits()], [undefined, false, 0]);
    assert.throws(
      () => door.time.ordered(order(1), 0),
      (error) => codeOf(error) === 'MESSAGE_UNEXPECTED',
    );
  }
});
