import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../errors.ts';
import { agree, plainTerms, readyAccount, UNIT_A_BYTE } from './account-pair.fixture.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

const cell = ({ ledger, row }: LinkAccount, column: number): number => ledger.get(row, column);
const BUYER = '0x00000000000000000000000000000000000000bb';

/** An account whose movements, purchases and carried units are counted. */
function watched(change: Parameters<typeof readyAccount>[0] = {}) {
  const account = readyAccount(change);
  const seen = { moved: 0, carried: [] as unknown[], bought: 0 };
  account.onMoved(() => (seen.moved += 1));
  account.onCarried((buyer, units) => seen.carried.push([buyer, units]));
  account.onBought((bytes) => (seen.bought += bytes));
  return { account, door: account.service('transit'), seen };
}

test('as much is served as fits below the limit, all of it, or a piece at the least', () => {
  const { account, door } = watched();
  assert.equal(door.servable(10_000, 0).bytes, 3_999, 'a unit is kept for the millionths');
  assert.equal(door.servable(3_000, 0).bytes, 3_000);
  account.ledger.provided(account.row, 0, 4_000 - 1_025);
  assert.equal(door.servable(10_000, 0).bytes, 1_024);
  account.ledger.provided(account.row, 0, 1);
  assert.equal(door.servable(10_000, 0).bytes, 0, 'less than a piece is not');
  assert.equal(door.servable(1_000, 0).bytes, 1_000, 'unless no more is wanted');
  account.ledger.received(account.row, 1e9, 1e9);
  assert.equal(door.servable(1e9, 0).bytes, 1_000_000 - 2_976 - 1, 'the lease');
  account.ready = false;
  assert.equal(door.servable(1_000, 0).bytes, 0);
});

test('who was choked for too long is not served, and may still serve: in barter nothing else repays', () => {
  const { account, door } = watched();
  account.ledger.provided(account.row, 0, 2_000);
  account.lapsed = true;
  assert.deepEqual([door.ready, door.servable(1_024, 0).bytes, door.reserveForward(1_024, 0).bytes], [true, 0, 0]);
  assert.equal(door.usable(500), 500);
  door.delivered(500, 1);
  assert.equal(cell(account, Column.balance), 1_500);
  account.lapsed = false;
  assert.equal(door.servable(1_024, 0).bytes, 1_024);
  account.doubted = true;
  assert.deepEqual([door.ready, door.usable(500), door.servable(1_024, 0).bytes], [true, 500, 0]);
  account.doubted = false;
  assert.equal(door.servable(1_024, 0).bytes, 1_024);
  account.banned = true;
  assert.deepEqual([door.ready, door.usable(500), door.servable(1_024, 0).bytes], [false, 0, 0]);
});

test('at most 2 MiB go at once, also for nothing', () => {
  const free = { services: { ...plainTerms().services, transit: { askPerMb: 0, bidPerMb: 1 } } };
  const { account, door } = watched({ mine: free, theirs: free });
  assert.equal(door.servable(1e9, 0).bytes, 2 ** 21);
  const hold = door.serve(1_000, 0);
  assert.ok(hold < 0, 'nothing is reserved for it');
  door.commit(hold);
  assert.deepEqual([door.providedBytes, cell(account, Column.balance), door.pieceUnits()], [1_000, 0, 0]);
  const other = door.serve(1, 0);
  const third = door.serve(2, 0);
  assert.notEqual(other, third);
  door.release(other);
  door.commit(third);
  assert.equal(door.providedBytes, 1_002);
});

test('a hold ends once, in whatever order, and each with its own bytes and side', () => {
  const { account, door, seen } = watched();
  const first = door.serve(100, 0);
  const second = door.use(200);
  const third = door.serve(300, 0);
  assert.deepEqual([cell(account, Column.heldProvide), cell(account, Column.heldConsume)], [400, 200]);
  door.commit(second, BUYER);
  door.commit(first);
  door.release(third);
  assert.deepEqual([cell(account, Column.heldProvide), cell(account, Column.heldConsume)], [0, 0]);
  assert.deepEqual([door.providedBytes, door.consumedBytes, cell(account, Column.balance)], [100, 200, -100]);
  assert.deepEqual(seen.carried, [[BUYER, 200]]);
  assert.equal(seen.moved, 2);
  account.record(0);
  assert.equal(seen.bought, 200, 'what is used is bought');
  for (const hold of [first, second, third]) {
    for (const end of [() => door.commit(hold), () => door.release(hold)])
      assert.throws(end, (error) => codeOf(error) === 'HOLD_UNKNOWN');
  }
});

