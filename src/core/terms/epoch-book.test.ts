import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf, type ErrorCode } from '../errors.ts';
import {
  EPOCH_GRACE_MS,
  MAX_PENDING_EPOCHS,
  MAX_SUPERSEDED_EPOCHS,
  MAX_TAKEN_EPOCHS,
  MyEpochs,
  TheirEpochs,
} from './epoch-book.ts';
import type { Terms } from './terms.ts';

function terms(epoch: number, askPerMb: number | undefined = epoch * 100): Terms {
  const nothing = { askPerMb: undefined, bidPerMb: 0 };
  return {
    epoch,
    protocolVersion: 1,
    chainId: 1,
    token: 'native',
    ratio: { numerator: 1n, denominator: 1n },
    methods: [],
    chequebook: undefined,
    channel: undefined,
    services: { transit: { askPerMb, bidPerMb: 0 }, chunks: nothing, packets: nothing },
    payAt: 1,
    dropAt: 10_000,
    valueAt: 0,
    settleEveryMs: 0,
    metering: 'data',
    allotment: { bytes: 1, ms: 1 },
    priority: { sendingPerMb: 0, receivingPerMb: 0 },
  };
}

const refuses = (act: () => unknown, code: ErrorCode): void => assert.throws(act, (error) => codeOf(error) === code);

test('the provider prices by the epoch of the frame, and refuses what is superseded after the grace time', () => {
  const mine = new MyEpochs();
  mine.announce(terms(1));
  refuses(() => mine.priceOf(2, 'transit', 0), 'EPOCH_UNKNOWN');
  refuses(() => mine.priceOf(0, 'transit', 0), 'EPOCH_UNKNOWN');
  mine.acknowledge(1, 0);
  mine.announce(terms(2));
  assert.equal(mine.acknowledged?.epoch, 1);
  assert.equal(mine.priceOf(2, 'transit', 5), 200, 'who uses new terms has them');
  assert.equal(mine.priceOf(1, 'transit', 1e9), 100, 'nothing is stale before the newer one is acknowledged');
  mine.acknowledge(2, 1000);
  assert.equal(mine.priceOf(1, 'transit', 1000 + EPOCH_GRACE_MS), 100);
  refuses(() => mine.priceOf(1, 'transit', 1001 + EPOCH_GRACE_MS), 'EPOCH_STALE');
  assert.equal(mine.priceOf(2, 'transit', 1e12), 200);
});

test('the grace time runs from the first newer acknowledgement, not the last', () => {
  const mine = new MyEpochs(100);
  for (const epoch of [1, 2, 3]) mine.announce(terms(epoch));
  mine.acknowledge(2, 0);
  mine.acknowledge(3, 90);
  refuses(() => mine.priceOf(1, 'transit', 101), 'EPOCH_STALE');
  assert.equal(mine.priceOf(2, 'transit', 190), 200);
  mine.acknowledge(1, 95);
  assert.equal(mine.acknowledged?.epoch, 3, 'a late acknowledgement changes nothing');
  refuses(() => mine.acknowledge(9, 200), 'EPOCH_UNKNOWN');
});

test('an epoch long forgotten is stale, not unknown', () => {
  const mine = new MyEpochs(100);
  for (const epoch of [3, 4]) mine.announce(terms(epoch));
  mine.acknowledge(4, 0);
  mine.announce(terms(5));
  mine.acknowledge(5, 1000);
  refuses(() => mine.priceOf(3, 'transit', 1000), 'EPOCH_STALE');
  for (let epoch = 6; epoch < 60; epoch++) {
    mine.announce(terms(epoch));
    mine.acknowledge(epoch, 1000);
  }
  refuses(() => mine.priceOf(6, 'transit', 1000), 'EPOCH_STALE');
  assert.equal(mine.priceOf(58, 'transit', 1000), 5800);
});

test('a service that is not offered has no price', () => {
  const mine = new MyEpochs();
  const theirs = new TheirEpochs();
  mine.announce(terms(1));
  theirs.take(terms(1));
  refuses(() => mine.priceOf(1, 'chunks', 0), 'SERVICE_NOT_OFFERED');
  refuses(() => theirs.priceOf(1, 'chunks'), 'SERVICE_NOT_OFFERED');
});

test('epochs only grow; the newest may be said again', () => {
  const mine = new MyEpochs();
  const theirs = new TheirEpochs();
  for (const act of [(t: Terms) => mine.announce(t), (t: Terms) => theirs.take(t)]) {
    act(terms(5));
    act(terms(5));
    refuses(() => act(terms(5, 1)), 'TERMS_STALE');
    refuses(() => act(terms(4)), 'TERMS_STALE');
  }
});

test('a neighbour that acknowledges nothing is not told more than it could keep', () => {
  const mine = new MyEpochs();
  for (let epoch = 1; epoch <= MAX_PENDING_EPOCHS; epoch++) mine.announce(terms(epoch));
  assert.equal(mine.mayAnnounce, false);
  refuses(() => mine.announce(terms(100)), 'TERMS_UNACKNOWLEDGED');
  mine.acknowledge(1, 0);
  assert.equal(mine.mayAnnounce, true);
});

