import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const IMPORT = /\bfrom\s+'(\.[^']+)'|\bimport\(?\s*'(\.[^']+)'/g;

/** Who imports whom in a tree, read from its text. Types count too: a little too much is loaded anew, never too little. */
export class ImportGraph {
  readonly #root: string;
  readonly #importsOf = new Map<string, readonly string[]>();
  readonly #reaching = new Map<string, ReadonlySet<string>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The file and all that import it, by whatever way, among what `starts` import. */
  reaching(target: string, starts: readonly string[]): ReadonlySet<string> {
    const key = [target, ...starts].join('\n');
    let reaching = this.#reaching.get(key);
    if (reaching === undefined) {
      reaching = this.#find(target, starts);
      this.#reaching.set(key, reaching);
    }
    return reaching;
  }

  /** All that these import, by whatever way, and themselves. */
  reached(starts: readonly string[]): ReadonlySet<string> {
    const known = new Set<string>(starts);
    for (const file of known) for (const used of this.#imports(file)) known.add(used);
    return known;
  }

  #find(target: string, starts: readonly string[]): Set<string> {
    const users = new Map<string, string[]>();
    const known = new Set<string>(starts);
    for (const file of known) {
      for (const used of this.#imports(file)) {
        users.set(used, [...(users.get(used) ?? []), file]);
        known.add(used);
      }
    }
    const reaching = new Set([target]);
    for (const file of reaching) for (const user of users.get(file) ?? []) reaching.add(user);
    return reaching;
  }

  #imports(file: string): readonly string[] {
    let imports = this.#importsOf.get(file);
    if (imports === undefined) {
      const path = join(this.#root, file);
      const text = existsSync(path) && file.endsWith('.ts') ? readFileSync(path, 'utf8') : '';
      imports = [...text.matchAll(IMPORT)]
        .map(([, from, dynamic]) => join(file, '..', from ?? dynamic ?? ''))
        .filter((each) => each.endsWith('.ts'));
      this.#importsOf.set(file, imports);
    }
    return imports;
  }
}
