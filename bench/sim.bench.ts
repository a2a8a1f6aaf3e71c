import { type MassRun, runMass } from '../src/sim/mass-run.ts';
import { World } from '../src/sim/world.ts';
import type { Bench, BenchContext, Row } from './bench.ts';
import { cpuSeconds, median, medianInterval } from './measure.ts';

/**
 * The fault simulator: production nodes on simulated ports, every rule looked at after every step. A charge is one frame
 * held, sent and committed by its seller, and booked by its buyer: it counts once.
 */
const ROUNDS = 5;
const WARM_UP_MS = 60_000;
const ROUND_MS = 60_000;

const NODES = 1_000;
/** What is simulated of the hour, after a while in which everybody connects; the cost of a charge does not change. */
const SAMPLE_MS = 20_000;
const CONNECT_MS = 5_000;
/** 2,000 links, a charge a second. */
const HOUR_CHARGES = 7_200_000;

export const bench: Bench = {
  id: 'sim',
  // The rules alone come first: compiled for whole nodes as well, they are slower than in a process that runs nothing else.
  rows: async (context) => [
    massTwoNodes(context),
    massNeighbourhood(context),
    await twoNodes(context),
    await neighbourhood(context),
  ],
};

/** The rules of core alone (`sim mass`): a busy link, with frames of 1,000 bytes. */
const MASS_PAIR: MassRun = { nodes: 2, seconds: 2_000, rate: 1_000, bytes: 1_000 };
/** The whole hour, not a part of it. */
const MASS_HOUR: MassRun = { nodes: NODES, links: 4, seconds: 3_600, rate: 1 };

async function pass(world: World, ms: number): Promise<void> {
  const untilMs = world.timeline.nowMs + ms;
  await world.advance(() => world.timeline.nowMs >= untilMs);
  if (world.invariants.broken !== undefined) throw world.invariants.broken;
}

/** Two nodes, frames of 1,000 bytes, payments, a durable record each 50 ms. */
async function twoNodes(context: BenchContext): Promise<Row> {
  const money = { costPerMb: 10_000, payAt: 5_000_000, dropAt: 20_000_000, riskAt: 100_000_000, weiPerUnit: 1n };
  const trade = { tradeEveryMs: 10, tradeBytes: 130_000, frameBytes: 1_000, uploadOneIn: 2 ** 31, journalWindowMs: 50 };
  const world = new World({
    seed: 1,
    nodes: 2,
    cheats: [],
    faults: [],
    edges: [[0, 1]],
    settings: { ...money, ...trade },
  });
  world.begin();
  await pass(world, WARM_UP_MS);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [before, frames] = [cpuSeconds(), world.workload.charges()];
    await pass(world, ROUND_MS);
    rates.push((world.workload.charges() - frames) / (cpuSeconds() - before));
  }
  context.say(`two nodes: ${ROUNDS} × ${ROUND_MS / 1000} s of virtual time`);
  return {
    id: 'sim.two-nodes',
    value: median(rates),
    unit: 'charges/CPU-s',
    target: { of: 'value', least: 1e6 },
    interval: medianInterval(rates),
  };
}

/** 1,000 nodes in a ring with four links each, one want a second on every link; CPU seconds for an hour of it. */
async function neighbourhood(context: BenchContext): Promise<Row> {
  const edges = Array.from({ length: NODES }, (_, at) => [
    [at, (at + 1) % NODES] as const,
    [at, (at + 2) % NODES] as const,
  ]).flat();
  // Both directions of a link have a want each two seconds.
  const settings = {
    tradeEveryMs: 2_000,
    tradeBytes: 2_000,
    payAt: 1_000,
    dropAt: 4_000,
    uploadOneIn: 10,
    journalWindowMs: 50,
  };
  const world = new World({ seed: 1, nodes: NODES, cheats: [], faults: [], edges, settings });
  world.begin();
  await pass(world, CONNECT_MS);
  const [before, frames] = [cpuSeconds(), world.workload.charges()];
  await pass(world, SAMPLE_MS);
  const cpu = cpuSeconds() - before;
  const charges = world.workload.charges() - frames;
  context.say(`1,000 nodes: ${charges} charges in ${SAMPLE_MS / 1000} s of virtual time`);
  return {
    id: 'sim.thousand-nodes-hour',
    value: (cpu * HOUR_CHARGES) / charges,
    unit: 'CPU-s',
    target: { of: 'value', most: 60 },
  };
}

function mass(run: MassRun): { readonly cpu: number; readonly charges: number } {
  const { broken, counts, cpuSeconds: cpu } = runMass(run);
  if (broken !== undefined) throw new Error(broken.what);
  return { cpu, charges: Number(counts['charges']) };
}

function massTwoNodes(context: BenchContext): Row {
  // A simulation runs for long: what compiling costs, also again after another use of the same code, is left out.
  mass(MASS_PAIR);
  context.say(`two nodes on the rules alone: ${ROUNDS} × ${MASS_PAIR.seconds} s of virtual time, compiled before`);
  const rates = Array.from({ length: ROUNDS }, () => {
    const { charges, cpu } = mass(MASS_PAIR);
    return charges / cpu;
  });
  return {
    id: 'sim.mass-two-nodes',
    value: median(rates),
    unit: 'charges/CPU-s',
    target: { of: 'value', least: 1e6 },
    interval: medianInterval(rates),
  };
}

function massNeighbourhood(context: BenchContext): Row {
  const { charges, cpu } = mass(MASS_HOUR);
  context.say(`1,000 nodes on the rules alone: ${charges} charges in an hour of virtual time`);
  return { id: 'sim.mass-thousand-nodes', value: cpu, unit: 'CPU-s', target: { of: 'value', most: 60 } };
}
