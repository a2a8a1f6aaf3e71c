import { writeFileSync } from 'node:fs';
import { waiver } from './accepted.ts';
import { HAND_MADE } from './hand-made.ts';
import { mechanicalMutants } from './mechanical.ts';
import { type Bug, type Mutant, type Outcome, placed } from './mutant.ts';
import { type Found, type Means, pass } from './pass.ts';
import { report } from './report.ts';

const NOBODY_ASKED: Found = new Map();

/** Tries all that is asked for, one pass after the other. */
export class Tries {
  readonly #means: Means;

  constructor(means: Means) {
    this.#means = means;
  }

  /** True when simulation noticed every one. */
  async byHand(): Promise<boolean> {
    const { workshop } = this.#means;
    const bugs = HAND_MADE.map((bug) => place(bug, workshop.read(bug.file)));
    const mutants = bugs.filter((bug) => bug !== undefined).filter((bug) => this.#wanted(bug));
    const found = await pass(this.#means, 'simulation', 'Made by hand', mutants);
    const missed = [...found].flatMap(([mutant, noticed]) => (noticed === undefined ? [mutant] : []));
    console.log(`\n${found.size} of ${mutants.length} bugs made by hand tried, ${missed.length} not noticed.`);
    for (const { id, file, line } of missed) console.log(`SURVIVED ${id} ${file}:${line}`);
    return missed.length === 0 && found.size === mutants.length && !bugs.includes(undefined);
  }

  /** True when each was noticed, or is explained. */
  async mechanical(): Promise<boolean> {
    const { accepted, leftOut, json, by, only } = this.#means.options;
    const all = mechanicalMutants().filter((mutant) => this.#wanted(mutant) && (!leftOut || mutant.deletion));
    // What need not be noticed is not tried each time: it would take the longest.
    const mutants = accepted ? all : all.filter((mutant) => waiver(mutant)?.not !== 'nobody');
    const before = process.cpuUsage();
    const tests = by === 'simulation' ? NOBODY_ASKED : await pass(this.#means, 'tests', 'By unit tests', mutants);
    const asked = by === 'tests' ? [] : mutants.filter((mutant) => this.#simulated(mutant, tests));
    const simulation =
      asked.length === 0 ? NOBODY_ASKED : await pass(this.#means, 'simulation', 'By simulation', asked);
    const { user, system } = process.cpuUsage(before);
    const wanting = new Set(asked);
    const outcomes = mutants.flatMap((mutant) => {
      const late = (by !== 'simulation' && !tests.has(mutant)) || (wanting.has(mutant) && !simulation.has(mutant));
      return late ? [] : [outcomeOf(mutant, tests, simulation)];
    });
    console.log(
      `\n${outcomes.length} of ${mutants.length} mechanical mutants tried, ${((user + system) / 1e6).toFixed(0)} CPU-seconds.`,
    );
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(outcomes, undefined, 1)}\n`);
    const whole = outcomes.length === mutants.length && !leftOut && only === undefined;
    const waived = all.filter((mutant) => waiver(mutant) !== undefined);
    return report(outcomes, waived, whole && accepted ? by : 'none') && outcomes.length === mutants.length;
  }

  /** What leaves a rule out is to be noticed by both sides; of what else, simulation is asked where unit tests notice nothing. */
  #simulated(mutant: Mutant, tests: Found): boolean {
    const { accepted, by } = this.#means.options;
    const waived = !accepted && waiver(mutant) !== undefined;
    if (by === 'simulation') return !waived;
    return (mutant.deletion && !waived) || (tests.has(mutant) && tests.get(mutant) === undefined);
  }

  #wanted({ id, file }: Pick<Mutant, 'id' | 'file'>): boolean {
    const { only } = this.#means.options;
    return only === undefined || only.split(',').some((name) => id.includes(name) || file.includes(name));
  }
}

function outcomeOf(mutant: Mutant, tests: Found, simulation: Found): Outcome {
  const { id, file, line, place, code, change, deletion } = mutant;
  const by = (found: Found): Outcome['tests'] => (found.has(mutant) ? found.get(mutant) : 'untried');
  return { id, file, line, place, code, change, deletion, tests: by(tests), simulation: by(simulation) };
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
