import type { BenchContext, Row } from '../bench.ts';
import { median, medianInterval, stolenMs, waitedMsOf } from '../measure.ts';
import { PacketLine } from './line.ts';

/** Before each slice a pass at full speed says what half load is half of. */
const PASS_PACKETS = 200_000;
const SLICES = 30;
/** A slice takes turns of so long, the three ways one after another: what other programs do meanwhile meets all three. */
const TURNS = 10;
const TURN_MS = 100;

type Way = 'none' | 'hop' | 'frames';
const WAYS = 3;
/** Which way goes first changes from turn to turn. */
const ORDERS: readonly (readonly Way[])[] = [
  ['none', 'hop', 'frames'],
  ['hop', 'frames', 'none'],
  ['frames', 'none', 'hop'],
];

/**
 * From the moment when a packet was due at the source to its arrival, at half load: at half of what one processor passes
 * through the carrier, all its threads counted, which is asked anew before each slice, since it changes with the machine. By
 * the carrier, by one of bare frames in its place, and without any. Of each slice the 99th percentile of each way; with a
 * hop less that without one is what a hop adds. What is counted as the hop's is thus also what its process waits for a
 * processor, how often that was, what a paid end does more than a bare one, and packets that a late end sends at once. What
 * a hop of bare frames adds has no money in it, and the difference of the two is the last row.
 */
export async function delayRows(paid: PacketLine, bare: PacketLine, context: BenchContext): Promise<Row[]> {
  context.say(`${SLICES} × ${(TURNS * TURN_MS) / 1000} s at half load by three ways`);
  const direct = await PacketLine.direct();
  const lines = { none: direct, hop: paid, frames: bare };
  await slice(lines);
  const stolenBeforeMs = stolenMs();
  const slices: Slice[] = [];
  for (let each = 0; each < SLICES; each += 1) slices.push(await slice(lines));
  await direct.stop();
  say(slices, stolenMs() - stolenBeforeMs, context);
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

/** What a reader has to know of the machine to make something of the rows. */
function say(slices: readonly Slice[], stolen: number, context: BenchContext): void {
  const seconds = (SLICES * TURNS * TURN_MS) / 1000;
  const waited = (way: 'hop' | 'frames') => slices.reduce((sum, { waitedMs }) => sum + waitedMs[way], 0) / seconds;
  context.say(
    `${Math.round(median(slices.map(({ perMs }) => perMs)))} packets a ms; p99 without a hop ` +
      `${median(slices.map(({ none }) => none)).toFixed(1)} ms; of a second the hop waited ${waited('hop').toFixed(0)} ms ` +
      `for a processor, that of bare frames ${waited('frames').toFixed(0)}; others had ` +
      `${(stolen / (WAYS * seconds)).toFixed(0)} ms of the virtual processors`,
  );
}

/** The 99th percentiles of one slice, milliseconds, and how they came about. */
interface Slice extends Readonly<Record<Way, number>> {
  /** Packets a millisecond. */
  readonly perMs: number;
  /** What the carriers' threads waited for a processor. */
  readonly waitedMs: { hop: number; frames: number };
}

async function slice(lines: Readonly<Record<Way, PacketLine>>): Promise<Slice> {
  const perMs = (await lines.hop.rate(PASS_PACKETS)) / 2 / 1000;
  const waitedMs = { hop: 0, frames: 0 };
  const delays: Record<Way, number[]> = { none: [], hop: [], frames: [] };
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const way of ORDERS[turn % ORDERS.length] ?? []) {
      const { carrier } = lines[way];
      const before = carrier === undefined ? 0 : waitedMsOf(carrier.pid);
      delays[way].push(...(await lines[way].delays(Math.round(perMs * TURN_MS), perMs)));
      if (carrier !== undefined && way !== 'none') waitedMs[way] += waitedMsOf(carrier.pid) - before;
    }
  }
  return { perMs, waitedMs, none: p99(delays.none), hop: p99(delays.hop), frames: p99(delays.frames) };
}

function p99(delays: readonly number[]): number {
  const sorted = delays.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
