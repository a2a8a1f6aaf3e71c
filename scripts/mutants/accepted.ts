import { basename } from 'node:path';
import { ACCEPTED } from './accepted/list.ts';
import type { REASONS } from './accepted/reasons.ts';
import type { Mutant, Noticed, Outcome } from './mutant.ts';

/** Why something may go unnoticed. */
export type Reason = keyof typeof REASONS;

/** What may go unnoticed, by whom, and why. Found again by words and place, so that lines may move. */
export interface Accepted {
  /** Of `src/core/`, without folder and `.ts`. */
  readonly file: string;
  /** The function, method or table, as `Ledger.commit`; left out: anywhere in the file. */
  readonly place?: string;
  /** A part of the line as it stands. */
  readonly code?: string;
  /** A part of what was changed to what, as `< → <=`. */
  readonly change?: string;
  /** `nobody`: neither need notice. `simulation`: unit tests do, simulation cannot. `tests`: the other way round. */
  readonly not: 'nobody' | 'simulation' | 'tests';
  readonly why: Reason;
  /** Where the reason does not say it all. */
  readonly note?: string;
}

/** Whether somebody is missing who should have noticed: nobody did, or a rule was left out and only one side did. */
export function missing({ deletion, tests, simulation }: Outcome): Accepted['not'] | undefined {
  if (!isNoticed(tests) && !isNoticed(simulation)) return tests === 'untried' ? 'simulation' : 'nobody';
  if (!deletion || tests === 'untried' || simulation === 'untried') return undefined;
  if (tests === undefined) return 'tests';
  return simulation === undefined ? 'simulation' : undefined;
}

/** Whether somebody was asked, and noticed. */
export function isNoticed(found: Outcome['tests']): found is Noticed {
  return found !== undefined && found !== 'untried';
}

/** The entry that explains an outcome. What nobody need notice, neither side need. */
export function explained(outcome: Outcome): Accepted | undefined {
  const what = missing(outcome);
  return ACCEPTED.find((each) => (each.not === what || each.not === 'nobody') && fits(each, outcome));
}

/** The entry under which a mutant need not be noticed, by whom it says. */
export function waiver(mutant: Mutant): Accepted | undefined {
  const all = ACCEPTED.filter((each) => fits(each, mutant));
  return all.find(({ not }) => not === 'nobody') ?? all.find(({ not }) => not === 'simulation' && mutant.deletion);
}

/**
 * Entries that explain nothing among all these outcomes: somebody has come to notice, so they can go. `by`: who was
 * asked; what only the other side need not notice is not judged then.
 */
export function stale(outcomes: readonly Outcome[], by: 'tests' | 'simulation' | 'both'): readonly Accepted[] {
  const used = new Set(outcomes.map((each) => (missing(each) === undefined ? undefined : explained(each))));
  const files = new Set(outcomes.map(({ file }) => basename(file, '.ts')));
  const judged = ACCEPTED.filter(({ not }) => by === 'both' || not === (by === 'tests' ? 'nobody' : 'simulation'));
  return judged.filter((each) => files.has(each.file) && !used.has(each));
}

/** Whether what an entry names still stands in its file. */
export function stands({ place = '', code = '' }: Accepted, source: string): boolean {
  const names = place.split('.').filter((name) => name !== 'constructor');
  const line = source.split('\n').some((each) => each.includes(code));
  return line && names.every((name) => source.includes(name));
}

function fits({ file, place, code = '', change = '' }: Accepted, mutant: Mutant | Outcome): boolean {
  return (
    basename(mutant.file, '.ts') === file &&
    (place === undefined || mutant.place === place) &&
    mutant.code.includes(code) &&
    mutant.change.includes(change)
  );
}