test('what does not fit is refused before anything happens', () => {
  const { account, door } = watched();
  for (const act of [() => door.serve(4_001, 0), () => door.use(4_001)])
    assert.throws(act, (error) => codeOf(error) === 'SERVICE_REFUSED');
  assert.deepEqual([cell(account, Column.heldProvide), cell(account, Column.heldConsume)], [0, 0]);
  const hold = door.serve(4_000, 0);
  door.commit(hold);
  assert.equal(cell(account, Column.balance), 4_000);
});

test('what is delivered is booked at the price of its tag, for whom it is, and counted as bought', () => {
  const { account, door, seen } = watched();
  const dearer = {
    services: { ...plainTerms().services, transit: { askPerMb: 2 * UNIT_A_BYTE, bidPerMb: UNIT_A_BYTE } },
  };
  agree(
    account,
    plainTerms({ epoch: 2, ...dearer }),
    plainTerms({
      epoch: 2,
      services: { ...dearer.services, transit: { askPerMb: UNIT_A_BYTE / 2, bidPerMb: 2 * UNIT_A_BYTE } },
    }),
  );
  door.delivered(100, 1, BUYER);
  door.delivered(100, 2);
  assert.equal(cell(account, Column.consumed), 100 + 50);
  assert.deepEqual(seen.carried, [[BUYER, 100]]);
  assert.equal(seen.moved, 2);
  door.arrived(100, 1, 0);
  door.arrived(100, 2, 0);
  assert.equal(cell(account, Column.provided), 100 + 200);
  assert.equal(seen.moved, 4);
  account.record(0);
  assert.equal(seen.bought, 200);
  assert.throws(
    () => door.delivered(1, 9),
    (error) => codeOf(error) === 'EPOCH_UNKNOWN',
  );
  assert.deepEqual([door.forwarded.units, door.used.units], [300, 0]);
});

test('grants are covered by one hold, shrink as bytes arrive, and go with the connection', () => {
  const { account, door } = watched();
  assert.equal(door.reserveForward(1_500, 0).bytes, 1_500);
  assert.equal(cell(account, Column.heldProvide), 1_500);
  assert.equal(
    door.reserveForward(10_000, 0).bytes,
    3_998 - 1_500,
    'two units are kept: for the millionths of each side',
  );
  assert.equal(door.reserveForward(10, 0).bytes, 0);
  const held = cell(account, Column.heldProvide);
  assert.equal(held, 3_998);
  door.arrived(1_000, 1, 0);
  assert.deepEqual([cell(account, Column.balance), cell(account, Column.heldProvide)], [1_000, 2_998]);
  door.arrived(2_998, 1, 0);
  assert.deepEqual([cell(account, Column.balance), cell(account, Column.heldProvide)], [3_998, 0]);
  account.ledger.received(account.row, 3_998, 3_998);
  assert.equal(door.reserveForward(2_000, 0).bytes, 2_000);
  door.arrived(2_001, 1, 0);
  assert.deepEqual(
    [cell(account, Column.balance), cell(account, Column.heldProvide)],
    [2_001, 0],
    'more than was granted is booked',
  );
  door.reserveForward(500, 0);
  door.forgetForward();
  assert.deepEqual([cell(account, Column.heldProvide), door.reserveForward(500, 0).bytes], [0, 500]);
  account.ready = false;
  assert.equal(cell(account, Column.heldProvide), 0);
  assert.equal(door.reserveForward(500, 0).bytes, 0);
});

test('what arrives dearer than it was granted is charged all the same', () => {
  const { account, door } = watched();
  door.reserveForward(100, 0);
  const dear = {
    services: { ...plainTerms().services, transit: { askPerMb: 3 * UNIT_A_BYTE, bidPerMb: 3 * UNIT_A_BYTE } },
  };
  agree(account, plainTerms({ epoch: 2, ...dear }), plainTerms({ epoch: 2, ...dear }));
  door.arrived(100, 2, 0);
  assert.deepEqual([cell(account, Column.balance), cell(account, Column.heldProvide)], [300, 0]);
});

