import { Bench } from './bench.ts';
import type { Mutant, Noticed } from './mutant.ts';
import type { Options } from './options.ts';
import type { Surveys } from './surveys.ts';
import { Trial } from './trial.ts';
import type { Question, Side, Verdicts } from './verdicts.ts';
import type { Workshop } from './workshop.ts';

/** How often it is told how much is left. */
const TOLD_EACH_MS = 20_000;

/** What a pass needs that all passes share. */
export interface Means {
  readonly options: Options;
  readonly workshop: Workshop;
  readonly surveys: Surveys;
  readonly verdicts: Verdicts;
  /** Nothing is begun after this, on the clock of `performance`. */
  readonly endMs: number;
}

/** What a pass found; a mutant that time did not suffice for is missing. */
export type Found = ReadonlyMap<Mutant, Noticed | undefined>;

/** Asks one side about many mutants: only about those whose verdicts no longer stand, first who noticed before. */
export async function pass(means: Means, side: Side, name: string, mutants: readonly Mutant[]): Promise<Found> {
  const { options, workshop, surveys, verdicts, endMs } = means;
  const found = new Map<Mutant, Noticed | undefined>();
  const open: Question[] = [];
  for (const mutant of mutants) {
    const source = workshop.read(mutant.file);
    const text = source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end);
    const question = { side, mutant, text, rounds: options.rounds };
    const known = verdicts.standing(question);
    if (known === undefined) open.push(question);
    else found.set(mutant, known === 'nobody' ? undefined : known);
  }
  const before = (question: Question): Noticed[] => verdicts.before(question).map((part) => surveys.located(part));
  const again = open.filter((question) => before(question).length > 0).length;
  const told = [`${found.size} verdicts stand`, `${again} to be earned again`, `${open.length - again} never noticed`];
  console.log(`\n${name}: ${mutants.length} mutants, ${told.join(', ')}.`);
  const passing = again === 0 ? new Set<string>() : await surveys.passing(side, open.flatMap(before));
  // New ones first: they take longer, so that what is told to be left errs on the safe side.
  const left = open.toSorted((a, b) => before(a).length - before(b).length);
  const progress = new Progress(left.length);
  const work = async (): Promise<void> => {
    const trial = new Trial(new Bench(workshop.folder, surveys.usualMs), surveys);
    for (let question = left.shift(); question !== undefined && performance.now() < endMs; question = left.shift()) {
      const hints = before(question).filter(({ id }) => passing.has(id));
      const startedMs = performance.now();
      const noticed = await trial.of(question, hints);
      verdicts.keep(question, noticed);
      found.set(question.mutant, noticed);
      progress.tried(question.mutant, noticed, performance.now() - startedMs);
    }
    await trial.close();
  };
  await Promise.all(Array.from({ length: options.workers }, work));
  return found;
}

/** Tells what is found as it is found, and how much is left. */
class Progress {
  readonly #all: number;
  readonly #startedMs = performance.now();
  #tried = 0;
  #toldMs = performance.now();

  constructor(all: number) {
    this.#all = all;
  }

  tried({ id }: Mutant, noticed: Noticed | undefined, ms: number): void {
    this.#tried += 1;
    const who = noticed === undefined ? 'NOBODY' : `${noticed.by} (${noticed.id}: ${noticed.evidence.slice(0, 80)})`;
    console.log(`${this.#tried}/${this.#all} ${(ms / 1000).toFixed(1)} s  ${id}  ${who}`);
    const now = performance.now();
    if (now - this.#toldMs < TOLD_EACH_MS) return;
    this.#toldMs = now;
    const leftMs = ((now - this.#startedMs) / this.#tried) * (this.#all - this.#tried);
    console.log(`… ${this.#all - this.#tried} left, about ${Math.ceil(leftMs / 60_000)} min at this pace`);
  }
}
