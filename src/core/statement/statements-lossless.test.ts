import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { termsOf } from '../session/session-pair.fixture.ts';
import type { Terms } from '../terms/terms.ts';
import { StatementPair } from './statement-pair.fixture.ts';

/** Prices that leave remainders with every frame. */
const terms = (epoch: number, askPerMb: number, bidPerMb: number): Terms => ({
  ...termsOf({ askPerMb, bidPerMb, payAtMb: 2000, dropAtMb: 4000 }),
  epoch,
});

const at = fc.constantFrom<0 | 1>(0, 1);
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('down', 'up'), at, n: fc.integer({ min: 1, max: 70_000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('leave', 'arrive'), at, n: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick'), at, n: fc.integer({ min: 1, max: 70_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('price'), at, n: fc.integer({ min: 1, max: 99_999 }) }) },
);
type Act = { kind: string; at: 0 | 1; n: number };

function run(acts: readonly Act[], bids: readonly [number, number]): StatementPair {
  const epochs: [number, number] = [1, 1];
  const asks: [number, number] = [33_333, 7_777];
  const pair = new StatementPair(terms(1, asks[0], bids[0]), terms(1, asks[1], bids[1]));
  for (const { kind, at, n } of acts) {
    if (kind === 'down' || kind === 'up') pair.charge(at, kind, n);
    else if (kind === 'leave') pair.leave(at, n);
    else if (kind === 'arrive') pair.arrive(at, n);
    else if (kind === 'tick') pair.tick(n);
    else {
      epochs[at] += 1;
      asks[at] = n;
      pair.sides[at].step({ kind: 'termsChanged', terms: terms(epochs[at], n, bids[at]) }, pair.nowMs);
    }
  }
  for (let i = 0; i < 4; i += 1) {
    pair.drain();
    pair.tick(61_000);
  }
  pair.drain();
  return pair;
}

/** What is said of a link on which nothing arrives for minutes; totals have no part in it. */
const SLOW: ReadonlySet<string> = new Set(['EPOCH_STALE', 'STATEMENT_LATE']);

function assertNoAlarm(pair: StatementPair): void {
  for (const side of pair.sides) {
    const verdicts = side.news.filter(({ kind, facts }) => kind === 'verdict' && !SLOW.has(String(facts['code'])));
    assert.deepEqual([verdicts, side.news.filter(({ kind }) => kind === 'divergence')], [[], []]);
    const { statements } = side.session;
    assert.equal(statements?.gapUnits, 0);
    assert.equal(statements?.agreed, statements?.theirs);
  }
}

test('on a lossless link no statement is ever wrong, whatever is queued, under way, overtaken or repriced', () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 20, maxLength: 150 }), (acts) => {
      const pair = run(acts, [200_000, 200_000]);
      assertNoAlarm(pair);
      compared += pair.sides[0].session.statements?.agreed ?? 0;
    }),
    { numRuns: 120 },
  );
  assert.ok(compared > 150, `only ${compared} statements were compared`);
});

test('nor where one side cannot pay and prices follow from both terms at once', () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 20, maxLength: 150 }), (acts) => {
      const pair = run(acts, [200_000, 0]);
      for (const side of pair.sides) {
        assert.deepEqual(
          side.news.filter(({ kind }) => kind === 'divergence'),
          [],
        );
      }
    }),
    { numRuns: 120 },
  );
});

test('a single unit or byte that goes astray is seen at the next statement', () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 20, maxLength: 80 }), fc.boolean(), (acts, down) => {
      const pair = run(acts, [200_000, 200_000]);
      const [left, right] = pair.sides;
      // An upload that came too late for its price is its sender's loss already, and would hide the unit.
      if ([left, right].some(({ news }) => news.some(({ facts }) => facts['code'] === 'EPOCH_STALE'))) return;
      const before = right.account.service('transit').consumedBytes;
      // The right end forgets, or the left end invents.
      if (down) left.account.ledger.provided(left.account.row, 0, 1);
      else right.account.ledger.consumed(right.account.row, 0, 1);
      pair.charge(0, 'down', 10);
      pair.drain();
      pair.tick(61_000);
      pair.drain();
      if (right.account.service('transit').consumedBytes === before) return;
      const found = left.news.filter(({ kind }) => kind === 'divergence');
      if (down) assert.equal(found[0]?.facts['units'], 1);
      else assert.equal(found.length, 0, 'to count more of its own use is its own loss');
    }),
    { numRuns: 120 },
  );
});

test('packets with value are charged where they arrive and where they leave, both ways', () => {
  const pair = run([], [200_000, 200_000]);
  const [left, right] = pair.sides;
  for (let i = 1; i <= 3; i += 1) {
    // Left hands a packet to right, which sends part of the value back; one more of left's is still under way.
    left.account.ledger.consumed(left.account.row, 2, 1000);
    right.account.ledger.provided(right.account.row, 2, 1000);
    right.account.ledger.consumed(right.account.row, 2, 400);
    left.account.ledger.provided(left.account.row, 2, 400);
    if (i === 2) left.account.ledger.consumed(left.account.row, 2, 50);
    pair.tick(61_000);
    pair.drain();
    pair.tick(10);
    pair.drain();
    if (i === 2) right.account.ledger.provided(right.account.row, 2, 50);
  }
  // One leaves behind left's mark and arrives before right's: neither statement may speak of it.
  right.quiet = () => false;
  left.account.ledger.consumed(left.account.row, 2, 1);
  right.account.ledger.provided(right.account.row, 2, 1);
  pair.tick(61_000);
  pair.drain();
  left.account.ledger.consumed(left.account.row, 2, 70);
  right.account.ledger.provided(right.account.row, 2, 70);
  right.quiet = () => true;
  pair.tick(10);
  pair.drain();
  assertNoAlarm(pair);
  assert.deepEqual(left.stated.mine?.consumed, [0, 0, 3051]);
  assert.deepEqual(right.stated.mine?.provided, [0, 0, 3051]);
  assert.ok((left.session.statements?.agreed ?? 0) >= 3);
});
