import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { PacketKind, viewOf } from '../wire/packet.ts';
import type { PlacedPacket } from './packet-cutter.ts';
import { HandClock } from './packet-line.fixture.ts';
import { SharedMedium } from './shared-medium.ts';

const [A, C, D] = [0, 1, 2];
/** The table of seed 000 (DESIGN §6): what A, C and D offer for sending and for receiving. */
const OFFERS = [
  { sending: 5, receiving: 5 },
  { sending: 4, receiving: 3 },
  { sending: 1, receiving: 2 },
] as const;
const PACKET_BYTES = 1_000;
const BYTES_PER_SECOND = 100_000;

function packet(): PlacedPacket {
  const bytes = Buffer.alloc(PACKET_BYTES, PacketKind.packet);
  return { bytes, view: viewOf(bytes), at: 0, length: bytes.length };
}

function bed(discipline: 'weighted' | 'strict', maxPackets = 1_000_000) {
  const clock = new HandClock();
  const left = new Map<string, number>();
  const stranded: string[] = [];
  const medium = new SharedMedium({
    ...{ clock, bytesPerSecond: BYTES_PER_SECOND, limits: { discipline, maxBytes: 2 ** 40, maxPackets } },
    weightOf: (from, to) => (OFFERS[from]?.sending ?? 0) + (OFFERS[to]?.receiving ?? 0),
    leave: (from, to) => left.set(`${from}→${to}`, (left.get(`${from}→${to}`) ?? 0) + 1),
    stranded: (to, { from }, reason) => stranded.push(`${from}→${to} ${reason}`),
    burst: (act) => act(),
  });
  const put = (from: number, to: number, count: number, lifeMs = 10_000) => {
    for (let n = 0; n < count; n += 1) medium.put(from, to, packet(), { value: 10, hops: 5, lifeMs });
  };
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1) clock.pass(1);
  };
  return { clock, left, medium, pass, put, stranded };
}

const PAIRS: [from: number, to: number, weight: number][] = [
  [C, A, 9],
  [A, C, 8],
  [A, D, 7],
  [C, D, 6],
  [D, A, 6],
  [D, C, 4],
];

describe('a medium that all links share', () => {
  it("is shared by all six pairs as the seed's table weighs them", () => {
    const { left, pass, put } = bed('weighted');
    for (const [from, to] of PAIRS) put(from, to, 2_000, 100_000);
    left.clear();
    pass(60_000);
    const all = [...left.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(Math.abs(all - 6_000) <= 10, `what the medium carries in a minute, ${all}`);
    for (const [from, to, weight] of PAIRS) {
      const share = ((left.get(`${from}→${to}`) ?? 0) * 40) / all;
      assert.ok(Math.abs(share - weight) < 0.6, `${from}→${to}: ${share} for ${weight}`);
    }
  });

  it('goes to the heaviest first under the strict discipline, whatever link it leaves by', () => {
    const { left, pass, put } = bed('strict');
    put(A, A, 5);
    for (const [from, to] of PAIRS.toReversed()) put(from, to, 50);
    left.clear();
    pass(1_000);
    assert.deepEqual([...left.keys()], [`${A}→${A}`, `${C}→${A}`, `${A}→${C}`]);
  });

  it('lets what fits go at once, and no more than it carries', () => {
    const { left, pass, put } = bed('weighted');
    put(A, C, 1);
    assert.equal(left.get(`${A}→${C}`), 1);
    pass(1_000);
    put(A, C, 500);
    pass(2_000);
    const went = left.get(`${A}→${C}`) ?? 0;
    assert.ok(went >= 195 && went <= 205, String(went));
  });

  it('gives back what waits too long, and what finds no room', () => {
    const { medium, pass, put, stranded } = bed('weighted', 3);
    put(A, C, 1);
    put(A, C, 2, 5);
    put(D, C, 4);
    assert.deepEqual(stranded.splice(0), ['0→1 CONGESTED', '2→1 CONGESTED', '2→1 CONGESTED']);
    assert.equal(medium.fill, 1);
    pass(100);
    assert.deepEqual(stranded, ['0→1 EXPIRED']);
    assert.deepEqual(
      medium.figures(C).map(({ from, waiting, dropped }) => [from, waiting, dropped]),
      [
        [A, 0, 1],
        [D, 0, 2],
      ],
    );
    medium.forget(D);
    assert.equal(medium.figures(C).length, 1);
  });
});
