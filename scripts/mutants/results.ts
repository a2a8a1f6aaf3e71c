import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Outcome } from './mutant.ts';

const FILE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'wayleave-mutants-2.jsonl');

interface Kept {
  readonly key: string;
  readonly outcome: Outcome;
}

/** What was found before, so that a long run goes on where it was stopped. Beside the packages, since it is nobody else's. */
export class Results {
  readonly #kept = new Map<string, Outcome>();

  constructor(options: { readonly fresh: boolean }) {
    if (options.fresh) rmSync(FILE, { force: true });
    mkdirSync(dirname(FILE), { recursive: true });
    if (!existsSync(FILE)) return;
    for (const line of readFileSync(FILE, 'utf8').split('\n').filter(Boolean)) {
      const { key, outcome } = JSON.parse(line) as Kept;
      this.#kept.set(key, outcome);
    }
  }

  /** What became of this mutant when its file said the same. What somebody failed to notice is tried again. */
  of(id: string, source: string): Outcome | undefined {
    const known = this.#kept.get(keyOf(id, source));
    return known?.tests === undefined || known.simulation === undefined ? undefined : known;
  }

  keep(source: string, outcome: Outcome): void {
    const kept: Kept = { key: keyOf(outcome.id, source), outcome };
    this.#kept.set(kept.key, outcome);
    appendFileSync(FILE, `${JSON.stringify(kept)}\n`);
  }
}

function keyOf(id: string, source: string): string {
  return createHash('sha256').update(`${id}\n${source}`).digest('hex').slice(0, 32);
}
