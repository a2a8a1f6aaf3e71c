import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { Bench, type SurveyReply } from './bench.ts';
import { ImportGraph } from './import-graph.ts';
import type { Noticed } from './mutant.ts';
import { Survey, testFileOf } from './survey.ts';
import type { Surveyed, SurveyRequest } from './trial-worker.ts';
import type { Side } from './verdicts.ts';

type Layer = 'tests' | 'stories' | 'worlds';

/** What the unchanged tree executes, found out when it is first needed: worlds and seeds take minutes, and are seldom. */
export class Surveys {
  /** Milliseconds of each part on the unchanged tree, as far as it is known. */
  readonly usualMs = new Map<string, number>();
  readonly #root: string;
  readonly #graph: ImportGraph;
  readonly #rounds: number;
  #files: readonly string[] | undefined;
  readonly #made = new Map<Layer, Promise<Survey>>();

  constructor(root: string, rounds: number) {
    this.#root = root;
    this.#graph = new ImportGraph(root);
    this.#rounds = rounds;
  }

  /** Throws when a unit test fails on the unchanged tree. Another part that does is left out, and named. */
  of(layer: Layer): Promise<Survey> {
    const made = this.#made.get(layer) ?? this.#make(layer);
    this.#made.set(layer, made);
    return made;
  }

  /** The part of this tree that has the name of one which noticed something in another: its file may have moved. */
  located(part: Noticed): Noticed {
    const file = testFileOf(part.id);
    const moved = this.#testFiles().find((each) => basename(each) === basename(file));
    return moved === undefined || moved === file ? part : { ...part, id: `${moved}${part.id.slice(file.length)}` };
  }

  /** Which of these pass on the unchanged tree: who fails there proves nothing, nor who is no more. */
  async passing(side: Side, parts: readonly Noticed[]): Promise<ReadonlySet<string>> {
    const ids = new Set(parts.map(({ id }) => id));
    const loads = parts.filter(({ by }) => by === 'load').map(({ id }) => id);
    const files = side === 'tests' ? this.#testFiles() : [];
    const testFiles = files.filter((file) => [...ids].some((id) => testFileOf(id) === file));
    const request = { testFiles, rounds: side === 'tests' ? undefined : this.#rounds, ids, coverage: false };
    const found = await this.#survey(request);
    return new Set([...loads, ...found.filter(({ broken }) => broken === undefined).map(({ id }) => id)]);
  }

  /** All that simulation asks, on the unchanged tree. */
  simulation(): Promise<readonly Surveyed[]> {
    return this.#survey({ testFiles: [], rounds: this.#rounds, coverage: false });
  }

  async #make(layer: Layer): Promise<Survey> {
    const survey = { testFiles: [], coverage: true };
    const reply = await this.#ask(
      layer === 'tests'
        ? { ...survey, testFiles: this.#testFiles(), rounds: undefined }
        : layer === 'stories'
          ? { ...survey, rounds: 0 }
          : { ...survey, rounds: this.#rounds, kinds: ['exhaustive', 'fault'] },
    );
    const broken = reply.parts.filter((part) => part.broken !== undefined).map(({ id }) => id);
    if (layer === 'tests' && broken.length > 0)
      throw new Error(`tests of the unchanged tree fail; mend them first: ${broken.join(', ')}`);
    return new Survey(reply, (from, to) => this.#graph.reaching(to, [from]).has(from));
  }

  async #survey(request: Omit<SurveyRequest, 'kind'>): Promise<readonly Surveyed[]> {
    return (await this.#ask(request)).parts;
  }

  async #ask(request: Omit<SurveyRequest, 'kind'>): Promise<SurveyReply> {
    const reply = await new Bench(this.#root).survey(request);
    for (const { id, ms } of reply.parts) this.usualMs.set(id, ms);
    const broken = reply.parts.filter((part) => part.broken !== undefined).map(({ id }) => id);
    const left = broken.length === 0 ? '' : `, but for what is left out: ${broken.join(', ')}`;
    const seconds = reply.parts.reduce((sum, { ms }) => sum + ms, 0) / 1000;
    console.log(`The unchanged tree passes ${reply.parts.length} parts (${seconds.toFixed(0)} CPU-seconds)${left}.`);
    return reply;
  }

  #testFiles(): readonly string[] {
    this.#files ??= globSync('src/core/**/*.test.ts', { cwd: this.#root }).sort();
    return this.#files;
  }
}
