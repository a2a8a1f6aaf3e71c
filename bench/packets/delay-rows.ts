import type { BenchContext, Row } from '../bench.ts';
import { median, medianInterval, waitedMsOf } from '../measure.ts';
import { PacketLine } from './line.ts';

/** The fastest of so many passes at full speed, right before the slices, is what half load is half of. */
const PEAKS = 3;
const PEAK_PACKETS = 400_000;
const SLICES = 15;
/** A slice takes turns of so long, the three ways one after another: what other programs do meanwhile meets all three. */
const TURNS = 10;
const TURN_MS = 100;

type Way = 'none' | 'hop' | 'frames';
/** Which way goes first changes from turn to turn. */
const ORDERS: readonly (readonly Way[])[] = [
  ['none', 'hop', 'frames'],
  ['hop', 'frames', 'none'],
  ['frames', 'none', 'hop'],
];

/**
 * From the moment when a packet was due at the source to its arrival, at half the speed that the line reaches with nothing
 * else to do: by the carrier, by one of bare frames in its place, and without any. Of each slice the 99th percentile of
 * each way; with a hop less that without one is what a hop adds. What is counted as the hop's is thus also what its process
 * waits for a processor, how often that was, what a paid end does more than a bare one, and packets that a late end sends
 * at once. What a hop of bare frames adds has no money in it, and the difference of the two is the last row.
 */
export async function delayRows(paid: PacketLine, bare: PacketLine, context: BenchContext): Promise<Row[]> {
  const perMs = (await peak(paid)) / 2;
  context.say(
    `${SLICES} × ${(TURNS * TURN_MS) / 1000} s at half load, ${Math.round(perMs)} packets a ms, by three ways`,
  );
  const direct = await PacketLine.direct();
  const lines = { none: direct, hop: paid, frames: bare };
  const waited = { hop: 0, frames: 0 };
  await slice(lines, perMs, waited);
  waited.hop = waited.frames = 0;
  const slices: Readonly<Record<Way, number>>[] = [];
  for (let each = 0; each < SLICES; each += 1) slices.push(await slice(lines, perMs, waited));
  await direct.stop();
  const second = (SLICES * TURNS * TURN_MS) / 1000;
  context.say(
    `p99 without a hop ${median(slices.map(({ none }) => none)).toFixed(1)} ms; of a second the hop waited ` +
      `${(waited.hop / second).toFixed(0)} ms for a processor, that of bare frames ${(waited.frames / second).toFixed(0)}`,
  );
  const added = slices.map(({ hop, none }) => hop - none);
  const byMoney = slices.map(({ frames, hop }) => hop - frames);
  return [
    {
      id: 'packets.tls-p99-half-load',
      ...{ value: median(added), unit: 'ms added', interval: medianInterval(added) },
      ...{ rival: 'a hop of bare frames', rivalValue: median(slices.map(({ frames, none }) => frames - none)) },
      target: { of: 'value', most: 5 },
    },
    {
      id: 'packets.tls-p99-money',
      ...{ value: median(byMoney), unit: 'ms, of these by money', interval: medianInterval(byMoney) },
    },
  ];
}

/** Packets a millisecond. */
async function peak(line: PacketLine): Promise<number> {
  let fastest = 0;
  for (let each = 0; each < PEAKS; each += 1) {
    const startMs = performance.now();
    await line.rate(PEAK_PACKETS);
    fastest = Math.max(fastest, PEAK_PACKETS / (performance.now() - startMs));
  }
  return fastest;
}

/** The 99th percentiles of one slice, milliseconds; adds to `waited` what the carriers' threads waited for a processor. */
async function slice(
  lines: Readonly<Record<Way, PacketLine>>,
  perMs: number,
  waited: { hop: number; frames: number },
): Promise<Readonly<Record<Way, number>>> {
  const delays: Record<Way, number[]> = { none: [], hop: [], frames: [] };
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const way of ORDERS[turn % ORDERS.length] ?? []) {
      const { carrier } = lines[way];
      const before = carrier === undefined ? 0 : waitedMsOf(carrier.pid);
      delays[way].push(...(await lines[way].delays(Math.round(perMs * TURN_MS), perMs)));
      if (carrier !== undefined && way !== 'none') waited[way] += waitedMsOf(carrier.pid) - before;
    }
  }
  return { none: p99(delays.none), hop: p99(delays.hop), frames: p99(delays.frames) };
}

function p99(delays: readonly number[]): number {
  const sorted = delays.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
