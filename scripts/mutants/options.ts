import { parseArgs } from 'node:util';

export const HELP = `Puts bugs into a copy of the code, one at a time, and sees whether something notices (docs/mutants.md).

  npm run mutants                    every bug made by hand, to be noticed by simulation
  npm run mutants -- --all           mechanical ones of every line of the rules too; goes on where it was stopped
  npm run mutants -- --mechanical    only those
  npm run mutants -- --patch FILE    somebody's unified diff

  --only NAME     those whose name or file has NAME in it; several with a comma between them
  --left-out      only mechanical ones that leave a rule out
  --by WHOM       mechanical ones are tried only by tests, or simulation; what is found is kept for a whole run
  --minutes N     starts none after N minutes; the same command goes on there
  --workers N     at a time (1)
  --rounds N      of simulation, 1 to 3 (1); 0: stories alone, which takes seconds
  --accepted      tries what may go unnoticed too, and tells what does not
  --fresh         forgets what was found before
  --figures       tries nothing, and counts what there is to try
  --json FILE     writes all that was found
  --help          this

Exit code 0: every bug made by hand was noticed, and every mechanical one was noticed or is explained in
scripts/mutants/accepted/list.ts (--patch: it was noticed). 1: not so, or not all was tried. 2: it could not be run.
130: stopped; what was found is kept.
`;

export interface Options {
  readonly all: boolean;
  readonly mechanical: boolean;
  readonly leftOut: boolean;
  readonly accepted: boolean;
  readonly figures: boolean;
  readonly by: 'tests' | 'simulation' | 'both';
  readonly patch: string | undefined;
  readonly only: string | undefined;
  readonly fresh: boolean;
  readonly minutes: number;
  readonly workers: number;
  readonly rounds: number;
  readonly json: string | undefined;
}

/** What the command line says; a text where it says something wrong, or asks for help. */
export function readOptions(args: readonly string[]): Options | { readonly help: true } | { readonly wrong: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        all: { type: 'boolean', default: false },
        mechanical: { type: 'boolean', default: false },
        'left-out': { type: 'boolean', default: false },
        accepted: { type: 'boolean', default: false },
        figures: { type: 'boolean', default: false },
        by: { type: 'string', default: 'both' },
        patch: { type: 'string' },
        only: { type: 'string' },
        fresh: { type: 'boolean', default: false },
        minutes: { type: 'string', default: '100000' },
        workers: { type: 'string', default: '1' },
        rounds: { type: 'string', default: '1' },
        json: { type: 'string' },
      },
    });
    if (values.help) return { help: true };
    const { accepted, all, figures, mechanical, patch, only, fresh, json } = values;
    return {
      ...{ accepted, all, figures, mechanical, patch, only, fresh, json, leftOut: values['left-out'] },
      by: side(values.by),
      minutes: number('minutes', values.minutes, { most: 100_000 }),
      workers: number('workers', values.workers, { most: 64 }),
      rounds: number('rounds', values.rounds, { least: 0, most: 3 }),
    };
  } catch (error) {
    // Node's advice on how to pass what begins with a dash helps nobody here.
    return { wrong: error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error) };
  }
}

function side(text: string): Options['by'] {
  if (text === 'tests' || text === 'simulation' || text === 'both') return text;
  throw new Error(`--by takes tests, simulation or both, not ${text}`);
}

function number(
  name: string,
  text: string,
  { least = Number.MIN_VALUE, most }: { least?: number; most: number },
): number {
  const value = text === '' ? Number.NaN : Number(text);
  if (!(value >= least && value <= most)) throw new Error(`--${name} takes a number up to ${most}, not ${text}`);
  return name === 'minutes' ? value : Math.ceil(value);
}
