import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admittedBy, type CutTotals, gapsBetween, type Statement, successionOf } from './statement.ts';
import { STATED } from './statement-pair.fixture.ts';

const NOTHING: CutTotals = {
  provided: [0, 0, 0],
  consumed: [0, 0, 0],
  providedBytes: [0, 0, 0],
  consumedBytes: [0, 0, 0],
};

test('a statement is worse for me where it counts less of what I gave or more of what I got, service by service', () => {
  const services = ['transit', 'chunks', 'packets'] as const;
  for (const [s, service] of services.entries()) {
    const at = (value: number) => [0, 1, 2].map((each) => (each === s ? value : 0)) as [number, number, number];
    const gave: CutTotals = { ...NOTHING, provided: at(100), providedBytes: at(70) };
    const says = (consumed: number, correction: number): Statement => ({
      ...STATED,
      ...{ consumed: at(consumed), consumedCorrection: at(correction), consumedBytes: at(50) },
    });
    assert.deepEqual(gapsBetween(gave, says(90, 9)), [{ service, side: 'provided', units: 1, bytes: 20 }]);
    assert.deepEqual(gapsBetween(gave, says(90, 10)), []);
    assert.deepEqual(gapsBetween(gave, says(110, -9)), [], 'its own loss');

    const got: CutTotals = { ...NOTHING, consumed: at(100), consumedBytes: at(70) };
    const claims = (provided: number, correction: number): Statement => ({
      ...STATED,
      ...{ provided: at(provided), providedCorrection: at(correction), providedBytes: at(95) },
    });
    assert.deepEqual(gapsBetween(got, claims(90, 11)), [{ service, side: 'consumed', units: 1, bytes: 25 }]);
    assert.deepEqual(gapsBetween(got, claims(90, 10)), []);
  }
});

test('two statements of one signer follow, repeat, contradict or outlive each other', () => {
  const last: Statement = {
    ...{ ...STATED, storeEpoch: 2, sequence: 5, paid: 10, received: 10, packetsSent: 10, packetsReceived: 10 },
    ...{ provided: [9, 9, 9], consumed: [9, 9, 9], providedBytes: [9, 9, 9], consumedBytes: [9, 9, 9] },
  };
  const table: [Partial<Statement>, ReturnType<typeof successionOf>][] = [
    [{ sequence: 6 }, 'follows'],
    [{}, 'repeats'],
    [{ paid: 11 }, 'contradicts'],
    [{ sequence: 4 }, 'stale'],
    [{ storeEpoch: 1, sequence: 9 }, 'stale'],
    [{ storeEpoch: 3, sequence: 1 }, 'follows'],
    [{ storeEpoch: 3, sequence: 1, received: 9 }, 'restored'],
    [{ sequence: 6, providedCorrection: [-5, 0, 0] }, 'follows'],
  ];
  for (const total of ['paid', 'received', 'packetsSent', 'packetsReceived'] as const)
    table.push([{ sequence: 6, [total]: 9 }, 'contradicts']);
  for (const total of ['provided', 'consumed', 'providedBytes', 'consumedBytes'] as const)
    for (const s of [0, 1, 2])
      table.push([{ sequence: 6, [total]: [9, 9, 9].map((each, at) => (at === s ? 8 : each)) }, 'contradicts']);
  for (const [change, expected] of table)
    assert.equal(successionOf(last, { ...last, ...change }), expected, JSON.stringify(change));
  assert.equal(successionOf(undefined, last), 'follows');
});

test('what a statement admits is what it consumed, corrections included, and never less than nothing', () => {
  assert.deepEqual(admittedBy({ ...STATED, consumed: [5, 6, 7], consumedCorrection: [1, -2, 3] }), [6, 4, 10]);
  assert.deepEqual(admittedBy({ ...STATED, consumed: [5, 6, 7], consumedCorrection: [-6, -7, -8] }), [0, 0, 0]);
});
