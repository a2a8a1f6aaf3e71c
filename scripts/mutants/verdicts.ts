import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ImportGraph } from './import-graph.ts';
import type { Mutant, Noticed } from './mutant.ts';
import { SIMULATION } from './parts.ts';
import { testFileOf } from './survey.ts';

const FILE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'wayleave-mutants-6.jsonl');
/** What is kept under one name: a line may stand more than once in a function, and who noticed first may change. */
const MOST_OF_A_NAME = 8;
/** What decides how a part runs, beside the modules it loads. */
const MACHINERY = [
  'contracts/artifacts.json',
  'scripts/mutants/parts.ts',
  'scripts/mutants/trial-worker.ts',
  'scripts/mutants/reloader.ts',
  'package.json',
];
/** What else decides whether somebody is asked at all. */
const ASKING = ['scripts/mutants/survey.ts', 'scripts/mutants/bench.ts'];

export type Side = 'tests' | 'simulation';

/** What is asked about a mutant: whether one side notices this text of its file. */
export interface Question {
  readonly side: Side;
  readonly mutant: Mutant;
  /** The whole file with the mutant in it. */
  readonly text: string;
  /** Of simulation. */
  readonly rounds: number;
}

interface Kept {
  /** Of the mutant, wherever its line stands now. */
  readonly name: string;
  /** Of all that the verdict follows from. */
  readonly key: string;
  /** Left out where nobody noticed. */
  readonly noticed?: Noticed;
}

/**
 * What was found before. That somebody noticed stands as long as the changed file and every file that the noticing test
 * or the simulator loads say the same; that nobody did, as long as nothing changed that could. When it no longer
 * stands, who noticed last time is asked first. Each verdict is written down at once, so that a run goes on where it was
 * stopped; beside the packages, since it is nobody else's.
 */
export class Verdicts {
  readonly #root: string;
  readonly #file: string;
  readonly #graph: ImportGraph;
  readonly #kept = new Map<string, readonly Kept[]>();
  readonly #hashes = new Map<string, string>();

  constructor(root: string, { fresh, file = FILE }: { readonly fresh: boolean; readonly file?: string }) {
    this.#root = root;
    this.#graph = new ImportGraph(root);
    this.#file = file;
    if (fresh) rmSync(file, { force: true });
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file)) this.#read();
  }

  /** What was found and still stands; `nobody`: nobody noticed. */
  standing(question: Question): Noticed | 'nobody' | undefined {
    const unnoticed = this.#keyOf(question, undefined);
    for (const { key, noticed } of this.#of(question)) {
      if (noticed === undefined ? key === unnoticed : key === this.#keyOf(question, noticed))
        return noticed ?? 'nobody';
    }
    return undefined;
  }

  /** Who noticed it before, newest first: worth asking first, and no more than that. */
  before(question: Question): readonly Noticed[] {
    const newest = this.#of(question).flatMap(({ noticed }) => noticed ?? []);
    return newest.filter(({ id }, at) => id !== '' && newest.findIndex((each) => each.id === id) === at);
  }

  keep(question: Question, noticed: Noticed | undefined): void {
    const kept = { name: nameOf(question), key: this.#keyOf(question, noticed), ...(noticed && { noticed }) };
    this.#add(kept);
    appendFileSync(this.#file, `${JSON.stringify(kept)}\n`);
  }

  #of(question: Question): readonly Kept[] {
    return this.#kept.get(nameOf(question)) ?? [];
  }

  #add(kept: Kept): void {
    const others = (this.#kept.get(kept.name) ?? []).filter(({ key }) => key !== kept.key);
    this.#kept.set(kept.name, [kept, ...others].slice(0, MOST_OF_A_NAME));
  }

  /** A line torn by who stopped the run counts as none. */
  #read(): void {
    const lines = readFileSync(this.#file, 'utf8').split('\n').filter(Boolean);
    for (const line of lines) {
      try {
        this.#add(JSON.parse(line) as Kept);
      } catch {}
    }
    const all = [...this.#kept.values()].flatMap((each) => each.toReversed());
    if (lines.length === all.length) return;
    const anew = `${this.#file}.new`;
    writeFileSync(anew, all.map((each) => `${JSON.stringify(each)}\n`).join(''));
    renameSync(anew, this.#file);
  }

  /** Everything that a verdict follows from: the wrong file, and all that whoever gave it loads. */
  #keyOf({ side, mutant, text, rounds }: Question, noticed: Noticed | undefined): string {
    const wrong = [side, mutant.file, text];
    if (noticed === undefined) return hashOf([...wrong, String(rounds), this.#treeOf(side)]);
    return hashOf([
      ...wrong,
      noticed.by,
      noticed.id,
      noticed.id === '' ? this.#treeOf(side) : this.#loadedBy(side, noticed.id),
    ]);
  }

  #loadedBy(side: Side, id: string): string {
    const starts = side === 'tests' ? [testFileOf(id)] : SIMULATION;
    return this.#once(`loaded ${starts.join()}`, () => this.#hashOf([...this.#graph.reached(starts), ...MACHINERY]));
  }

  #treeOf(side: Side): string {
    return this.#once(`tree ${side}`, () => {
      const files = globSync(side === 'tests' ? 'src/core/**/*.ts' : 'src/**/*.ts', { cwd: this.#root });
      const asked = side === 'tests' ? files : files.filter((each) => !each.endsWith('.test.ts'));
      return this.#hashOf([...asked, ...MACHINERY, ...ASKING]);
    });
  }

  #hashOf(files: readonly string[]): string {
    const paths = files.map((each) => join(this.#root, each)).filter((each) => existsSync(each));
    return hashOf([process.version, ...paths.sort().map((each) => readFileSync(each, 'utf8'))]);
  }

  #once(name: string, make: () => string): string {
    const known = this.#hashes.get(name) ?? make();
    this.#hashes.set(name, known);
    return known;
  }
}

/** A file may move to another folder. */
function nameOf({ side, mutant: { file, place, code, change, text } }: Question): string {
  return hashOf([side, basename(file), place, code, change, text]);
}

function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length} ${part}\n`);
  return hash.digest('hex').slice(0, 32);
}
