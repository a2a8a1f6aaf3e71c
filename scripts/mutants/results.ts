import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mutant, Noticed } from './mutant.ts';

const FILE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'wayleave-mutants-3.jsonl');

type Side = 'tests' | 'simulation';

interface Kept {
  readonly key: string;
  /** Left out where nobody noticed. */
  readonly noticed?: Noticed;
}

/**
 * What was found before, so that a long run goes on where it was stopped. What was noticed stands as long as the changed
 * file says the same; what was not, as long as nothing changed that could notice it. Beside the packages, since it is
 * nobody else's.
 */
export class Results {
  readonly #kept = new Map<string, Kept>();
  readonly #trees: Readonly<Record<Side, string>>;

  constructor(root: string, options: { readonly fresh: boolean }) {
    this.#trees = { tests: hashOf(root, 'src/core/**/*.ts'), simulation: hashOf(root, 'src/**/*.ts', /\.test\.ts$/) };
    if (options.fresh) rmSync(FILE, { force: true });
    mkdirSync(dirname(FILE), { recursive: true });
    if (!existsSync(FILE)) return;
    for (const line of readFileSync(FILE, 'utf8').split('\n').filter(Boolean)) {
      const kept = JSON.parse(line) as Kept;
      this.#kept.set(kept.key, kept);
    }
  }

  /** What was found, or what `find` finds now. `about`: whatever else decides. */
  async of(
    { mutant, source, side, about = '' }: { mutant: Mutant; source: string; side: Side; about?: string },
    find: () => Promise<Noticed | undefined>,
  ): Promise<Noticed | undefined> {
    const key = keyOf(side, mutant.id, source);
    const unnoticed = keyOf(key, this.#trees[side], about);
    const known = this.#kept.get(key) ?? this.#kept.get(unnoticed);
    if (known !== undefined) return known.noticed;
    const noticed = await find();
    const kept = noticed === undefined ? { key: unnoticed } : { key, noticed };
    this.#kept.set(kept.key, kept);
    appendFileSync(FILE, `${JSON.stringify(kept)}\n`);
    return noticed;
  }
}

function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}

function hashOf(root: string, pattern: string, without?: RegExp): string {
  const hash = createHash('sha256');
  for (const file of globSync(pattern, { cwd: root }).sort()) {
    if (without?.test(file) !== true) hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}
