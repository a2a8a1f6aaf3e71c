/** One wrong change to the product: `text` in place of characters `start` to `end` of a file. */
export interface Mutant {
  /** Unique, and the same on every run as long as the line stands: results are kept under it. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** What was changed, in a few words. */
  readonly change: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Where what is changed begins to be executed; left out: at `start`. An operator may be reached though what follows it is not. */
  readonly from?: number;
  /** The function, method or table it stands in. */
  readonly place: string;
  /** The line as it stands. */
  readonly code: string;
  /** It stands in what a field of a class starts with. */
  readonly field: boolean;
  /** A rule is left out: a statement, an `if`, a `throw`. */
  readonly deletion: boolean;
}

/** A bug made by hand: a text that must stand in the file exactly once, and the wrong one for it. */
export interface Bug {
  readonly name: string;
  /** What goes wrong for people when it is there. */
  readonly why: string;
  readonly file: string;
  readonly old: string;
  readonly new: string;
}

/** What became of a mutant. */
export interface Outcome {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly place: string;
  readonly code: string;
  readonly change: string;
  readonly deletion: boolean;
  /** Which unit test noticed, and what; undefined: none did; `untried`: none was asked. */
  readonly tests: Noticed | 'untried' | undefined;
  /** Which story, small world or seed noticed; `untried`: unit tests had noticed, and that was enough. */
  readonly simulation: Noticed | 'untried' | undefined;
}

/** Who noticed, and what. `load`: the file `id` could not be loaded. `endless`: `id` did not end. */
export interface Noticed {
  readonly by: 'tests' | 'stories' | 'exhaustive' | 'fault' | 'load' | 'endless';
  readonly id: string;
  readonly evidence: string;
}

/** Where a bug made by hand stands. Throws when the text is not there, or not only once: then the bug must be written anew. */
export function placed(bug: Bug, source: string): Mutant {
  const start = source.indexOf(bug.old);
  if (start < 0) throw new Error(`${bug.name}: ${bug.file} no longer says: ${bug.old}`);
  if (source.includes(bug.old, start + 1)) throw new Error(`${bug.name}: ${bug.file} says more than once: ${bug.old}`);
  return {
    id: bug.name,
    file: bug.file,
    line: source.slice(0, start).split('\n').length,
    change: bug.why,
    start,
    end: start + bug.old.length,
    text: bug.new,
    place: '',
    code: '',
    field: false,
    deletion: false,
  };
}
