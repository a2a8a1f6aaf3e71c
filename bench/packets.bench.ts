import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Bench, BenchContext, Row } from './bench.ts';
import { interleaved, median, medianInterval } from './measure.ts';
import { HopForwards } from './packets/hop-forwards.ts';
import { tlsRows } from './packets/tls-rows.ts';

/**
 * Value packets of 100 bytes to 1,000 destinations, random values. In process: decode, route, limits, toll, two counters,
 * queue, encode, beside one hop of ilp-connector without a wire. With 10,000 links every packet of a read leaves by
 * another link, so each costs a write of its own; where 4 of them carry it all, the others cost nothing.
 */
const PAIRS = 9;
const ROUNDS = 5;

export const bench: Bench = {
  id: 'packets',
  rows: async (context) => [...(await inProcess(context)), ...manyLinks(context), ...(await tlsRows(context))],
};

async function inProcess(context: BenchContext): Promise<Row[]> {
  const forwards = new HopForwards(4, 1_000);
  await context.rival('ilp-packet'); // installs it
  const connector = fork(join(import.meta.dirname, 'packets/ilp-connector.cjs'), {
    stdio: ['ignore', 'ignore', 2, 'ipc'],
  });
  try {
    await once(connector, 'message');
    context.say(`${PAIRS} × 256000 packets, and 20000 through ilp-connector`);
    const pairs = await interleaved(
      PAIRS,
      async () => forwards.round(),
      () => roundOf(connector),
    );
    const unit = 'hop-forwards/CPU-s';
    return [
      { id: 'packets.in-process-alone', value: pairs.ours, unit, target: { of: 'value', least: 1_000_000 } },
      {
        id: 'packets.in-process',
        ...{ value: pairs.ours, unit, ratio: pairs.ratio, interval: pairs.interval },
        ...{ rival: 'ilp-connector, in process', rivalValue: pairs.rival, target: { of: 'ratio', least: 40 } },
      },
    ];
  } finally {
    connector.kill();
  }
}

async function roundOf(connector: ChildProcess): Promise<number> {
  connector.send('round');
  const [rate] = (await once(connector, 'message')) as [number];
  return rate;
}

function manyLinks(context: BenchContext): Row[] {
  context.say('10000 links, 100000 routes');
  const before = process.memoryUsage().rss;
  const forwards = new HopForwards(10_000, 100_000);
  const bytes = process.memoryUsage().rss - before;
  forwards.round();
  const rates = Array.from({ length: ROUNDS }, () => forwards.round());
  const fewBusy = new HopForwards(10_000, 100_000, 4);
  fewBusy.round();
  const fewRates = Array.from({ length: ROUNDS }, () => fewBusy.round());
  return [
    {
      id: 'packets.10000-links',
      value: median(rates),
      unit: 'hop-forwards/CPU-s',
      interval: medianInterval(rates),
    },
    {
      id: 'packets.10000-links-4-busy',
      value: median(fewRates),
      unit: 'hop-forwards/CPU-s',
      interval: medianInterval(fewRates),
    },
    { id: 'packets.10000-links-memory', value: bytes / 10_000, unit: 'bytes/link' },
  ];
}
