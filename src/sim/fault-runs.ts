import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Coverage } from './coverage.ts';
import { type FaultOutcome, type FaultRun, runFaults } from './fault-run.ts';

export interface FaultRunsOptions {
  /** The first; the others have the next seeds. */
  readonly first: FaultRun;
  readonly seeds: number;
  /** Ends with the first run that breaks a rule; otherwise all are run. */
  readonly stopAtFailure: boolean;
  /** Default: one for each core. */
  readonly workers?: number;
  readonly progress?: (done: FaultRunsResult) => void;
  /** A run broke a rule: told at once. */
  readonly failed?: (outcome: FaultOutcome) => void;
  /** Ends with the runs that are under way. */
  readonly stop?: AbortSignal;
}

export interface FaultRunsResult {
  readonly runs: number;
  readonly steps: number;
  readonly charges: number;
  readonly virtualMs: number;
  readonly cpuSeconds: number;
  readonly coverage: Coverage;
  /** In how many runs each name of the coverage happened at least once. */
  readonly runsWith: Coverage;
  /** How often each of `DEMANDED` happened in the run in which it happened least; 0 where it did not in some run. */
  readonly least: Readonly<Record<string, number>>;
  readonly failures: readonly FaultOutcome[];
}

/** What every run is to have. */
const DEMANDED = ['crash', 'chain', 'cheat'] as const;

/** A failure is kept whole, others only as figures. */
const MAX_FAILURES = 100;

/** Runs many seeds, a worker on each core, and adds up what happened. */
export async function runManyFaults(options: FaultRunsOptions): Promise<FaultRunsResult> {
  const before = process.cpuUsage();
  const total = { runs: 0, steps: 0, charges: 0, virtualMs: 0, cpuSeconds: 0 };
  const coverage = new Coverage();
  const runsWith = new Coverage();
  const least: Record<string, number> = {};
  const failures: FaultOutcome[] = [];
  const result = (): FaultRunsResult => {
    const { user, system } = process.cpuUsage(before);
    return { ...total, cpuSeconds: (user + system) / 1e6, coverage, runsWith, least, failures };
  };
  const done = (outcome: FaultOutcome): boolean => {
    total.runs += 1;
    total.steps += outcome.steps;
    total.charges += outcome.charges;
    total.virtualMs += outcome.virtualMs;
    for (const [name, times] of Object.entries(outcome.coverage)) coverage.count(name, times);
    for (const group of groupsOf(outcome)) runsWith.count(group);
    for (const group of DEMANDED) {
      const times = timesOf(outcome, group);
      least[group] = Math.min(times, least[group] ?? times);
    }
    if (outcome.broken !== undefined) {
      if (failures.length < MAX_FAILURES) failures.push(outcome);
      options.failed?.(outcome);
    }
    options.progress?.(result());
    return options.stop?.aborted === true || (options.stopAtFailure && failures.length > 0);
  };
  if (options.seeds === 1) done(await runFaults(options.first));
  else await inWorkers(options, done);
  return result();
}

/** `crash`, `chain`, `cheat`, `network`, …: what happened at all. */
function groupsOf({ coverage }: FaultOutcome): ReadonlySet<string> {
  const happened = Object.entries(coverage).filter(([, times]) => times > 0);
  return new Set(happened.map(([name]) => name.split('.')[0] as string));
}

function timesOf({ coverage }: FaultOutcome, group: string): number {
  let sum = 0;
  for (const [name, times] of Object.entries(coverage)) if (name.startsWith(`${group}.`)) sum += times;
  return sum;
}

async function inWorkers(options: FaultRunsOptions, done: (outcome: FaultOutcome) => boolean): Promise<void> {
  const { first, seeds } = options;
  let next = 0;
  let stopped = false;
  const count = Math.min(seeds, options.workers ?? availableParallelism());
  const file = new URL(`./fault-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // None of this process's own flags: those of its heap, or of a test run, are refused by a worker.
      const worker = new Worker(file, { execArgv: [] });
      const send = (): void => {
        if (stopped || next >= seeds) {
          void worker.terminate().then(() => resolve());
          return;
        }
        worker.postMessage({ ...first, seed: first.seed + next });
        next += 1;
      };
      worker.on('message', (outcome: FaultOutcome) => {
        stopped = done(outcome) || stopped;
        send();
      });
      worker.on('error', reject);
      send();
    });
  await Promise.all(Array.from({ length: count }, one));
}
