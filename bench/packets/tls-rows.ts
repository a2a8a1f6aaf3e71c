import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchContext, Row } from '../bench.ts';
import { interleaved } from '../measure.ts';
import { besideMeasured, ownProcessor } from '../own-processor.ts';
import { ConnectorBtp } from './connector-btp.ts';
import { delayRows } from './delay-rows.ts';
import { PacketLine } from './line.ts';

const PACKETS = 400_000;
const PAIRS = 15;
const WARM_UPS = 3;

/**
 * One carrier process between two others over TLS loopback links, journal on, packets of 100 bytes, 1,000 destinations,
 * random values. Only the carrier's CPU time counts, threads included; it has a processor of its own, as have its rivals.
 */
export async function tlsRows(context: BenchContext): Promise<Row[]> {
  return besideMeasured(() => measure(context));
}

async function measure(context: BenchContext): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-packets-'));
  await context.rival('ilp-packet'); // installs the connector
  const paid = await PacketLine.start('paid', folder);
  const bare = await PacketLine.start('bare', folder);
  const connector = await ConnectorBtp.start();
  const apart = [paid.carrier?.pid, bare.carrier?.pid, connector.pid].every(
    (pid) => pid !== undefined && ownProcessor(pid, 'measured'),
  );
  if (!apart) context.say('carriers and their ends share processors: there is no taskset here, or no second processor');
  try {
    context.say(
      `${PAIRS} × ${PACKETS} packets over TLS, as many as bare frames, and 10000 through ilp-connector over BTP`,
    );
    for (let round = 0; round < WARM_UPS; round += 1) {
      await paid.rate(PACKETS);
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
      ...(await delayRows(paid, bare, context)),
    ];
  } finally {
    connector.stop();
    await paid.stop();
    await bare.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
