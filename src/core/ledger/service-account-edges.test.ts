import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../errors.ts';
import type { Terms } from '../terms/terms.ts';
import { agree, plainTerms, readyAccount, UNIT_A_BYTE } from './account-pair.fixture.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

const cell = ({ ledger, row }: LinkAccount, column: number): number => ledger.get(row, column);
const selling = (askPerMb: number | undefined, bidPerMb: number): Pick<Terms, 'services'> => ({
  services: { ...plainTerms().services, transit: { askPerMb, bidPerMb } },
});
const at = (perMb: number, dropAt = 4_000) => {
  const account = readyAccount({
    mine: { dropAt, ...selling(perMb, perMb) },
    theirs: { dropAt, ...selling(perMb, perMb) },
  });
  return { account, door: account.service('transit'), held: () => cell(account, Column.heldProvide) };
};

test('a piece that costs next to nothing costs a unit, is held for, and is refused where there is no room', () => {
  const { account, door, held } = at(1);
  assert.equal(door.pieceUnits(), 1);
  const hold = door.serve(1, 0);
  assert.equal(held(), 1);
  door.release(hold);
  assert.equal(held(), 0, 'the very first hold');
  account.ledger.provided(account.row, 0, 4_000);
  assert.equal(door.servable(1_000, 0).bytes, 0);
});

test('what costs exactly what there is room for is served whole', () => {
  const { door } = at(UNIT_A_BYTE, 1_000);
  assert.equal(door.servable(1_000, 0).bytes, 1_000);
});

test('what nobody pays or repays is not for sale and chokes nobody', () => {
  const account = readyAccount({ mine: selling(UNIT_A_BYTE, 0), theirs: selling(undefined, 0) });
  const door = account.service('transit');
  assert.deepEqual([door.selling, door.pieceUnits(), account.nextCharge], [false, 0, 0]);
});

test('a hold for nothing ends once, too', () => {
  const { account, door } = at(0);
  const [first, second] = [door.serve(10, 0), door.serve(20, 0)];
  for (const hold of [first, second]) {
    door.commit(hold);
    for (const end of [() => door.commit(hold), () => door.release(hold)])
      assert.throws(end, (error) => codeOf(error) === 'HOLD_UNKNOWN');
  }
  const third = door.serve(40, 0);
  door.release(third);
  assert.throws(
    () => door.commit(third),
    (error) => codeOf(error) === 'HOLD_UNKNOWN',
  );
  assert.deepEqual([door.providedBytes, cell(account, Column.balance)], [30, 0]);
});

test('a grant of one byte is held for, and a lowered limit takes no grant back', () => {
  const { account, door, held } = at(UNIT_A_BYTE);
  assert.deepEqual([door.reserveForward(1, 0).bytes, held()], [1, 1]);
  door.reserveForward(1_499, 0);
  agree(account, plainTerms({ epoch: 2, payAt: 500, dropAt: 1_000 }), plainTerms({ epoch: 2 }));
  assert.deepEqual([door.reserveForward(100, 0).bytes, held()], [0, 1_500]);
  door.arrived(1_500, 2, 0);
  assert.deepEqual([held(), cell(account, Column.balance)], [0, 1_500]);
});

test('where value that came back took the room, a lower price grants nothing more, and what was granted stays held', () => {
  const { account, door, held } = at(UNIT_A_BYTE);
  door.reserveForward(1_000, 0);
  const half = { dropAt: 4_000, ...selling(UNIT_A_BYTE / 2, UNIT_A_BYTE / 2) };
  agree(account, plainTerms({ epoch: 2, ...half }), plainTerms({ epoch: 2, ...half }));
  account.ledger.holdProvide(account.row, 2_995);
  account.ledger.provided(account.row, 2, 605);
  assert.deepEqual([door.reserveForward(1_000, 0).bytes, held()], [0, 3_995]);
});

test('grants that are gone leave their room to others, to the unit', () => {
  const { door, held } = at(UNIT_A_BYTE);
  door.reserveForward(3_000, 0);
  door.forgetForward();
  assert.deepEqual([door.reserveForward(10_000, 0).bytes, held()], [3_998, 3_998]);
  door.forgetForward();
  door.reserveForward(500, 0);
  door.arrived(600, 1, 0);
  door.reserveForward(500, 0);
  assert.equal(held(), 500);

  const third = at(333_333);
  third.door.reserveForward(1_000, 0);
  assert.equal(third.held(), 334);
  third.door.arrived(1_000, 1, 0);
  assert.equal(third.held(), 0, 'what was held for the millionths too');
});

test('bytes within time cost nothing, whatever terms they name', () => {
  const time = { metering: 'time', ...selling(300, 300) } as const;
  const account = readyAccount({ mine: time, theirs: time });
  agree(account, plainTerms({ epoch: 2, ...time }), plainTerms({ epoch: 2, ...time }));
  const door = account.service('transit');
  for (const epoch of [1, 2]) {
    door.delivered(2_000_000, epoch);
    door.arrived(2_000_000, epoch, 0);
  }
  assert.deepEqual([cell(account, Column.provided), cell(account, Column.consumed)], [0, 0]);
});

test('what is owed in kind is forgotten when books are put back at nothing, and not a unit beside it', () => {
  const kind = selling(UNIT_A_BYTE, 0);
  const account = readyAccount({ mine: kind, theirs: kind });
  const door = account.service('transit');
  const quantities = {
    providedBytes: 0,
    consumedBytes: 0,
    providedRemainder: 0,
    consumedRemainder: 0,
    barterNet: -150,
  };
  door.delivered(150, 1);
  for (const [units, owed] of [
    [151, 150],
    [0, 150],
  ] as const) {
    account.ledger.provided(account.row, 1, units);
    door.restore(quantities);
    assert.equal(door.netOwed(), owed, `${cell(account, Column.balance)}`);
  }
  account.ledger.consumed(account.row, 1, 1);
  door.restore(quantities);
  assert.equal(door.netOwed(), 0);
});

/** Handles of the only slot in use come round to 0, which is a handle like any other. */
function upToZero({ ledger, row }: LinkAccount): void {
  const last = 2 ** 31 - 2 ** 20;
  let hold = Number.NaN;
  while (hold !== last) {
    hold = ledger.holdProvide(row, 1);
    ledger.release(hold);
  }
}

test('the hold of the handle 0 is held, let go and charged as any', () => {
  for (const end of ['commit', 'release'] as const) {
    const { account, door, held } = at(UNIT_A_BYTE);
    upToZero(account);
    const hold = door.serve(10, 0);
    assert.deepEqual([hold, held()], [0, 10]);
    door[end](hold);
    assert.deepEqual([held(), cell(account, Column.balance)], [0, end === 'commit' ? 10 : 0]);
  }
});

test('time is bought under the handle 0 too', () => {
  const time = { metering: 'time', allotment: { bytes: 1_000_000, ms: 2_000 }, ...selling(300, 300) } as const;
  const account = readyAccount({ mine: time, theirs: time });
  const door = account.service('transit');
  upToZero(account);
  door.usable(1);
  assert.notEqual(door.time.meter(0).bought, undefined);
  assert.equal(cell(account, Column.consumed), 600);
});
