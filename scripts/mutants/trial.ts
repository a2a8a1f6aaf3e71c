import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Mutant, Outcome } from './mutant.ts';
import type { Workshop } from './workshop.ts';

/** How a mutant is tried. Stages run in order until one notices. */
export interface TrialPlan {
  readonly stages: readonly Stage[];
  /** A stage that takes longer hangs, which is noticed too. Milliseconds. */
  readonly timeoutMs: number;
  /** Seeds of faults that the unchanged tree breaks, which prove nothing. */
  readonly seedsWithout: readonly number[];
}

/** `tests`: these files. `simulation`: so many rounds of `simulate.ts`. */
export type Stage =
  | { readonly kind: 'tests'; readonly files: readonly string[] }
  | { readonly kind: 'simulation'; readonly rounds: number };

type Noticed = Pick<Outcome, 'killedBy' | 'evidence'>;

const BROKEN = 3;
/** What a failing test prints: enough to find its name. */
const MAX_OUTPUT = 200_000;

/** Tries one mutant in its workshop. */
export async function tryMutant(workshop: Workshop, mutant: Mutant, plan: TrialPlan): Promise<Outcome> {
  const { id, file, line, change } = mutant;
  const startedMs = performance.now();
  const noticed = await workshop.with(mutant, () => noticedBy(workshop, plan));
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return { id, file, line, change, seconds, ...(noticed ?? { killedBy: 'nothing', evidence: '' }) };
}

/** Runs the stages on the tree as it stands now. */
export async function noticedBy(workshop: Workshop, plan: TrialPlan): Promise<Noticed | undefined> {
  for (const stage of plan.stages) {
    const noticed = await runStage(workshop, stage, plan);
    if (noticed !== undefined) return noticed;
  }
  return undefined;
}

async function runStage(workshop: Workshop, stage: Stage, plan: TrialPlan): Promise<Noticed | undefined> {
  if (stage.kind === 'tests' && stage.files.length === 0) return undefined;
  const args =
    stage.kind === 'tests'
      ? ['--test', '--test-isolation=none', '--test-reporter=tap', ...stage.files]
      : ['scripts/mutants/simulate.ts', String(stage.rounds)];
  const ended = await run(workshop.folder, args, plan);
  if (ended.code === undefined) return { killedBy: 'endless', evidence: `${stage.kind} did not end` };
  if (ended.code === 0) return undefined;
  if (stage.kind === 'tests') return { killedBy: 'tests', evidence: failedTest(ended.out) };
  if (ended.code !== BROKEN) return { killedBy: 'load', evidence: ended.err.trim().split('\n').at(-1) ?? '' };
  const { by, evidence } = JSON.parse(ended.out.trim().split('\n').at(-1) ?? '{}') as { by: 'fault'; evidence: string };
  return { killedBy: by, evidence };
}

function failedTest(tap: string): string {
  const failed = [...tap.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name ?? '');
  return failed[0] ?? 'a test file does not load';
}

/** The unchanged tree passes its simulation, or nothing found afterwards means anything. Seeds that break it are named. */
export async function census(workshop: Workshop, rounds: number): Promise<readonly number[]> {
  const args = ['scripts/mutants/simulate.ts', String(rounds), 'census'];
  const ended = await run(workshop.folder, args, { stages: [], timeoutMs: CENSUS_MS, seedsWithout: [] });
  if (ended.code !== 0) throw new Error(`the unchanged tree breaks a rule: ${ended.out}${ended.err}`);
  return (JSON.parse(ended.out.trim().split('\n').at(-1) ?? '{}') as { breaking: number[] }).breaking;
}

const CENSUS_MS = 3_600_000;

interface Ended {
  /** Undefined: it was ended for taking too long. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

function run(folder: string, args: readonly string[], plan: TrialPlan): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      NODE_COMPILE_CACHE: join(folder, '.cache'),
      WAYLEAVE_SEEDS_WITHOUT: plan.seedsWithout.join(' '),
    };
    const child = spawn(process.execPath, [...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { out: '', err: '' };
    child.stdout.on('data', (bytes) => {
      if (texts.out.length < MAX_OUTPUT) texts.out += String(bytes);
    });
    child.stderr.on('data', (bytes) => {
      if (texts.err.length < MAX_OUTPUT) texts.err += String(bytes);
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, plan.timeoutMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ...texts, code: late ? undefined : (code ?? 1) });
    });
  });
}
