import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionPair, termsOf } from '../session/session-pair.fixture.ts';
import { Column } from './columns.ts';

const PRICE = 10_000;
const asking = (epoch: number, askPerMb: number | undefined) =>
  termsOf({ epoch, askPerMb, bidPerMb: 0, payAtMb: 1, dropAtMb: 4 });

test('what was sent before an offer was withdrawn is charged by the offer, at both ends', () => {
  const pair = new SessionPair(
    asking(1, PRICE),
    termsOf({ askPerMb: undefined, bidPerMb: PRICE, payAtMb: 1, dropAtMb: 4 }),
  );
  pair.connect();
  const [sell, buy] = [pair.left.account.door('transit'), pair.right.account.door('transit')];
  const { bytes } = sell.reserveForward(10_000, pair.nowMs);
  const tag = buy.buyEpoch;
  buy.commit(buy.use(bytes));
  pair.left.step({ kind: 'termsChanged', terms: asking(2, undefined) }, pair.nowMs);
  pair.flush();
  sell.arrived(bytes, tag, pair.nowMs);
  const { left, right } = pair;
  assert.equal(left.account.ledger.get(left.account.row, Column.provided), 100);
  assert.equal(right.account.ledger.get(right.account.row, Column.consumed), 100);
});

test('an offer is served under once it is acknowledged', () => {
  const pair = new SessionPair(
    asking(1, undefined),
    termsOf({ askPerMb: undefined, bidPerMb: PRICE, payAtMb: 1, dropAtMb: 4 }),
  );
  pair.connect();
  const door = pair.left.account.door('transit');
  assert.equal(door.selling, false);
  pair.left.step({ kind: 'termsChanged', terms: asking(2, PRICE) }, pair.nowMs);
  assert.equal(door.selling, false, 'its frames could not name it yet');
  pair.flush();
  assert.deepEqual([door.selling, door.sellEpoch], [true, 2]);
});

test('who repays in kind and withdraws its own offer is charged for what was under way as before, at both ends', () => {
  const pair = new SessionPair(asking(1, 2 * PRICE), asking(1, PRICE));
  pair.connect();
  const { left, right } = pair;
  const [sell, buy] = [left.account.door('transit'), right.account.door('transit')];
  const { bytes } = sell.reserveForward(10_000, pair.nowMs);
  buy.commit(buy.use(bytes));
  const served = sell.serve(10_000, pair.nowMs);
  const tag = [sell.sellEpoch, buy.buyEpoch] as const;
  sell.commit(served);
  right.step({ kind: 'termsChanged', terms: asking(2, undefined) }, pair.nowMs);
  pair.flush();
  assert.deepEqual([sell.selling, buy.buying], [false, false]);
  buy.delivered(10_000, tag[0]);
  sell.arrived(bytes, tag[1], pair.nowMs);
  const books = [left, right].map(({ account: { ledger, row } }) => [
    ledger.get(row, Column.provided),
    ledger.get(row, Column.consumed),
    ledger.get(row, Column.heldProvide),
  ]);
  assert.deepEqual(books, [
    [200, 0, 0],
    [0, 200, 0],
  ]);
});