test('what is granted is paced with what is served', () => {
  const { door } = watched({ fullRateBytesPerSecond: 20_000, mine: { dropAt: 1_000_000 } });
  assert.equal(door.reserveForward(50_000, 0).bytes, 16_384);
  const next = door.servable(1_024, 0);
  assert.ok(next.bytes === 0 && (next.retryMs ?? 0) > 0);
  assert.deepEqual(door.reserveForward(1_024, 0), next);
  door.serve(door.servable(1_024, 1_000).bytes, 1_000);
  assert.ok(door.reserveForward(50_000, 1_000).bytes < 16_384);
});

test('what is exchanged in kind is owed in kind, either way, by frames and by time', () => {
  const kind = { services: { ...plainTerms().services, transit: { askPerMb: UNIT_A_BYTE, bidPerMb: 0 } } };
  const { account, door } = watched({ mine: kind, theirs: kind });
  assert.equal(account.relation('transit')?.kind, 'barter');
  door.commit(door.serve(500, 0));
  assert.equal(door.netOwed(), 0);
  door.delivered(700, 1);
  assert.equal(door.netOwed(), 200);
  door.commit(door.use(50));
  assert.equal(door.netOwed(), 250);
  door.arrived(100, 1, 0);
  assert.equal(door.netOwed(), 150);
  const paid = watched();
  paid.door.delivered(700, 1);
  assert.equal(paid.door.netOwed(), 0, 'what is paid is not owed in kind');

  const quantities = {
    providedBytes: 1,
    consumedBytes: 2,
    providedRemainder: 3,
    consumedRemainder: 4,
    barterNet: -150,
  };
  door.restore(quantities);
  assert.equal(door.netOwed(), 150, 'where something is owed');
  door.corrected('consumed', 7);
  assert.equal(door.netOwed(), 157, 'more was used than was known');
  door.corrected('provided', 7);
  assert.equal(door.netOwed(), 150, 'and more given');
  account.ledger.provided(account.row, 0, 150);
  door.restore(quantities);
  assert.equal(door.netOwed(), 0);
  door.forgetRemainders();
  assert.deepEqual([door.providedRemainder, door.consumedRemainder, door.providedBytes], [0, 0, 1]);
});

test('who cannot pay what it takes repays it in kind, and pays none of it', () => {
  const services = (bidPerMb: number) => ({
    ...plainTerms().services,
    transit: { askPerMb: UNIT_A_BYTE, bidPerMb },
  });
  const { account, door } = watched({ mine: { services: services(0) }, theirs: { services: services(UNIT_A_BYTE) } });
  assert.equal(account.relation('transit')?.kind, 'onlyTheyPay');
  door.delivered(700, 1);
  assert.deepEqual([door.netOwed(), account.payable()], [700, 0]);
  door.commit(door.serve(1_000, 0));
  assert.deepEqual([door.netOwed(), cell(account, Column.balance)], [0, 300]);
  account.received(200, 0);
  door.delivered(400, 1);
  assert.deepEqual(
    [cell(account, Column.balance), door.netOwed()],
    [-300, 300],
    'what was paid for is not served again',
  );
  account.received(0, 0);
  assert.deepEqual([door.netOwed(), account.payable()], [300, 0]);
});

test('what is repaid in kind is never the other way round than the balance', () => {
  const { door } = watched({});
  const left = (barterNet: number, balance: number): number => {
    door.barterNet = barterNet;
    door.repaid(balance);
    return door.barterNet;
  };
  assert.deepEqual([left(5, -3), left(-5, 3), left(5, 3), left(-5, -3), left(2, 3)], [0, 0, 3, -3, 2]);
});

test('using is limited by what the neighbour grants, and by being connected', () => {
  const { account, door } = watched({ theirs: { dropAt: 2_000 } });
  assert.equal(door.usable(5_000), 1_999);
  assert.equal(door.usable(1_000), 1_000);
  account.ledger.provided(account.row, 0, 500);
  assert.equal(door.usable(5_000), 2_499);
  account.ready = false;
  assert.equal(door.usable(1_000), 0);
  const unsold = { services: { ...plainTerms().services, transit: { askPerMb: undefined, bidPerMb: 0 } } };
  const none = watched({ theirs: unsold });
  assert.deepEqual([none.door.usable(1_000), none.door.buying], [0, false]);
});

test('a service starts from nothing', () => {
  const { door } = watched();
  const { consumedBytes, consumedRemainder, providedBytes, providedRemainder } = door;
  assert.deepEqual([providedBytes, consumedBytes, providedRemainder, consumedRemainder], [0, 0, 0, 0]);
  assert.deepEqual([door.netOwed(), door.forwarded.units, door.used.units, door.pieceUnits()], [0, 0, 0, 1_024]);
});
