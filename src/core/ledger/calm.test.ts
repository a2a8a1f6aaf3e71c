import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Side } from '../session/session-pair.fixture.ts';
import { SessionPair, termsOf } from '../session/session-pair.fixture.ts';
import type { Terms } from '../terms/terms.ts';

const PRICE = 10_000;
const of = (askPerMb: number | undefined, bidPerMb: number, change: Partial<Terms> = {}): Terms =>
  termsOf({ askPerMb, bidPerMb, payAtMb: 1, dropAtMb: 4, ...change });

/** Both sides' terms, one line a way to do business. */
const BUSINESS: readonly (readonly [name: string, left: Terms, right: Terms])[] = [
  ['one buys', of(PRICE, 0), of(undefined, PRICE)],
  ['both buy', of(PRICE, 2 * PRICE), of(2 * PRICE, PRICE)],
  ['only one can pay', of(PRICE, 0), of(PRICE, PRICE)],
  ['barter', of(PRICE, 0), of(PRICE, 0)],
  ['free', of(0, PRICE), of(undefined, PRICE)],
  ['by the second', of(PRICE, 0, { metering: 'time' }), of(undefined, PRICE)],
];

/** Serves up to `bytes` from one side to the other; both book it, and nobody looks. */
function serve(pair: SessionPair, from: Side, to: Side, bytes: number): void {
  const door = from.account.door('transit');
  to.account.door('transit').usable(1); // asks for time, where that is what is sold
  const allowed = door.servable(bytes, pair.nowMs).bytes;
  if (allowed === 0) return;
  const hold = door.serve(allowed, pair.nowMs);
  to.account.door('transit').delivered(allowed, door.sellEpoch);
  door.commit(hold);
}

/** What a look would do beside telling counts, which goes by the clock. */
function brings(side: Side, nowMs: number): readonly string[] {
  return side.session
    .step({ kind: 'tick' }, nowMs)
    .filter((effect) => !(effect.kind === 'send' && effect.message.kind === 'counts'))
    .map(({ kind }) => kind);
}

const charge = fc.record({ fromLeft: fc.boolean(), bytes: fc.integer({ min: 1, max: 400_000 }) });

for (const [name, left, right] of BUSINESS) {
  test(`while a charge is said not to matter, a look brings nothing about: ${name}`, () => {
    fc.assert(
      fc.property(fc.array(charge, { maxLength: 150 }), (charges) => {
        const pair = new SessionPair(left, right);
        pair.connect();
        for (const { fromLeft, bytes } of charges) {
          pair.nowMs += 7;
          serve(pair, fromLeft ? pair.left : pair.right, fromLeft ? pair.right : pair.left, bytes);
          for (const side of [pair.left, pair.right]) {
            if (side.session.sample()) side.step({ kind: 'tick' }, pair.nowMs);
            else if (bytes % 23 === 0) assert.deepEqual(brings(side, pair.nowMs), []);
          }
          pair.flush();
          if (bytes % 5 === 0) pair.journal();
        }
      }),
      { numRuns: 100 },
    );
  });
}

test('a buyer is asked to look where payAt is reached, and hardly before', () => {
  const pair = new SessionPair(of(PRICE, 0), of(undefined, PRICE));
  pair.connect();
  let looks = 0;
  for (let sent = 0; sent < 1_000_000; sent += 10_000) {
    serve(pair, pair.left, pair.right, 10_000);
    if (pair.right.session.sample()) looks += 1;
    assert.equal(pair.left.session.sample(), false, 'the seller waits');
  }
  assert.equal(looks, 1);
});

test('who keeps a link only as its debtor looks at every charge once it was owed payAt', () => {
  const wide = { dropAt: 100 * PRICE };
  const pair = new SessionPair(of(PRICE, 0, wide), of(PRICE, PRICE, wide));
  pair.connect();
  const { left, right } = pair;
  const charge = (from: Side, to: Side, bytes: number): void => {
    serve(pair, from, to, bytes);
    if (right.session.sample()) right.step({ kind: 'tick' }, pair.nowMs);
  };
  for (let i = 0; i < 11; i += 1) charge(right, left, 100_000);
  for (let i = 0; i < 5; i += 1) charge(left, right, 100_000);
  for (let i = 0; i < 20; i += 1) charge(right, left, 1_000);
  assert.equal(right.closedWith, 'ONE_WAY_CREDITOR');
});
