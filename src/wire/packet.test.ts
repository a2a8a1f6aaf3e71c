import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_PAYLOAD_BYTES, MAX_VALUE, packetHeader } from '../core/carrier/packet.ts';
import { codeOf } from '../core/errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  addressWords,
  encodePacket,
  MAX_PACKET_BYTES,
  packetAnswers,
  packetId,
  packetLength,
  packetPayload,
  packetReplyTo,
  patchPacket,
  readPacketHeader,
  readReceipt,
  returnedPacket,
  viewOf,
} from './packet.ts';
import { decodeRoutes, encodeRoutes, readRoutes, writeRoutes } from './routes.ts';

const id = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`);
const eight = fc.uint8Array({ minLength: 8, maxLength: 8 }).filter((bytes) => bytes.some((byte) => byte !== 0));
const fields = fc.record({
  destination: id,
  value: fc.integer({ min: 0, max: MAX_VALUE }),
  id: eight,
  answers: eight,
  replyTo: id,
  hops: fc.nat({ max: 64 }),
  lifeMs: fc.nat({ max: 10_000 }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

describe('the bytes of a packet', () => {
  it('say again what was written', () => {
    fc.assert(
      fc.property(fields, (packet) => {
        const bytes = encodePacket(packet);
        const header = packetHeader();
        assert.equal(packetLength(viewOf(bytes), 0), bytes.length);
        readPacketHeader(viewOf(bytes), 0, bytes.length, header);
        const { value, hops, lifeMs } = header;
        assert.deepEqual({ value, hops, lifeMs }, { value: packet.value, hops: packet.hops, lifeMs: packet.lifeMs });
        assert.deepEqual(header.destination, addressWords(packet.destination));
        assert.deepEqual(Uint8Array.from(packetId(bytes)), packet.id);
        assert.deepEqual(Uint8Array.from(packetAnswers(bytes) ?? []), packet.answers);
        assert.deepEqual([packetReplyTo(bytes), header.wantsChange], [packet.replyTo, true]);
        assert.deepEqual(Uint8Array.from(packetPayload(bytes)), packet.payload);
      }),
    );
  });

  it('are patched in place by a hop, and carry a receipt when they go back', () => {
    fc.assert(
      fc.property(fields, id, fc.nat({ max: MAX_VALUE }), (packet, refusedBy, value) => {
        const bytes = encodePacket(packet);
        patchPacket(bytes, 0, { value, hops: 3, lifeMs: 77 });
        const back = returnedPacket(bytes, value, { reason: 'UNDERFUNDED', refusedBy, wanted: 60 });
        const header = packetHeader();
        readPacketHeader(viewOf(back), 0, packetLength(viewOf(back), 0), header);
        assert.deepEqual([header.value, header.hops, header.lifeMs], [value, 3, 77]);
        assert.equal(header.sizeBytes, bytes.length);
        assert.deepEqual(readReceipt(back), { reason: 'UNDERFUNDED', refusedBy, wanted: 60 });
        // Returned once more by the hop before: the same packet with another value, not a longer one.
        assert.equal(returnedPacket(back, 1, readReceipt(back)).length, back.length);
      }),
    );
  });

  it('are refused when they are not a packet, and nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 100, maxLength: 400 }), (noise) => {
        const bytes = Buffer.from(noise);
        try {
          const length = packetLength(viewOf(bytes), 0);
          assert.ok(length <= MAX_PACKET_BYTES);
          if (length > 0 && length <= bytes.length) readPacketHeader(viewOf(bytes), 0, length, packetHeader());
        } catch (error) {
          assert.equal(codeOf(error), 'WIRE_MALFORMED');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  const good = {
    destination: `0x${'1'.repeat(40)}`,
    value: 1,
    id: new Uint8Array(8).fill(1),
    payload: new Uint8Array(1),
  };
  const refused: [string, object, string][] = [
    ['a negative value', { value: -1 }, 'AMOUNT_INVALID'],
    ['a fraction', { value: 1.5 }, 'AMOUNT_INVALID'],
    ['a value beyond six bytes', { value: MAX_VALUE + 1 }, 'AMOUNT_INVALID'],
    ['too long a payload', { payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) }, 'PACKET_TOO_LARGE'],
    ['no node', { destination: 'b' }, 'NODE_ID_INVALID'],
  ];
  for (const [what, over, code] of refused) {
    it(`are not made from ${what}`, () => {
      assert.throws(() => encodePacket({ ...good, ...over }), { code });
    });
  }
});

describe('the bytes of routes', () => {
  const destination = fc.oneof(
    id,
    fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '::/0', '2001:db8::/32', '192.168.4.1/32'),
  );
  const plain = { noNullPrototype: true };
  const u32 = fc.nat({ max: 2 ** 31 });
  const update = fc.record(
    {
      destination,
      origin: id,
      sequence: u32,
      metric: u32,
      price: fc.record({ perPacket: u32, perMb: u32 }, plain),
    },
    plain,
  );
  const request = fc.record({ destination, origin: id, sequence: u32, hops: fc.nat({ max: 64 }) }, plain);

  it('say again what was written', () => {
    fc.assert(
      fc.property(fc.array(update, { maxLength: 20 }), fc.array(request, { maxLength: 5 }), (updates, requests) => {
        const input = new ByteReader(writeRoutes(new ByteWriter(), { updates, requests }).done());
        assert.deepEqual(readRoutes(input), { updates, requests });
        input.end();
      }),
    );
  });

  it('that were changed on their way are refused, or say what they say in one spelling only', () => {
    const change = fc.record({ at: fc.nat({ max: 10_000 }), byte: fc.nat({ max: 255 }), cut: fc.boolean() });
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(
        fc.array(update, { minLength: 1, maxLength: 4 }),
        fc.array(request, { maxLength: 2 }),
        fc.array(change, { maxLength: 3 }),
        (updates, requests, changes) => {
          let bytes = Buffer.from(encodeRoutes({ updates, requests }));
          for (const { at, byte, cut } of changes) {
            if (cut) bytes = Buffer.from(bytes.subarray(0, 1 + (at % bytes.length)));
            else bytes[1 + (at % (bytes.length - 1 || 1))] = byte;
          }
          try {
            assert.deepEqual(Buffer.from(encodeRoutes(decodeRoutes(bytes))).subarray(1), bytes.subarray(1));
            taken += 1;
          } catch (error) {
            assert.equal(codeOf(error), 'WIRE_MALFORMED');
            refused += 1;
          }
        },
      ),
      { numRuns: 1_500 },
    );
    assert.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused`);
  });

  it('are refused when they are no routes, and nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          readRoutes(new ByteReader(noise));
        } catch (error) {
          assert.equal(codeOf(error), 'WIRE_MALFORMED');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
