import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terms } from '../terms/terms.ts';
import { readyAccount } from './account-pair.fixture.ts';
import { arrivedHalf, cutTotals, sentHalf } from './cut.ts';
import type { LinkAccount } from './link-account.ts';
import { Tally } from './tally.ts';

/** A third of a unit a thousand bytes, so that each place of charging keeps a remainder. */
const PRICE = { askPerMb: 333, bidPerMb: 333 };
const services: Terms['services'] = { transit: PRICE, chunks: PRICE, packets: { askPerMb: undefined, bidPerMb: 0 } };

/** Charges on all four ways, each with its own number of bytes, 1,000 apart. */
function charged(): LinkAccount {
  const account = readyAccount({ mine: { services }, theirs: { services } });
  const door = account.service('transit');
  door.commit(door.serve(10_000, 0));
  door.reserveForward(11_000, 0);
  door.arrived(11_000, 1, 0);
  door.commit(door.use(12_000));
  door.delivered(13_000, 1);
  account.ledger.provided(account.row, 2, 5);
  account.ledger.consumed(account.row, 2, 6);
  return account;
}

test('what was charged at sending and what was charged on arrival make up all of it, once', () => {
  const account = charged();
  const [sent, arrived] = [sentHalf(account), arrivedHalf(account)];
  const bytesOf = (half: typeof sent) => [half.provided[0]?.bytes, half.consumed[0]?.bytes];
  assert.deepEqual(
    [bytesOf(sent), bytesOf(arrived)],
    [
      [10_000, 12_000],
      [11_000, 13_000],
    ],
  );
  const exactOf = (half: typeof sent) => [half.provided[0]?.exact, half.consumed[0]?.exact];
  assert.deepEqual(
    [exactOf(sent), exactOf(arrived)],
    [
      [3_330_000n, 3_996_000n],
      [3_663_000n, 4_329_000n],
    ],
  );
  assert.deepEqual(cutTotals(sent, arrived), {
    ...{ provided: [6, 0, 5], consumed: [8, 0, 6] },
    ...{ providedBytes: [21_000, 0, 0], consumedBytes: [25_000, 0, 0] },
  });
  const packets = [
    sent.provided[2]?.exact,
    sent.consumed[2]?.exact,
    arrived.provided[2]?.exact,
    arrived.consumed[2]?.exact,
  ];
  assert.deepEqual(packets, [0n, 6_000_000n, 5_000_000n, 0n], 'value is provided where it arrives');
});

test('the totals are whole units of both halves together', () => {
  const part = (exact: bigint, bytes: number) => ({ exact, bytes });
  const half = (exact: bigint) => ({
    provided: Array(3).fill(part(exact, 1)),
    consumed: Array(3).fill(part(2n * exact, 2)),
  });
  assert.deepEqual(cutTotals(half(600_000n), half(500_000n)), {
    ...{ provided: [1, 1, 1], consumed: [2, 2, 2], providedBytes: [2, 2, 2], consumedBytes: [4, 4, 4] },
  });
});

test('a tally counts bytes and millionths exactly, and takes what is no bytes', () => {
  const tally = new Tally();
  assert.deepEqual([tally.exact, tally.bytes, tally.remainder], [0n, 0, 0]);
  tally.add(1_000, 333);
  tally.add(3_000, 333);
  assert.deepEqual([tally.units, tally.bytes, tally.exact], [1, 4_000, 1_332_000n]);
  tally.addUnits(5);
  assert.deepEqual([tally.units, tally.bytes, tally.exact], [6, 4_000, 6_332_000n]);
});
