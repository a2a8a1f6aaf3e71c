import type { Bench } from './bench.ts';
import type { Noticed } from './mutant.ts';
import { testFileOf } from './survey.ts';
import type { Surveys } from './surveys.ts';
import type { Question } from './verdicts.ts';

/** Tries mutants on a bench: who noticed before is asked first, then all that executes the changed place, quickest first. */
export class Trial {
  readonly #bench: Bench;
  readonly #surveys: Surveys;

  constructor(bench: Bench, surveys: Surveys) {
    this.#bench = bench;
    this.#surveys = surveys;
  }

  /** Who notices. `before`: who did once, and passes on the unchanged tree. */
  async of(question: Question, before: readonly Noticed[]): Promise<Noticed | undefined> {
    for (const { id } of before) {
      const noticed = await this.#ask(question, [id]);
      if (noticed !== undefined) return noticed;
    }
    return question.side === 'tests' ? await this.#byTests(question) : await this.#bySimulation(question);
  }

  async close(): Promise<void> {
    await this.#bench.close();
  }

  async #byTests(question: Question): Promise<Noticed | undefined> {
    const { near, far } = (await this.#surveys.of('tests')).testsOf(question.mutant);
    return (await this.#ask(question, near)) ?? (await this.#ask(question, far));
  }

  /** Worlds and seeds are surveyed only where stories do not suffice. */
  async #bySimulation(question: Question): Promise<Noticed | undefined> {
    const stories = (await this.#surveys.of('stories')).storiesOf(question.mutant);
    const told = await this.#ask(question, stories);
    if (told !== undefined || question.rounds === 0) return told;
    return this.#ask(question, (await this.#surveys.of('worlds')).worldsOf(question.mutant));
  }

  #ask({ side, mutant, text, rounds }: Question, parts: readonly string[]): Promise<Noticed | undefined> {
    const change = { file: mutant.file, text };
    if (side === 'simulation') return this.#bench.try({ change, testFiles: [], rounds, parts });
    return this.#bench.try({ change, testFiles: [...new Set(parts.map(testFileOf))], rounds: undefined, parts });
  }
}
