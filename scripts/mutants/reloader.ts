import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ImportGraph } from './import-graph.ts';

/** What a change of one file is made of: its whole new text. */
export interface Replaced {
  readonly file: string;
  readonly text: string;
}

const COLLECTOR = pathToFileURL(join(import.meta.dirname, 'collected-tests.ts')).href;

/**
 * Loads modules of a tree again and again in one process, each time with another file changed in memory. What cannot
 * reach the changed file is shared. In the tests of the tree `node:test` stands for `collected-tests.ts`.
 */
export class Reloader {
  readonly #root: string;
  readonly #graph: ImportGraph;
  readonly #stripped = new Map<string, string>();
  /** What was asked for last. */
  asked = '';
  #generation = 0;
  #replaced: Replaced | undefined;
  /** Files that are loaded anew in this generation: whatever reaches the changed one. */
  #anew: ReadonlySet<string> = new Set<string>();

  constructor(root: string) {
    this.#root = root;
    this.#graph = new ImportGraph(root);
    registerHooks({
      resolve: (specifier, context, next) => {
        const inTree = this.#fileOf(context.parentURL ?? '') !== undefined;
        if (specifier === 'node:test' && inTree) return { url: COLLECTOR, shortCircuit: true };
        const found = next(specifier, context);
        const file = this.#fileOf(found.url);
        return file !== undefined && this.#anew.has(file)
          ? { ...found, url: `${found.url.split('?')[0]}?generation=${this.#generation}` }
          : found;
      },
      load: (url, context, next) => {
        const file = this.#fileOf(url);
        if (file === undefined || !file.endsWith('.ts')) return next(url, context);
        return { format: 'module', source: this.#sourceOf(file), shortCircuit: true };
      },
    });
  }

  /** From now on everything is imported with this change. `starts`: what will be imported. */
  replace(replaced: Replaced, starts: readonly string[]): void {
    this.#generation += 1;
    this.#replaced = replaced;
    this.#anew = this.#graph.reaching(replaced.file, starts);
  }

  async import<T>(file: string): Promise<T> {
    const url = pathToFileURL(join(this.#root, file)).href;
    this.asked = file;
    return (await import(this.#anew.has(file) ? `${url}?generation=${this.#generation}` : url)) as T;
  }

  /** The text as V8 sees it: each character stands where it stands in the file. */
  #sourceOf(file: string): string {
    if (file === this.#replaced?.file) return stripTypeScriptTypes(this.#replaced.text);
    let stripped = this.#stripped.get(file);
    if (stripped === undefined) {
      stripped = stripTypeScriptTypes(readFileSync(join(this.#root, file), 'utf8'));
      this.#stripped.set(file, stripped);
    }
    return stripped;
  }

  /** The path in the tree of what is loaded from it. */
  #fileOf(url: string): string | undefined {
    if (!url.startsWith('file:')) return undefined;
    const path = fileURLToPath(url.split('?')[0] as string);
    if (!path.startsWith(`${this.#root}/`) || path.includes('/node_modules/')) return undefined;
    return path.slice(this.#root.length + 1);
  }
}
