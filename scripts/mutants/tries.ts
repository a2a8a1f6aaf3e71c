import { writeFileSync } from 'node:fs';
import { waiver } from './accepted.ts';
import { HAND_MADE } from './hand-made.ts';
import { mechanicalMutants } from './mechanical.ts';
import { type Bug, type Mutant, type Noticed, type Outcome, placed } from './mutant.ts';
import type { Options } from './options.ts';
import { report } from './report.ts';
import type { Trial, TrialPlan } from './trial.ts';
import type { Workshop } from './workshop.ts';

/** Tries lists of mutants, some at a time. */
export class Tries {
  readonly #options: Options;
  readonly #workshop: Workshop;
  readonly #trial: () => Trial;
  readonly #endMs: number;

  constructor(options: Options, workshop: Workshop, trial: () => Trial) {
    this.#options = options;
    this.#workshop = workshop;
    this.#trial = trial;
    this.#endMs = performance.now() + options.minutes * 60_000;
  }

  /** True when simulation noticed every one. */
  async byHand(): Promise<boolean> {
    const bugs = HAND_MADE.map((bug) => place(bug, this.#workshop.read(bug.file)));
    const mutants = bugs.filter((bug) => bug !== undefined).filter((bug) => this.#wanted(bug));
    const { rounds } = this.#options;
    const outcomes = await this.#each(mutants, () => ({ tests: false, simulation: 'all', rounds }));
    const missed = outcomes.filter(({ simulation }) => simulation === undefined);
    console.log(`\n${outcomes.length} of ${mutants.length} bugs made by hand tried, ${missed.length} not noticed.`);
    for (const { id, file, line } of missed) console.log(`SURVIVED ${id} ${file}:${line}`);
    return missed.length === 0 && bugs.length === bugs.filter(Boolean).length;
  }

  /** True when each was noticed, or is explained. */
  async mechanical(): Promise<boolean> {
    const { accepted, leftOut, json, by, only } = this.#options;
    const all = mechanicalMutants().filter((mutant) => this.#wanted(mutant) && (!leftOut || mutant.deletion));
    // What need not be noticed is not tried each time: it would take the longest.
    const mutants = accepted ? all : all.filter((mutant) => waiver(mutant)?.not !== 'nobody');
    const before = process.cpuUsage();
    const outcomes = await this.#each(mutants, (mutant) => this.#plan(mutant));
    const { user, system } = process.cpuUsage(before);
    const cpu = ((user + system) / 1e6).toFixed(0);
    console.log(`\n${outcomes.length} of ${mutants.length} mechanical mutants tried, in ${cpu} CPU-seconds now.`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(outcomes, undefined, 1)}\n`);
    if (by !== 'both') return true;
    const whole = outcomes.length === mutants.length && !leftOut && only === undefined;
    const waived = all.filter((mutant) => waiver(mutant) !== undefined);
    return report(outcomes, waived, whole && accepted) && outcomes.length === mutants.length;
  }

  /** What leaves a rule out is to be noticed by both sides. */
  #plan(mutant: Mutant): TrialPlan {
    const { accepted, by, rounds } = this.#options;
    const waived = !accepted && waiver(mutant) !== undefined;
    const whole = !waived && (by === 'simulation' || mutant.deletion);
    return { tests: by !== 'simulation', rounds, simulation: by === 'tests' ? 'none' : whole ? 'all' : 'survivors' };
  }

  #wanted({ id, file }: Mutant): boolean {
    const { only } = this.#options;
    return only === undefined || id.includes(only) || file.includes(only);
  }

  async #each(mutants: readonly Mutant[], planOf: (mutant: Mutant) => TrialPlan): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const left = [...mutants];
    const work = async (): Promise<void> => {
      const trial = this.#trial();
      for (let mutant = left.shift(); mutant !== undefined && performance.now() < this.#endMs; mutant = left.shift()) {
        const source = this.#workshop.read(mutant.file);
        const outcome = await trial.of(mutant, source, planOf(mutant));
        outcomes.push(outcome);
        console.log(`${outcomes.length}/${mutants.length} ${told(outcome)}`);
      }
      await trial.close();
    };
    await Promise.all(Array.from({ length: this.#options.workers }, work));
    return outcomes;
  }
}

/** A bug whose text is gone is an error, told at once, that keeps the others from nothing. */
function place(bug: Bug, source: string): Mutant | undefined {
  try {
    return placed(bug, source);
  } catch (error) {
    console.error(`STALE ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function told({ id, tests, simulation, seconds }: Outcome): string {
  const by = (noticed: Noticed): string => `${noticed.by} (${noticed.id}: ${noticed.evidence.slice(0, 80)})`;
  const simulated = simulation === 'untried' ? undefined : simulation;
  const noticed = [tests, simulated].filter((each) => each !== undefined).map(by);
  return `${seconds} s  ${id}  ${noticed.length === 0 ? 'NOBODY' : noticed.join(' and ')}`;
}
