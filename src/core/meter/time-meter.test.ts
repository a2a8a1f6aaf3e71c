import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Column } from '../ledger/columns.ts';
import { SessionPair, Side, termsOf } from '../session/session-pair.fixture.ts';
import type { Terms } from '../terms/terms.ts';

/** Units a second, which is one allotment. */
const PRICE = 10_000;
const STEP_MS = 10;
const byTime = { payAtMb: 1, dropAtMb: 4, metering: 'time' } as const;
const seller = (change: Partial<Terms> = {}): Terms => termsOf({ askPerMb: PRICE, bidPerMb: 0, ...byTime, ...change });
const buyer = (change: Partial<Terms> = {}): Terms =>
  termsOf({ askPerMb: undefined, bidPerMb: PRICE, ...byTime, ...change });

function up(options?: { enforce: boolean }): SessionPair {
  const pair = new SessionPair(seller(), buyer(), options);
  pair.connect();
  return pair;
}

/** One piece from seller to buyer if both doors let it through; returns its bytes. */
function piece(left: Side, right: Side, bytes: number, nowMs: number): number {
  if (right.account.door('transit').usable(1) === 0) return 0;
  const door = left.account.door('transit');
  const allowed = door.servable(bytes, nowMs).bytes;
  if (allowed === 0) return 0;
  const hold = door.serve(allowed, nowMs);
  right.account.door('transit').delivered(allowed, door.sellEpoch);
  door.commit(hold);
  return allowed;
}

/** The buyer uses the service for so long, a piece each 10 ms; returns the bytes that came through. */
function use(pair: SessionPair, ms: number, bytes = 1000): number {
  let sent = 0;
  for (let t = 0; t < ms; t += STEP_MS) {
    sent += piece(pair.left, pair.right, bytes, pair.nowMs);
    pair.advance(STEP_MS);
  }
  return sent;
}

const provided = (side: Side): number => side.account.ledger.get(side.account.row, Column.provided);
const consumed = (side: Side): number => side.account.ledger.get(side.account.row, Column.consumed);
const orders = (side: Side): number => side.said.filter(({ kind }) => kind === 'allotment').length;

test('idle costs nothing, before the first use and after it', () => {
  const pair = up();
  pair.advance(60_000);
  assert.equal(orders(pair.right), 0);
  use(pair, 20);
  pair.advance(60_000);
  for (let i = 0; i < 200; i += 1) pair.advance(500);
  assert.equal(consumed(pair.right), PRICE);
  pair.assertAgreed();
});

test('a second of use costs one allotment, whatever the bytes', () => {
  for (const bytes of [1, 1000, 10_000]) {
    const pair = up();
    const sent = use(pair, 5000, bytes);
    assert.equal(sent, 499 * bytes, 'served all the time, once the first was bought');
    assert.equal(provided(pair.left), 5 * PRICE);
    assert.ok(pair.right.cheques >= 3, 'and paid as it goes');
    assert.equal(pair.left.account.service('transit').providedBytes, sent);
    pair.assertAgreed();
  }
});

test('junk costs nothing more, in either direction', () => {
  const pair = up();
  use(pair, 500);
  for (let i = 0; i < 500; i += 1) pair.right.account.door('transit').delivered(65_536, 1);
  pair.upload(60_000);
  use(pair, 480);
  assert.equal(consumed(pair.right), PRICE);
  assert.equal(pair.left.account.service('transit').providedBytes >= 60_000, true);
  pair.assertAgreed();
});

test('an upload is granted and sent within bought time only', () => {
  const pair = up();
  const sell = pair.left.account.door('transit');
  assert.equal(sell.reserveForward(1000, pair.nowMs).bytes, 0);
  assert.equal(pair.right.account.door('transit').usable(1000), 0, 'nothing is bought yet, but asked for');
  pair.advance(STEP_MS);
  assert.equal(pair.right.account.door('transit').usable(1000), 1000);
  assert.equal(sell.reserveForward(1000, pair.nowMs).bytes, 1000);
  sell.arrived(1000, sell.sellEpoch, pair.nowMs);
  assert.equal(provided(pair.left), PRICE);
});

