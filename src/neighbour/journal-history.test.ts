import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WayleaveError } from '../core/errors.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import type { HistoryRecord, LinkRecord, ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import { Journal } from './journal.ts';

const [THEM, OTHER, BOOK, SECOND] = ['b', 'c', '1', '2'].map((digit) => `0x${digit.repeat(40)}`) as [
  ...[NodeId, NodeId, NodeId, NodeId],
];
const SPAN_MS = 60_000;
const cheque = (cumulative: bigint, chequebook = BOOK): ReceivedChequeRecord => ({
  ...{ kind: 'received', chequebook, neighbour: THEM, issuer: THEM, cumulative, signature: new Uint8Array(65) },
  ...{ cashedCumulative: 0n, creditedUnits: 0, remainderWei: 0n, bounced: false },
});

/** A journal that keeps a history, on a disk that fails when it is told to. */
class Bed {
  full = false;
  wallMs = 10 * SPAN_MS;
  batch: readonly StoreRecord[] = [];
  readonly ledger = new Ledger();
  readonly journal: Journal;

  constructor(historySpanMs: number | undefined = SPAN_MS) {
    const commit = async (records: readonly StoreRecord[]) => {
      if (this.full) throw new WayleaveError('STORE_FULL');
      this.batch = records;
    };
    const clock = { nowMs: () => 0, wallMs: () => this.wallMs, after: () => ({ cancel: () => undefined }) };
    this.journal = new Journal({
      ...{ store: { commit } as Partial<Store> as Store, clock, windowMs: 5, failed: () => undefined },
      ...(historySpanMs > 0 && { historySpanMs }),
    });
  }

  account(neighbour = THEM): LinkAccount {
    const options = { fullRateBytesPerSecond: 1, epochGraceMs: 1, enforce: true };
    return new LinkAccount({ ...options, ledger: this.ledger, neighbour });
  }

  /** Writes the account; its rows of history, and its record. */
  async writes(account: LinkAccount, records: readonly StoreRecord[] = []) {
    await this.journal.commit(account, records);
    const rows = this.batch.filter((each): each is HistoryRecord => each.kind === 'history');
    const link = this.batch.find((each): each is LinkRecord => each.kind === 'link');
    assert.ok(link !== undefined);
    const brief = rows.map(({ number, entry, consumed, received }) => [number, entry, consumed, received]);
    return { rows, link, brief };
  }
}

test('what moved an account is written with it, row by row, and once', async () => {
  const bed = new Bed();
  const account = bed.account();
  bed.journal.follow(account, undefined);
  bed.ledger.consumed(account.row, 0, 7);
  const first = await bed.writes(account);
  assert.deepEqual(first.brief, [[1, 'service', 7, 0]]);
  assert.deepEqual([first.rows[0]?.neighbour, first.link.historyRows, first.link.chokedSinceMs], [THEM, 1, 0]);
  assert.deepEqual((await bed.writes(account)).brief, [], 'it is durable');
  bed.ledger.received(account.row, 5, 5);
  const money = await bed.writes(account, [cheque(50n)]);
  assert.deepEqual(money.brief, [[2, 'received', 0, 5]]);
  assert.deepEqual([money.rows[0]?.wei, money.rows[0]?.reference, money.link.historyRows], [50n, BOOK, 2]);
  bed.journal.note(account, { entry: 'dispute', reference: 'why' });
  const dispute = await bed.writes(account);
  assert.deepEqual([dispute.brief, dispute.rows[0]?.reference], [[[3, 'dispute', 0, 0]], 'why']);
});

test('rows that could not be written are written with what comes next', async () => {
  const bed = new Bed();
  const account = bed.account();
  bed.journal.follow(account, undefined);
  bed.ledger.consumed(account.row, 0, 7);
  bed.full = true;
  await assert.rejects(bed.journal.commit(account), { code: 'STORE_FULL' });
  bed.full = false;
  bed.wallMs += SPAN_MS;
  bed.ledger.consumed(account.row, 0, 2);
  const { brief, link } = await bed.writes(account);
  assert.deepEqual(brief, [
    [1, 'service', 7, 0],
    [2, 'service', 2, 0],
  ]);
  assert.equal(link.historyRows, 2);
});

test('a history goes on from the record that a restart finds', async () => {
  const before = new Bed();
  const account = before.account();
  before.journal.follow(account, undefined);
  before.ledger.consumed(account.row, 0, 7);
  const { link } = await before.writes(account);
  const bed = new Bed();
  const restored = bed.account();
  restored.restore(link, 0);
  bed.journal.follow(restored, link);
  bed.ledger.consumed(restored.row, 0, 2);
  const { brief } = await bed.writes(restored);
  assert.deepEqual(brief, [[2, 'service', 2, 0]]);
});

test('where none is kept, none is written', async () => {
  const bed = new Bed(0);
  const account = bed.account();
  bed.journal.follow(account, undefined);
  bed.ledger.consumed(account.row, 0, 7);
  const { brief, link } = await bed.writes(account, [cheque(50n)]);
  assert.deepEqual([brief, link.historyRows], [[], 0]);
});

test('a newer cheque takes the place of older ones on its chequebook that wait elsewhere, and of no others', async () => {
  const bed = new Bed();
  const [one, other] = [bed.account(), bed.account(OTHER)];
  bed.journal.owe(other, [cheque(10n), cheque(11n, SECOND)]);
  bed.journal.owe(one, [cheque(20n)]);
  assert.deepEqual(bed.journal.unwritten(other).owed, [cheque(20n), cheque(11n, SECOND)]);
  assert.deepEqual(bed.journal.unwritten(one).owed, [cheque(20n)]);
});

test('the lease is told what is on disk once it is, and not before', async () => {
  const bed = new Bed();
  const account = bed.account();
  bed.ledger.consumed(account.row, 0, 7);
  bed.full = true;
  await assert.rejects(bed.journal.commit(account), { code: 'STORE_FULL' });
  assert.equal(account.lease.consumedUnits, 0);
  bed.full = false;
  await bed.journal.commit(account);
  assert.equal(account.lease.consumedUnits, 7);
});
