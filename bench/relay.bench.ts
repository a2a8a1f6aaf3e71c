import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lineChain, lineSigners } from '../test/e2e/line.fixture.ts';
import type { Bench, BenchContext, Row } from './bench.ts';
import { AS_LAUNCHED } from './launcher.ts';
import { median, medianInterval } from './measure.ts';
import { byteOrigin, fetchBytes, socksHello } from './relay/origin.ts';
import { startWorker, type Worker } from './worker.ts';

/**
 * The relay with a cheque every 16 MB; with accounts, metering and journal, and nothing due yet; the same nodes with all of
 * that switched off; the part of them that passes streams on, alone; and proxies that only copy.
 */
const CASES = ['paid', 'counted', 'uncounted', 'bare', 'tls', 'tcp'] as const;
type Case = (typeof CASES)[number];

/** The first four speak our protocol, and three of those are whole nodes, with chequebooks and books. */
const OURS = CASES.slice(0, 4);
const WHOLE_NODES = CASES.slice(0, 3);

/** Before anything is measured: a node runs for months, and compiles its code in the first minute. */
const WARM_UP_ROUNDS = 8;

/**
 * Work for all cases, in rounds; in each round every case runs once, so that whatever drifts meets all alike. Single rounds
 * differ by a fifth on a shared machine, where a tenth is to be told: so there are many.
 */
interface Load {
  readonly name: string;
  readonly rounds: number;
  /** The proxies that only copy take part in so many of them: three handshakes a page make theirs long. */
  readonly plainRounds: number;
  readonly requests: number;
  readonly atOnce: number;
  readonly bytes: number;
}

const LOADS: readonly Load[] = [
  { name: 'bulk', rounds: 60, plainRounds: 20, requests: 1, atOnce: 1, bytes: 40_000_000 },
  { name: 'pages', rounds: 40, plainRounds: 5, requests: 1_000, atOnce: 50, bytes: 10_000 },
];

/**
 * CPU seconds per GB of a process that is the whole line: user's proxy, three links, gateway. The user and the origin
 * are in this process and do not count. Every case stays alive, and its CPU time is asked for before and after.
 */
export const bench: Bench = {
  id: 'relay',
  async rows(context) {
    const origin = await byteOrigin();
    const chain = await lineChain(lineSigners(4));
    const folder = mkdtempSync(join(tmpdir(), 'wayleave-relay-'));
    const file = join(import.meta.dirname, 'relay/case.ts');
    const workers = new Map<Case, Worker>();
    try {
      const start = (each: Case): Promise<Worker> => {
        const args = [each, String(origin.port), chain.url, join(folder, each)];
        return startWorker(file, args, OURS.includes(each) ? AS_LAUNCHED : {});
      };
      for (const each of WHOLE_NODES) await (await start(each)).stop();
      for (const each of CASES) workers.set(each, await start(each));
      const rows: Row[] = [];
      for (const load of LOADS) rows.push(...rowsOf(load, await measure(load, workers, origin.port, context)));
      return rows;
    } finally {
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
      origin.close();
      await chain.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Costs = Readonly<Partial<Record<Case, number>>>;

async function measure(
  load: Load,
  workers: ReadonlyMap<Case, Worker>,
  originPort: number,
  context: BenchContext,
): Promise<readonly Costs[]> {
  const rounds: Costs[] = [];
  for (let round = -WARM_UP_ROUNDS; round < load.rounds; round += 1) {
    const costs: Partial<Record<Case, number>> = {};
    const cases = round === -1 || (round >= 0 && round < load.plainRounds) ? CASES : OURS;
    const first = (round + WARM_UP_ROUNDS) % cases.length;
    const turn = cases.map((_, at) => cases[(at + first) % cases.length] as Case);
    for (const each of round % 2 === 0 ? turn : turn.reverse()) {
      costs[each] = await cost(load, each, workers.get(each) as Worker, originPort);
    }
    if (round >= 0) rounds.push(costs);
    if (round % 5 === 0) context.say(`  ${load.name}, round ${round + 1} of ${load.rounds}`);
  }
  return rounds;
}

/** CPU seconds per GB that one run of the load costs the worker. */
async function cost(load: Load, name: Case, worker: Worker, originPort: number): Promise<number> {
  const before = await worker.cpu();
  let next = 0;
  const fetchThem = async (): Promise<void> => {
    while (next < load.requests) {
      next += 1;
      const got = await fetchBytes(worker.port, load.bytes, OURS.includes(name) ? socksHello(originPort) : undefined);
      if (got !== load.bytes) throw new Error(`${name}: ${got} bytes instead of ${load.bytes}`);
    }
  };
  await Promise.all(Array.from({ length: load.atOnce }, fetchThem));
  return ((await worker.cpu()) - before) / ((load.requests * load.bytes) / 1e9);
}

function rowsOf(load: Load, rounds: readonly Costs[]): Row[] {
  const row = (
    id: string,
    [ours, rival]: readonly [Case, Case],
    work: Pick<Row, 'rival' | 'unit'> & Partial<Row>,
    unit: (cost: number) => number,
  ): Row => {
    const pairs = rounds.flatMap(({ [ours]: one, [rival]: other }) =>
      one === undefined || other === undefined ? [] : [[unit(one), unit(other)] as const],
    );
    const ratios = pairs.map(([one, other]) => one / other);
    return {
      id: `relay.${load.name}-${id}`,
      value: median(pairs.map(([one]) => one)),
      rivalValue: median(pairs.map(([, other]) => other)),
      ratio: median(ratios),
      interval: medianInterval(ratios),
      ...work,
    };
  };
  const secondsAGb = (cost: number): number => cost;
  const gbASecond = (cost: number): number => 1 / cost;
  return [
    // What it costs to count: accounts, metering and journal, over the same nodes with doors that always say yes.
    // The target is a tenth more CPU time a byte.
    row(
      'accounting',
      ['counted', 'uncounted'],
      { rival: 'the same relay, accounting off', unit: 'CPU-s/GB', target: { of: 'ratio', most: 1.1 } },
      secondsAGb,
    ),
    // And to be paid as well, every 16 MB; for information, since how often that is due is the operator's choice.
    row('paying', ['paid', 'uncounted'], { rival: 'the same relay, accounting off', unit: 'CPU-s/GB' }, secondsAGb),
    // What the rest of a node costs around the part that passes streams on: routes, quality, events, timers.
    row('node', ['uncounted', 'bare'], { rival: 'transit alone', unit: 'CPU-s/GB' }, secondsAGb),
    // What the whole relay costs beside four programs that only copy between sockets, with three TLS hops between them.
    // For pages each of those makes three TLS handshakes a page, where the relay opens a channel.
    row(
      'tls',
      ['paid', 'tls'],
      { rival: 'plain node:tls proxies', unit: 'GB/CPU-s', target: { of: 'ratio', least: 0.6 } },
      gbASecond,
    ),
    // The same without encryption; for information.
    row('tcp', ['paid', 'tcp'], { rival: 'raw TCP proxies', unit: 'GB/CPU-s' }, gbASecond),
  ];
}
