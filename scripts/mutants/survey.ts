import type { Mutant } from './mutant.ts';
import type { Ranges, Surveyed } from './trial-worker.ts';

/** One mechanical mutant is worth so much simulation beside stories: the quickest parts notice nearly all that any of them does. */
const WORTH_MS = 3_000;

/** Slower tests of other files are not asked: they try much, and nearly never notice what no quicker one does. */
const QUICK_MS = 100;

/** What runs where on the unchanged tree: which parts can notice a change of a place at all, quickest first. */
export class Survey {
  readonly #parts: readonly Surveyed[];
  readonly #usualMs: ReadonlyMap<string, number>;
  readonly #load: ReadonlyMap<string, Ranges>;
  readonly #reaches: (from: string, to: string) => boolean;

  constructor(
    { parts, load }: { readonly parts: readonly Surveyed[]; readonly load: ReadonlyMap<string, Ranges> },
    reaches: (from: string, to: string) => boolean,
  ) {
    this.#parts = parts.filter(({ broken }) => broken === undefined).sort((a, b) => a.ms - b.ms);
    this.#usualMs = new Map(parts.map(({ id, ms }) => [id, ms]));
    this.#load = load;
    this.#reaches = reaches;
  }

  /** Unit tests that execute the place: all of the file itself, and quick ones of others. */
  testsOf(mutant: Mutant): { readonly near: readonly string[]; readonly far: readonly string[] } {
    const own = mutant.file.replace(/\.ts$/, '');
    const isOwn = (id: string): boolean => id.startsWith(`${own}.`) || id.startsWith(`${own}-`);
    const near = this.#of(mutant, ({ id, kind }) => kind === 'tests' && isOwn(id));
    const far = this.#of(mutant, ({ id, kind, ms }) => kind === 'tests' && !isOwn(id) && ms < QUICK_MS);
    return { near, far };
  }

  /** All stories that execute the place, or anything of the file where a mutant may span more than one place. */
  storiesOf(mutant: Mutant): readonly string[] {
    return this.#simulated(mutant, ({ kind }) => kind === 'stories');
  }

  /** Small worlds and seeds that execute the place: the quickest, as many as a mechanical mutant is worth, and one at least. */
  worldsOf(mutant: Mutant): readonly string[] {
    const all = this.#simulated(mutant, ({ kind }) => kind === 'exhaustive' || kind === 'fault');
    if (isByHand(mutant)) return all;
    let ms = 0;
    return all.filter((id) => {
      const within = ms < WORTH_MS;
      ms += this.#usualMs.get(id) ?? 0;
      return within;
    });
  }

  #simulated(mutant: Mutant, wanted: (part: Surveyed) => boolean): readonly string[] {
    if (!isByHand(mutant)) return this.#of(mutant, wanted);
    return this.#parts.filter((part) => wanted(part) && part.executed.has(mutant.file)).map(({ id }) => id);
  }

  #of(mutant: Mutant, wanted: (part: Surveyed) => boolean): readonly string[] {
    const { field, file, start, from = start } = mutant;
    // What runs while a module is loaded concerns whoever loads it.
    const loaded = executes(this.#load.get(file), from);
    return this.#parts
      .filter(wanted)
      .filter(
        ({ id, kind, executed }) =>
          executes(executed.get(file), from) ||
          (field && executed.has(file)) ||
          (loaded && (kind !== 'tests' || this.#reaches(testFileOf(id), file))),
      )
      .map(({ id }) => id);
  }
}

/** A bug made by hand may span more than the place where it begins. */
function isByHand({ code }: Mutant): boolean {
  return code === '';
}

/** The file of a unit test. */
export function testFileOf(id: string): string {
  return id.split(' › ')[0] ?? '';
}

function executes(ranges: Ranges | undefined, at: number): boolean {
  const innermost = ranges?.findLast(([start, end]) => start <= at && at < end);
  return innermost !== undefined && innermost[2] > 0;
}
