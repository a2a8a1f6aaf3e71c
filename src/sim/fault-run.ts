import type { LinkRecord } from '../store/store.ts';
import { CHEATS } from './cheats.ts';
import { World } from './world.ts';

/** One run, as it travels to a worker and stands on a command line. */
export interface FaultRun {
  readonly seed: number;
  readonly steps: number;
  readonly nodes: number;
  /** Names; `all` lets each seed have one of them in turn, and some seeds two. */
  readonly cheats: readonly string[];
  /** Names or groups; undefined for all. */
  readonly faults?: readonly string[] | undefined;
  /** Indices of faults that are left out. */
  readonly without?: readonly number[] | undefined;
}

/** What came of it. */
export interface FaultOutcome {
  /** As it was, its cheats by name. */
  readonly run: FaultRun;
  readonly steps: number;
  readonly virtualMs: number;
  readonly charges: number;
  readonly coverage: Readonly<Record<string, number>>;
  /** Faults that struck, by index. */
  readonly struck: readonly number[];
  readonly broken?: { readonly rule: string; readonly what: string } | undefined;
  readonly nodes: readonly NodeOutcome[];
}

/** One node at the end, read from its disk. */
export interface NodeOutcome {
  readonly name: string;
  readonly lives: number;
  readonly links: readonly LinkOutcome[];
}

export interface LinkOutcome {
  readonly neighbour: string;
  readonly provided: number;
  readonly consumed: number;
  readonly paid: number;
  readonly received: number;
  readonly writeOff: number;
}

/** Lines of a trace: what a person reads, and the names of those it is about; of none: about all. */
export type TraceLog = (atMs: number, line: string, whom: readonly string[]) => void;

/** With fewer nodes a pair of cheats would leave no two honest ones that trade with each other. */
const NODES_FOR_PAIRS = 4;

/**
 * The same run with its cheats by name. Which ones `all` means depends on how many there are; a line or a list that names
 * them says the same when another was added.
 */
export function byName(run: FaultRun): FaultRun {
  const names = run.cheats.includes('all') ? drawn(run) : run.cheats;
  return { ...run, cheats: CHEATS.flatMap(({ name }) => (names.includes(name) ? [name] : [])) };
}

/** Each cheat in turn, and every fourth time round with another one beside it, which is another one each time. */
function drawn({ nodes, seed }: FaultRun): readonly string[] {
  const { length } = CHEATS;
  const round = Math.floor(seed / length);
  const both = [seed, seed + 1 + (Math.floor(round / 4) % (length - 1))];
  const names = both.map((n) => CHEATS[n % length]?.name ?? '');
  return round % 4 === 3 && nodes >= NODES_FOR_PAIRS ? names : names.slice(0, 1);
}

/** So many machines these need at least: one for each cheat, and somebody who is to be cheated. */
export function leastNodes(cheats: readonly string[]): number {
  return Math.max(2, new Set(cheats).size + 1);
}

/** Runs one seed. An error that is thrown is a failure like any other, under the rule `no-exception`. */
export async function runFaults(given: FaultRun, log?: TraceLog): Promise<FaultOutcome> {
  const run = byName(given);
  if (run.nodes < leastNodes(run.cheats))
    throw new RangeError(`${run.cheats.join()} need ${leastNodes(run.cheats)} nodes`);
  const world = new World({
    seed: run.seed,
    nodes: run.nodes,
    cheats: CHEATS.filter(({ name }) => run.cheats.includes(name)),
    faults: run.faults,
    without: new Set(run.without),
    log,
  });
  let thrown: string | undefined;
  const result = await world.run(run.steps).catch((error: Error) => {
    thrown = error.stack ?? error.message;
    return world.result();
  });
  const found = result.broken && { rule: result.broken.rule, what: result.broken.message };
  const broken = thrown === undefined ? found : { rule: 'no-exception', what: thrown };
  const { charges, steps, virtualMs } = result;
  // Of several cheats some may have had no occasion: that is told too.
  for (const name of run.cheats) result.coverage.count(`cheat.${name}`, 0);
  const coverage = result.coverage.toJSON();
  const struck = world.faults.struck.map(({ index }) => index);
  return { run, steps, virtualMs, charges, coverage, struck, broken, nodes: outcomes(world) };
}

function outcomes({ nodes }: World): NodeOutcome[] {
  const nameOf = new Map(nodes.map(({ id, name }) => [id, name]));
  const link = (record: LinkRecord): LinkOutcome => ({
    neighbour: nameOf.get(record.neighbour) ?? record.neighbour,
    provided: sum(record.provided),
    consumed: sum(record.consumed),
    paid: record.paid,
    received: record.received,
    writeOff: sum(record.providedCorrection) - sum(record.consumedCorrection),
  });
  return nodes.map(({ name, lives, disk }) => ({ name, lives, links: disk.state.links.map(link) }));
}

function sum([a, b, c]: readonly [number, number, number]): number {
  return a + b + c;
}

/** The command that runs it again. */
export function replayLine({ seed, steps, nodes, cheats, faults, without }: FaultRun): string {
  const words = [`--seed ${seed}`, `--steps ${steps}`, `--nodes ${nodes}`, `--cheats ${cheats.join(',') || 'none'}`];
  if (faults !== undefined) words.push(`--faults ${faults.length === 0 ? 'none' : `'${faults.join(',')}'`}`);
  if (without !== undefined && without.length > 0) words.push(`--without ${without.join(',')}`);
  return `wayleave sim fault ${words.join(' ')}`;
}
