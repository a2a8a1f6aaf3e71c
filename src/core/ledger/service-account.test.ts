import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SessionPair, termsOf } from '../session/session-pair.fixture.ts';
import { Column } from './columns.ts';

/** So dear that a frame costs a few units, and each rounding shows. */
const PRICE = 7_777;
const DROP_AT = 40;

/** A buyer that never pays: all it gets stays owed. */
function pairOf(): SessionPair {
  const limits = { payAtMb: 0.001, dropAtMb: DROP_AT / 10_000 };
  const pair = new SessionPair(
    termsOf({ askPerMb: PRICE, bidPerMb: 0, ...limits }),
    termsOf({ askPerMb: undefined, bidPerMb: PRICE, ...limits }),
  );
  pair.right.session.step({ kind: 'pause', paused: true }, pair.nowMs);
  pair.connect();
  return pair;
}

test('whatever is served between the pieces of an upload: what is held covers what arrives, and debt stays in its limit', () => {
  const step = fc.record({ serves: fc.boolean(), bytes: fc.integer({ min: 1, max: 200 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 600 }), (steps) => {
      const { left, nowMs } = pairOf();
      const door = left.account.door('transit');
      let granted = 0;
      for (const { serves, bytes } of steps) {
        if (granted === 0) granted = door.reserveForward(1_400, nowMs).bytes;
        const arriving = Math.min(granted, bytes);
        if (serves) {
          const allowed = door.servable(bytes, nowMs).bytes;
          if (allowed > 0) door.commit(door.serve(Math.min(allowed, bytes), nowMs));
        } else if (arriving > 0) {
          door.arrived(arriving, door.sellEpoch, nowMs);
          granted -= arriving;
        }
        const owed = left.balance() + left.account.ledger.get(left.account.row, Column.heldProvide);
        assert.ok(owed <= DROP_AT, `${owed} of ${DROP_AT}`);
      }
    }),
    { numRuns: 100 },
  );
});
