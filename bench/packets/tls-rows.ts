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
/** What the speed with nothing else to do is halved to find half load, for so long a time. */
const DELAY_ROUNDS = 5;
const DELAY_MS = 3_000;

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
      await delayRow(paid, fastest / 2, context),
    ];
  } finally {
    connector.stop();
    await paid.stop();
    await bare.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * From source to sink, in turn by the carrier and without it: the 99th percentile with a hop less that without one is what
 * a hop adds.
 */
async function delayRow(line: PacketLine, perMs: number, context: BenchContext): Promise<Row> {
  context.say(`${DELAY_ROUNDS} × ${DELAY_MS / 1000} s at half load, ${Math.round(perMs)} packets a millisecond`);
  const direct = await PacketLine.direct();
  const p99 = async (way: PacketLine): Promise<number> => {
    const delays = await way.delays(Math.round(perMs * DELAY_MS), perMs);
    return delays[Math.floor(delays.length * 0.99)] ?? Number.NaN;
  };
  const pairs: (readonly [with_: number, without: number])[] = [];
  for (let round = 0; round < DELAY_ROUNDS; round += 1) pairs.push([await p99(line), await p99(direct)]);
  await direct.stop();
  const added = pairs.map(([hop, none]) => hop - none);
  context.say(`p99 with the hop ${median(pairs.map(([hop]) => hop)).toFixed(1)} ms`);
  return {
    id: 'packets.tls-p99-half-load',
    value: median(added),
    unit: 'ms added',
    interval: medianInterval(added),
    rival: 'p99 without a carrier, ms',
    rivalValue: median(pairs.map(([, none]) => none)),
    target: { of: 'value', most: 5 },
  };
}