test('terms that wait to be announced limit at once what they trust less, and give nothing before they are', () => {
  const trust = (epoch: number, payAt: number, dropAt: number, valueAt: number): Terms => {
    return { ...terms(epoch), payAt, dropAt, valueAt };
  };
  const mine = new MyEpochs();
  const limits = () => [mine.limits?.payAt, mine.limits?.dropAt, mine.limits?.valueAt];
  mine.hold(trust(1, 1, 1, 1));
  assert.equal(mine.limits, undefined, 'nothing was granted yet');
  mine.announce(trust(1, 100, 1_000, 50));
  assert.deepEqual(limits(), [100, 1_000, 50]);
  for (const [what, held] of [
    [trust(2, 10, 500, 20), [10, 500, 20]],
    [trust(2, 10, 1_000, 60), [100, 1_000, 50]],
    [trust(2, 300, 2_000, 0), [100, 1_000, 0]],
    [trust(2, 300, 2_000, 60), [100, 1_000, 50]],
    [trust(2, 20, 999, 60), [20, 999, 50]],
  ] as const) {
    mine.hold(what);
    assert.deepEqual(limits(), held);
  }
  mine.announce(trust(2, 300, 2_000, 60));
  assert.deepEqual(limits(), [300, 2_000, 60]);
});

test('the buyer books by any epoch it keeps, and keeps a bounded number', () => {
  const theirs = new TheirEpochs();
  for (let epoch = 1; epoch <= MAX_TAKEN_EPOCHS + 1; epoch++) theirs.take(terms(epoch));
  assert.equal(theirs.priceOf(2, 'transit'), 200);
  refuses(() => theirs.priceOf(1, 'transit'), 'EPOCH_UNKNOWN');
  refuses(() => theirs.priceOf(1000, 'transit'), 'EPOCH_UNKNOWN');
});

test('whatever is announced and acknowledged in whatever order, both ends price a frame alike', () => {
  const step = fc.record({ act: fc.constantFrom('announce', 'deliver', 'ack', 'frame'), waitMs: fc.nat({ max: 50 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const mine = new MyEpochs(100);
      const theirs = new TheirEpochs();
      const sent: Terms[] = [];
      const acks: number[] = [];
      let epoch = 0;
      let nowMs = 0;
      for (const { act, waitMs } of steps) {
        nowMs += waitMs;
        if (act === 'announce' && mine.mayAnnounce) {
          epoch += 1;
          mine.announce(terms(epoch));
          sent.push(terms(epoch));
        }
        const delivered = act === 'deliver' ? sent.shift() : undefined;
        if (delivered !== undefined) {
          theirs.take(delivered);
          acks.push(delivered.epoch);
        }
        const ack = act === 'ack' ? acks.shift() : undefined;
        if (ack !== undefined) mine.acknowledge(ack, nowMs);
        // Frames I send carry the acknowledged epoch, frames they send the newest they took.
        const tagged = mine.acknowledged;
        if (tagged !== undefined) assert.equal(theirs.priceOf(tagged.epoch, 'transit'), tagged.epoch * 100);
        const used = theirs.newest;
        if (used !== undefined) assert.equal(mine.priceOf(used.epoch, 'transit', nowMs), used.epoch * 100);
      }
    }),
  );
});

test('each change is told, with what is newest in place, and what changes nothing is not', () => {
  const mine = new MyEpochs();
  const told: (number | undefined)[] = [];
  mine.changed = () => void told.push(mine.newest?.epoch);
  mine.announce(terms(1));
  mine.announce(terms(1));
  mine.acknowledge(1, 0);
  mine.acknowledge(1, 0);
  mine.announce(terms(2));
  assert.deepEqual(told, [1, 1, 2]);
  const theirs = new TheirEpochs();
  const taken: (number | undefined)[] = [];
  theirs.changed = () => void taken.push(theirs.newest?.epoch);
  for (const epoch of [1, 1, 3]) theirs.take(terms(epoch));
  assert.deepEqual(taken, [1, 3]);
});

test('what is past is stale, what never was is unknown, and no more is kept than is said', () => {
  const mine = new MyEpochs(1_000);
  for (let epoch = 1; epoch <= 40; epoch += 1) {
    mine.announce(terms(epoch));
    mine.acknowledge(epoch, 0);
  }
  assert.equal(mine.priceOf(40 - MAX_SUPERSEDED_EPOCHS, 'transit', 1_000), (40 - MAX_SUPERSEDED_EPOCHS) * 100);
  refuses(() => mine.priceOf(40 - MAX_SUPERSEDED_EPOCHS - 1, 'transit', 0), 'EPOCH_STALE');
  refuses(() => mine.priceOf(1, 'transit', 0), 'EPOCH_STALE');
  refuses(() => mine.priceOf(0, 'transit', 0), 'EPOCH_UNKNOWN');
  refuses(() => mine.priceOf(39, 'transit', 1_001), 'EPOCH_STALE');
  assert.deepEqual([EPOCH_GRACE_MS, MAX_PENDING_EPOCHS, MAX_SUPERSEDED_EPOCHS, MAX_TAKEN_EPOCHS], [10_000, 8, 16, 32]);
});