test('clocks that differ in time and pace charge the same', () => {
  const clocks = fc.record({
    offsetMs: fc.integer({ min: -1e9, max: 1e9 }),
    rate: fc.integer({ min: 905, max: 1095 }),
    pauses: fc.array(fc.nat(3000), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(clocks, ({ offsetMs, rate, pauses }) => {
      const left = new Side(seller(), true);
      const right = new Side(buyer(), true);
      let trueMs = 1000;
      const theirMs = (): number => offsetMs + Math.floor((trueMs * rate) / 1000);
      const exchange = (): void => {
        for (let i = 0; i < 6; i += 1) {
          for (const message of right.outbox.splice(0)) left.step({ kind: 'message', message }, theirMs());
          for (const message of left.outbox.splice(0)) right.step({ kind: 'message', message }, trueMs);
        }
      };
      left.step({ kind: 'linkUp' }, theirMs());
      right.step({ kind: 'linkUp' }, trueMs);
      exchange();
      for (const pauseMs of [0, ...pauses]) {
        trueMs += pauseMs;
        for (let t = 0; t < 2500; t += STEP_MS) {
          if (right.account.door('transit').usable(1) > 0) {
            assert.ok(left.account.door('transit').servable(1000, theirMs()).bytes > 0, 'never cut off in bought time');
          }
          trueMs += STEP_MS;
          left.step({ kind: 'tick' }, theirMs());
          right.step({ kind: 'tick' }, trueMs);
          exchange();
          left.save();
          right.save();
        }
      }
      assert.equal(provided(left), consumed(right));
      assert.ok(provided(left) >= 2 * PRICE);
    }),
    { numRuns: 30 },
  );
});

test('who may not owe more buys no more and is not served, until it pays; then at once', () => {
  const pair = up();
  pair.right.step({ kind: 'pause', paused: true }, pair.nowMs);
  use(pair, 10_000);
  assert.equal(consumed(pair.right), 4 * PRICE, 'up to the limit granted, exactly');
  assert.equal(provided(pair.left), 4 * PRICE);
  assert.equal(pair.left.account.state(), 'choked');
  assert.equal(use(pair, 1000), 0);
  pair.right.step({ kind: 'pause', paused: false }, pair.nowMs);
  pair.flush();
  assert.equal(pair.left.account.state(), 'open');
  assert.ok(use(pair, 3 * STEP_MS) > 0);
  pair.assertAgreed();
});

test('time that does not fit into the limit is not sold, and nothing is served for it', () => {
  const pair = up();
  const message = { kind: 'allotment', service: 'transit', count: 5, epoch: 1 } as const;
  const { ledger, row } = pair.left.account;
  ledger.provided(row, 0, 4 * PRICE);
  pair.left.step({ kind: 'message', message }, pair.nowMs);
  assert.equal(provided(pair.left), 4 * PRICE);
  assert.equal(pair.left.account.door('transit').servable(1000, pair.nowMs).bytes, 0);
  // Else it would pay back at once what it is about to sell for.
  pair.left.step({ kind: 'pause', paused: true }, pair.nowMs);
  ledger.received(row, PRICE, PRICE);
  pair.left.step({ kind: 'tick' }, pair.nowMs);
  assert.equal(provided(pair.left), 5 * PRICE, 'but as soon as there is room, as far as there is');
  assert.ok(pair.left.account.door('transit').servable(1000, pair.nowMs).bytes > 0);
});

test('a buyer that does not know what was written off orders without room: both ends agree, and it is served when there is', () => {
  const pair = up();
  const { ledger, row } = pair.left.account;
  ledger.provided(row, 0, PRICE);
  ledger.correct(row, 'provided', 0, -PRICE);
  pair.right.step({ kind: 'pause', paused: true }, pair.nowMs);
  use(pair, 10_000);
  assert.equal(consumed(pair.right), 4 * PRICE, 'it orders as far as it was granted');
  assert.equal(provided(pair.left), 4 * PRICE, 'one of them was written off, three are sold');
  pair.assertAgreed();
  assert.equal(use(pair, 1000), 0);
  pair.right.step({ kind: 'pause', paused: false }, pair.nowMs);
  pair.flush();
  assert.ok(use(pair, 3 * STEP_MS) > 0);
  pair.assertAgreed();
});

test('time that was not sold before the connection broke is not sold on the next one', () => {
  const pair = up();
  pair.left.step(
    { kind: 'message', message: { kind: 'allotment', service: 'transit', count: 5, epoch: 1 } },
    pair.nowMs,
  );
  assert.equal(provided(pair.left), 4 * PRICE);
  pair.reconnect();
  pair.left.account.ledger.received(pair.left.account.row, PRICE, PRICE);
  pair.left.step({ kind: 'tick' }, pair.nowMs);
  assert.equal(provided(pair.left), 4 * PRICE);
});

test('an order repeated changes nothing; one beyond measure, or for terms without time, is a fault', () => {
  const order = (count: number, epoch = 1) => ({ kind: 'allotment', service: 'transit', count, epoch }) as const;
  const pair = up();
  for (const count of [2, 2, 1]) pair.left.step({ kind: 'message', message: order(count) }, pair.nowMs);
  assert.equal(provided(pair.left), 2 * PRICE);
  pair.left.step({ kind: 'message', message: order(1000) }, pair.nowMs);
  assert.equal(pair.left.news.at(-1)?.facts['code'], 'ALLOTMENT_AHEAD');
  pair.left.step({ kind: 'message', message: order(3, 9) }, pair.nowMs);
  assert.equal(pair.left.closedWith, 'EPOCH_UNKNOWN');
  const byData = new SessionPair(seller({ metering: 'data' }), buyer());
  byData.connect();
  byData.left.step({ kind: 'message', message: order(1) }, byData.nowMs);
  assert.equal(byData.left.closedWith, 'MESSAGE_UNEXPECTED');
});

test('a stream that was silent knocks with a crumb, and a buyer that does not want more gets no more', () => {
  const pair = up();
  use(pair, 100);
  pair.advance(5000);
  const door = pair.left.account.door('transit');
  const crumbs: number[] = [];
  for (let i = 0; i < 100; i += 1) {
    const { bytes } = door.servable(65_536, pair.nowMs);
    if (bytes > 0) crumbs.push(bytes);
    if (bytes > 0) door.commit(door.serve(bytes, pair.nowMs));
    pair.advance(100);
  }
  assert.deepEqual(crumbs, [1024, 1024, 1024]);
  pair.right.account.door('transit').delivered(3072, 1);
  pair.advance(STEP_MS);
  assert.equal(door.servable(65_536, pair.nowMs).bytes, 65_536, 'what arrives makes the buyer buy');
  assert.equal(provided(pair.left), 2 * PRICE);
});

test('observe mode charges time, refuses nothing and pays nothing', () => {
  const pair = up({ enforce: false });
  assert.equal(use(pair, 10_000), 1000 * 1000);
  assert.equal(pair.left.balance(), 10 * PRICE);
  assert.equal(pair.right.cheques, 0);
});

test('time bought on a connection that broke expires, and both ends agree on what it cost', () => {
  const pair = up();
  use(pair, 100);
  pair.reconnect();
  assert.equal(pair.left.account.door('transit').servable(1000, pair.nowMs).bytes, 0);
  pair.right.account.door('transit').usable(1);
  pair.right.step({ kind: 'tick' }, pair.nowMs);
  assert.equal(consumed(pair.right), 2 * PRICE, 'bought, but the message is lost with the connection');
  pair.reconnect();
  pair.assertAgreed();
  use(pair, 100);
  pair.assertAgreed();
});

test('whatever is lost with a connection, both ends go on from the same totals', () => {
  const act = fc.record({
    kind: fc.constantFrom('use', 'upload', 'order', 'break', 'crashLeft', 'crashRight', 'wait'),
    ms: fc.nat(3000),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
      const pair = up();
      for (const { kind, ms } of acts) {
        if (kind === 'use') use(pair, ms);
        else if (kind === 'upload') pair.upload(ms * 20);
        else if (kind === 'wait') pair.advance(ms);
        else if (kind === 'break') pair.reconnect();
        else if (kind === 'order') {
          pair.right.account.door('transit').usable(1);
          pair.right.step({ kind: 'tick' }, pair.nowMs);
          if (ms % 2 === 0) pair.reconnect();
        } else pair.crash(kind === 'crashLeft' ? 'left' : 'right');
        pair.audit();
      }
      pair.reconnect();
      pair.assertAgreed();
    }),
    { numRuns: 60 },
  );
});
