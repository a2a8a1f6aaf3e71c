import { basename } from 'node:path';
import { REASONS } from './accepted/reasons.ts';
import { explained, isNoticed, missing, stale, waiver } from './accepted.ts';
import type { Mutant, Outcome } from './mutant.ts';
import type { Options } from './options.ts';

/**
 * What was found about mechanical mutants. True: everything that went unnoticed is explained. `waived`: what need not be
 * noticed. `judged`: by whom those were tried too, so that entries which explain nothing can be named.
 */
export function report(
  outcomes: readonly Outcome[],
  waived: readonly Mutant[],
  judged: Options['by'] | 'none',
): boolean {
  for (const line of table(outcomes)) console.log(line);
  const open = outcomes.filter((each) => missing(each) !== undefined && explained(each) === undefined);
  for (const each of open)
    console.log(`UNEXPLAINED ${whose(each)}: ${each.file}:${each.line} ${each.place} ${each.change}`);
  const old = judged === 'none' ? [] : stale(outcomes, judged);
  for (const { file, place = '', code = '', change = '' } of old)
    console.log(`STALE in accepted/list.ts: ${file} ${place} ${code} ${change} explains nothing any more`);
  for (const line of reasons(waived)) console.log(line);
  console.log(`${open.length} open.`);
  return open.length === 0;
}

function whose(outcome: Outcome): string {
  const what = missing(outcome);
  return what === 'nobody' ? 'nobody noticed' : what === 'tests' ? 'no unit test noticed' : 'simulation did not notice';
}

const COLUMNS = ['tried', 'tests', 'simulation', 'endless', 'nobody', 'left out', 'both', 'one'] as const;

/** By file: who noticed first; and of rules left out, how many both sides noticed. */
function table(outcomes: readonly Outcome[]): string[] {
  const rows = new Map<string, Record<(typeof COLUMNS)[number], number>>();
  for (const outcome of outcomes) {
    for (const name of [basename(outcome.file), 'all']) {
      const row = rows.get(name) ?? {
        tried: 0,
        tests: 0,
        simulation: 0,
        endless: 0,
        nobody: 0,
        'left out': 0,
        both: 0,
        one: 0,
      };
      rows.set(name, row);
      row.tried += 1;
      row[firstToNotice(outcome)] += 1;
      if (outcome.deletion) row['left out'] += 1;
      if (outcome.deletion && isNoticed(outcome.tests) && isNoticed(outcome.simulation)) row.both += 1;
      if (outcome.deletion && isNoticed(outcome.tests) !== isNoticed(outcome.simulation)) row.one += 1;
    }
  }
  const { all, ...files } = Object.fromEntries(rows);
  const ordered = [...Object.entries(files), ...(all === undefined ? [] : [['all', all] as const])];
  const line = (name: string, cells: readonly (string | number)[]): string =>
    `${name.padEnd(24)}${cells.map((cell) => String(cell).padStart(11)).join('')}`;
  return [
    '',
    line('', COLUMNS),
    ...ordered.map(([name, row]) =>
      line(
        name,
        COLUMNS.map((column) => row[column]),
      ),
    ),
    '',
  ];
}

function firstToNotice({ tests, simulation }: Outcome): 'tests' | 'simulation' | 'endless' | 'nobody' {
  if (isNoticed(tests)) return tests.by === 'endless' ? 'endless' : 'tests';
  if (!isNoticed(simulation)) return 'nobody';
  return simulation.by === 'endless' ? 'endless' : 'simulation';
}

function reasons(waived: readonly Mutant[]): string[] {
  const counts = new Map<string, number>();
  for (const mutant of waived) {
    const entry = waiver(mutant);
    if (entry === undefined) continue;
    const key = `${entry.not === 'nobody' ? 'by nobody' : 'not by simulation'}: ${REASONS[entry.why]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const all = `${waived.length} need not be noticed, or not by both:`;
  const each = [...counts].toSorted(([a], [b]) => a.localeCompare(b));
  return [all, ...each.map(([why, count]) => `${String(count).padStart(5)}  ${why}`)];
}
