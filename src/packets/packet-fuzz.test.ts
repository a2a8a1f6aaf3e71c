import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import { Column } from '../core/ledger/columns.ts';
import { serviceColumn } from '../core/service.ts';
import { encodePacket } from '../wire/packet.ts';
import { PacketCutter } from './packet-cutter.ts';
import { type LineEnd, PacketLine } from './packet-line.fixture.ts';

/** What a hostile wire does to a write: at a place (a share of its length) it changes a byte, cuts, repeats or swaps. */
const harm = fc.record({
  kind: fc.constantFrom('byte', 'cut', 'twice', 'noise', 'nothing'),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  /** Most often into the header, where what is said means something. */
  inHeader: fc.nat({ max: 71 }),
  byte: fc.nat({ max: 255 }),
  noise: fc.uint8Array({ maxLength: 90 }),
});
type Harm = typeof harm extends fc.Arbitrary<infer T> ? T : never;

function harmed(bytes: Buffer, { kind, at, inHeader, byte, noise }: Harm): Buffer {
  const place = Math.floor(at * bytes.length);
  if (kind === 'byte') bytes[at < 0.8 ? inHeader : place] = byte;
  if (kind === 'cut') return bytes.subarray(0, place);
  if (kind === 'twice') return Buffer.concat([bytes, bytes]);
  if (kind === 'noise') return Buffer.concat([bytes, noise]);
  return bytes;
}

/** Value that came in less what went out, over all links. */
function kept({ ledger }: LineEnd, links: number): number {
  let sum = 0;
  for (let row = 0; row < links; row += 1) {
    sum += ledger.get(row, Column.provided + serviceColumn.packets);
    sum -= ledger.get(row, Column.consumed + serviceColumn.packets);
  }
  return sum;
}

const send = fc.record({
  ...{ value: fc.nat({ max: 300 }), to: fc.nat({ max: 3 }), replies: fc.nat({ max: 2 }), receipt: fc.boolean() },
  harms: fc.array(harm, { maxLength: 4 }),
});

describe('packets that are changed on their way', () => {
  it('do nothing but what their bytes say: no crash, no fault of a node here, and a carrier keeps what came and did not leave', () => {
    let harmedWrites = 0;
    let carried = 0;
    fc.assert(
      fc.property(fc.array(send, { minLength: 1, maxLength: 12 }), (sends) => {
        const line = new PacketLine(4);
        line.end(3).user.serve({ price: 10, replies: 2, split: 'floor', payload: Buffer.from('yes') });
        for (const { value, to, replies, receipt, harms } of sends) {
          const left = [...harms];
          line.meddle = (bytes) => {
            const next = left.shift();
            if (next !== undefined && next.kind !== 'nothing') harmedWrites += 1;
            return next === undefined ? bytes : harmed(bytes, next);
          };
          const order = { to: line.end(to).id, value, payload: Buffer.from('hello'), replies, receipt, waitMs: 100 };
          void line.end(0).user.send(order);
          line.run();
          line.clock.pass(100);
        }
        for (const node of [1, 2]) {
          const { tolls, fees, unclaimed, queued } = line.end(node).carrier;
          const { deliveredUnits, sentUnits, refundedUnits } = line.end(node).user.figures;
          const own = deliveredUnits + refundedUnits - sentUnits;
          assert.equal(kept(line.end(node), 2), tolls + fees + unclaimed + own, `node ${node}`);
          assert.equal(queued, 0);
          carried += tolls;
        }
        for (const { faults } of line.ends) {
          for (const fault of faults)
            assert.ok(['WIRE_MALFORMED', 'PACKET_RETURN_FALSE'].includes(String(fault)), String(fault));
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(harmedWrites > 500 && carried > 500, 'it was tried');
  });
});

describe('the cutter', () => {
  const packet = fc.record({ value: fc.nat(), bytes: fc.nat({ max: 200 }) }).map(({ value, bytes }) =>
    encodePacket({
      destination: `0x${'1'.repeat(40)}`,
      value,
      id: Buffer.alloc(8, 7),
      payload: Buffer.alloc(bytes, 5),
    }),
  );
  /** The packets in a stream that comes in these pieces, and the code of what ended it. */
  function cut(stream: Buffer, pieces: readonly number[]): { packets: string[]; code: string | undefined } {
    const packets: string[] = [];
    const cutter = new PacketCutter(({ bytes, at, length }) => packets.push(bytes.toString('hex', at, at + length)));
    try {
      for (let at = 0, n = 0; at < stream.length; n += 1) {
        const size = pieces[n % pieces.length] as number;
        cutter.feed(Uint8Array.from(stream.subarray(at, at + size)));
        at += size;
      }
    } catch (error) {
      return { packets, code: codeOf(error) ?? 'crash' };
    }
    return { packets, code: undefined };
  }

  it('finds the same packets, and the same fault, however a stream is cut', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 6 }), fc.uint8Array({ maxLength: 40 }), pieces, (all, noise, sizes) => {
        const stream = Buffer.concat([...all, noise]);
        const [whole, inPieces] = [cut(stream, [stream.length + 1]), cut(stream, sizes)];
        assert.deepEqual(inPieces, whole);
        assert.deepEqual(
          whole.packets.slice(0, all.length),
          all.map((each) => each.toString('hex')),
        );
        assert.ok(whole.code === undefined || whole.code === 'WIRE_MALFORMED');
      }),
      { numRuns: 300 },
    );
  });
});
