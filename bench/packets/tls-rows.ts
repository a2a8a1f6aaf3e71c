import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchContext, Row } from '../bench.ts';
import { interleaved, median, medianInterval } from '../measure.ts';
import { ConnectorBtp } from './connector-btp.ts';
import { PacketLine } from './line.ts';

const PACKETS = 400_000;
const PAIRS = 9;
const WARM_UPS = 3;
/** Short slices, the three ways in turn: what other programs do to the machine meanwhile meets all three. */
const DELAY_SLICES = 15;
const DELAY_MS = 1_000;

/**
 * One carrier process between two others over TLS loopback links, journal on, packets of 100 bytes, 1,000 destinations,
 * random values. Only the carrier's CPU time counts, threads included.
 */
export async function tlsRows(context: BenchContext): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-packets-'));
  await context.rival('ilp-packet'); // installs the connector
  const paid = await PacketLine.start('paid', folder);
  const bare = await PacketLine.start('bare', folder);
  const connector = await ConnectorBtp.start();
  try {
    context.say(
      `${PAIRS} × ${PACKETS} packets over TLS, as many as bare frames, and 10000 through ilp-connector over BTP`,
    );
    let fastest = 0;
    for (let round = 0; round < WARM_UPS; round += 1) {
      const startMs = performance.now();
      await paid.rate(PACKETS);
      fastest = Math.max(fastest, PACKETS / (performance.now() - startMs));
      await bare.rate(PACKETS);
    }
    const frames = await interleaved(
      PAIRS,
      () => paid.rate(PACKETS),
      () => bare.rate(PACKETS),
    );
    const btp = await interleaved(
      PAIRS,
      () => paid.rate(PACKETS),
      () => connector.rate(),
    );
    connector.stop();
    const unit = 'packets/CPU-s';
    return [
      { id: 'packets.tls', value: frames.ours, unit, target: { of: 'value', least: 300_000 } },
      {
        id: 'packets.tls-connector',
        ...{ value: btp.ours, unit, ratio: btp.ratio, interval: btp.interval },
        ...{ rival: 'ilp-connector over BTP', rivalValue: btp.rival, target: { of: 'ratio', least: 30 } },
      },
      {
        id: 'packets.tls-bare',
        ...{ value: frames.ours, unit, ratio: frames.ratio, interval: frames.interval },
        ...{ rival: 'the same carrier, bare frames', rivalValue: frames.rival, target: { of: 'ratio', least: 0.5 } },
      },
      ...(await delayRows({ paid, bare }, fastest / 2, context)),
    ];
  } finally {
    connector.stop();
    await paid.stop();
    await bare.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * From source to sink at half the speed that the line reaches with nothing else to do: by the carrier, by one of bare frames
 * in its place, and without any. The 99th percentile with a hop less that without one is what a hop adds. What a hop of bare
 * frames adds is the waiting of a second process for the processor and the sockets.
 */
async function delayRows(
  { bare, paid }: { bare: PacketLine; paid: PacketLine },
  perMs: number,
  context: BenchContext,
): Promise<Row[]> {
  context.say(
    `${DELAY_SLICES} × ${DELAY_MS / 1000} s at half load, ${Math.round(perMs)} packets a millisecond, by three ways`,
  );
  const direct = await PacketLine.direct();
  const p99 = async (way: PacketLine): Promise<number> => {
    const delays = await way.delays(Math.round(perMs * DELAY_MS), perMs);
    return delays[Math.floor(delays.length * 0.99)] ?? Number.NaN;
  };
  const slices: { hop: number; frames: number; none: number }[] = [];
  for (let slice = 0; slice < DELAY_SLICES; slice += 1) {
    const none = await p99(direct);
    const hopFirst = slice % 2 === 0;
    const first = await p99(hopFirst ? paid : bare);
    const second = await p99(hopFirst ? bare : paid);
    slices.push(hopFirst ? { none, hop: first, frames: second } : { none, hop: second, frames: first });
  }
  await direct.stop();
  const added = slices.map(({ hop, none }) => hop - none);
  const addedByFrames = slices.map(({ frames, none }) => frames - none);
  context.say(`p99 without a hop ${median(slices.map(({ none }) => none)).toFixed(1)} ms`);
  const row = {
    id: 'packets.tls-p99-half-load',
    ...{ value: median(added), unit: 'ms added', interval: medianInterval(added) },
    ...{ rival: 'a hop of bare frames', rivalValue: median(addedByFrames) },
    target: { of: 'value', most: 5 },
  } as const;
  const byMoney = slices.map(({ frames, hop }) => hop - frames);
  const unit = 'ms, of these by money';
  return [row, { id: 'packets.tls-p99-money', value: median(byMoney), unit, interval: medianInterval(byMoney) }];
}
