import type { Bench } from './bench.ts';
import type { Mutant, Noticed, Outcome } from './mutant.ts';
import type { Results } from './results.ts';
import { type Survey, testFileOf } from './survey.ts';

/** Whom to ask about a mutant. */
export interface TrialPlan {
  readonly tests: boolean;
  /** `survivors`: only about what unit tests do not notice. */
  readonly simulation: 'all' | 'survivors' | 'none';
  /** Rounds of simulation. */
  readonly rounds: number;
}

/** Tries mutants on a bench: only what executes the changed place is asked, quickest first. */
export class Trial {
  readonly #bench: Bench;
  readonly #survey: Survey;
  readonly #results: Results;

  constructor(bench: Bench, survey: Survey, results: Results) {
    this.#bench = bench;
    this.#survey = survey;
    this.#results = results;
  }

  async of(mutant: Mutant, source: string, plan: TrialPlan): Promise<Outcome> {
    const { id, file, line, place, code, change, deletion } = mutant;
    const startedMs = performance.now();
    const text = source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end);
    const about = String(plan.rounds);
    const tests = plan.tests
      ? await this.#results.of({ mutant, source, side: 'tests' }, () => this.#byTests(mutant, text))
      : undefined;
    const enough = plan.simulation === 'none' || (tests !== undefined && plan.simulation === 'survivors');
    const simulation = enough
      ? 'untried'
      : await this.#results.of({ mutant, source, side: 'simulation', about }, () =>
          this.#bySimulation(mutant, text, plan.rounds),
        );
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    return { id, file, line, place, code, change, deletion, tests, simulation, seconds };
  }

  async close(): Promise<void> {
    await this.#bench.close();
  }

  async #byTests(mutant: Mutant, text: string): Promise<Noticed | undefined> {
    const { near, far } = this.#survey.testsOf(mutant);
    for (const parts of [near, far]) {
      const testFiles = [...new Set(parts.map(testFileOf))];
      const change = { file: mutant.file, text };
      const noticed = await this.#bench.try({ change, testFiles, rounds: undefined, parts });
      if (noticed !== undefined) return noticed;
    }
    return undefined;
  }

  #bySimulation(mutant: Mutant, text: string, rounds: number): Promise<Noticed | undefined> {
    // A bug made by hand may span more than the place where it begins.
    const parts = mutant.code === '' ? this.#survey.simulationOfFile(mutant.file) : this.#survey.simulationOf(mutant);
    return this.#bench.try({ change: { file: mutant.file, text }, testFiles: [], rounds, parts });
  }
}
