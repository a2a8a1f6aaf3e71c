import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_HOPS, MAX_LIFE_MS, MAX_PAYLOAD_BYTES, MAX_VALUE, packetHeader } from './packet.ts';

describe('a packet', () => {
  it('has the limits that are agreed between nodes (docs/packets.md, Bytes)', () => {
    assert.deepEqual([MAX_HOPS, MAX_PAYLOAD_BYTES, MAX_LIFE_MS], [64, 15_360, 10_000]);
    assert.equal(MAX_VALUE, 0xffff_ffff_ffff, 'six bytes');
  });

  it('starts as one that carries, answers and waits for nothing', () => {
    const zeros = { value: 0, hops: 0, lifeMs: 0, sizeBytes: 0, idHigh: 0, idLow: 0, answersHigh: 0, answersLow: 0 };
    assert.deepEqual(packetHeader(), { ...zeros, wantsChange: false, destination: new Uint32Array(5) });
    assert.notEqual(packetHeader().destination, packetHeader().destination, 'each has its own');
  });
});
