/**
 * npm run mutants                    every bug made by hand, each to be noticed by simulation; exit code 1 if one is not
 * npm run mutants -- --only NAME     those whose name (or file) has NAME in it
 * npm run mutants -- --all           mechanical ones of every line of the rules too; goes on where it was stopped
 * npm run mutants -- --patch FILE    somebody's unified diff: is it noticed?
 * npm run mutants -- --mechanical    only those
 * further: --minutes N   --workers N   --rounds N (of simulation: 1 to 3)   --fresh (forget what was found)   --json FILE
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HAND_MADE } from './hand-made.ts';
import { mechanicalMutants } from './mechanical.ts';
import { type Bug, type Mutant, type Outcome, placed } from './mutant.ts';
import { tryPatch } from './patch.ts';
import { Results } from './results.ts';
import { testsOf } from './tests-of.ts';
import { census, type Stage, type TrialPlan, tryMutant } from './trial.ts';
import { Workshop } from './workshop.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** A mutant may take this many times as long as the unchanged tree before it is said to hang. */
const PATIENCE = 2;
const LEAST_PATIENCE_MS = 60_000;

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    patch: { type: 'string' },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '100000' },
    workers: { type: 'string', default: '2' },
    json: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    mechanical: { type: 'boolean', default: false },
  },
});

const endMs = performance.now() + Number(values.minutes) * 60_000;
const wanted = (mutant: Mutant): boolean =>
  values.only === undefined || mutant.id.includes(values.only) || mutant.file.includes(values.only);

let stale = 0;
const first = new Workshop();
const plan = await baseline(first);
const ok =
  values.patch === undefined
    ? await tryAll()
    : await tryPatch(first, { file: values.patch, rounds: Number(values.rounds) }, plan);
first.close();
process.exit(ok ? 0 : 1);

async function baseline(workshop: Workshop): Promise<Omit<TrialPlan, 'stages'>> {
  const startedMs = performance.now();
  const seedsWithout = await census(workshop, Number(values.rounds));
  const tookMs = performance.now() - startedMs;
  const broken = seedsWithout.length === 0 ? '' : `, but for seeds ${seedsWithout.join(' ')}, which are left out`;
  console.log(`The unchanged tree passes in ${seconds(tookMs)}${broken}.`);
  return { timeoutMs: Math.max(LEAST_PATIENCE_MS, tookMs * PATIENCE), seedsWithout };
}

/** A bug whose text is gone is an error, told at once, that keeps the others from nothing. */
function place(bug: Bug): Mutant[] {
  try {
    return [placed(bug, readFileSync(join(ROOT, bug.file), 'utf8'))];
  } catch (error) {
    console.error(`STALE ${error instanceof Error ? error.message : String(error)}`);
    stale += 1;
    return [];
  }
}

async function tryAll(): Promise<boolean> {
  const bugs = values.mechanical ? [] : HAND_MADE;
  const hand = bugs.flatMap((bug) => place(bug)).filter(wanted);
  const stages: Stage[] = [{ kind: 'simulation', rounds: Number(values.rounds) }];
  const missed = (await tryEach('made by hand', hand, () => stages)).filter(
    ({ killedBy }) => killedBy !== 'fault' && killedBy !== 'exhaustive' && killedBy !== 'endless',
  );
  if (values.all || values.mechanical)
    await tryEach('mechanical', mechanicalMutants().filter(wanted), mechanicalStages);
  return missed.length === 0 && stale === 0;
}

function mechanicalStages({ file }: Mutant): Stage[] {
  const { near, far } = testsOf(file);
  return [
    { kind: 'simulation', rounds: 0 },
    { kind: 'tests', files: near },
    { kind: 'simulation', rounds: 1 },
    { kind: 'tests', files: far },
  ];
}

async function tryEach(
  name: string,
  mutants: readonly Mutant[],
  stagesOf: (mutant: Mutant) => Stage[],
): Promise<Outcome[]> {
  const results = new Results({ fresh: values.fresh });
  const outcomes: Outcome[] = [];
  const left = [...mutants];
  const work = async (workshop: Workshop): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined && performance.now() < endMs; mutant = left.shift()) {
      const source = workshop.read(mutant.file);
      const known = results.of(mutant.id, source);
      const outcome = known ?? (await tryMutant(workshop, mutant, { ...plan, stages: stagesOf(mutant) }));
      if (known === undefined) results.keep(source, outcome);
      outcomes.push(outcome);
      const at = `${outcomes.length}/${mutants.length}`;
      console.log(
        `${at} ${outcome.killedBy.padEnd(10)} ${outcome.seconds} s  ${outcome.id}  ${outcome.evidence.slice(0, 160)}`,
      );
    }
  };
  const others = Array.from({ length: Number(values.workers) - 1 }, () => new Workshop());
  await Promise.all([first, ...others].map(work));
  for (const workshop of others) workshop.close();
  report(name, mutants.length, outcomes);
  return outcomes;
}

function report(name: string, all: number, outcomes: readonly Outcome[]): void {
  const counts = new Map<string, number>();
  for (const { killedBy } of outcomes) counts.set(killedBy, (counts.get(killedBy) ?? 0) + 1);
  const survivors = outcomes.filter(({ killedBy }) => killedBy === 'nothing');
  const spent = outcomes.reduce((sum, each) => sum + each.seconds, 0);
  const by = [...counts].map(([who, count]) => `${who} ${count}`).join(', ');
  console.log(`\n${outcomes.length} of ${all} mutants ${name} tried in ${spent.toFixed(0)} s: ${by}.`);
  for (const { file, line, change, id } of survivors) console.log(`SURVIVED ${file}:${line} ${change} (${id})`);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ name, all, outcomes }, undefined, 1)}\n`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}
