import { Command, InvalidArgumentError } from 'commander';
import { compareNewcomers, megabytes, type Newcomer, perEffort } from '../sim/newcomers.ts';
import { answer, type CommandContext } from './terminal.ts';
import { textTable } from './text-table.ts';

interface NewcomersCommandOptions {
  readonly seed: number;
  readonly minutes: number;
}

const MINUTE_MS = 60_000;

/** `wayleave sim newcomers` */
export function simNewcomersCommand(context: CommandContext): Command {
  return new Command('newcomers')
    .description(
      'Lets two strangers want the same of a seller with the usual credit: one pays, the other takes what a new key ' +
        'gets, pays nothing and comes again under another key. Prints what each gets for its effort.',
    )
    .option('--seed <number>', 'everything follows from it', whole, 1)
    .option('--minutes <number>', 'of virtual time', whole, 10)
    .option('--json', 'answer in JSON')
    .action(async ({ seed, minutes }: NewcomersCommandOptions) => {
      const lastsMs = minutes * MINUTE_MS;
      const found = await compareNewcomers({ seed, lastsMs });
      const newcomers = found.map((each) => ({ ...each, ...perEffort(each, lastsMs) }));
      const [honest, cheat] = newcomers;
      const ok =
        honest !== undefined && cheat !== undefined && cheat.perKey < honest.perKey && cheat.perHour < honest.perHour;
      answer(context, { schema: 1, scenario: 'sim newcomers', seed, ok, minutes, newcomers }, () => shown(newcomers));
      context.exit(ok ? 0 : 1);
    });
}

function shown(newcomers: readonly (Newcomer & ReturnType<typeof perEffort>)[]): string[] {
  const rows = newcomers.map(({ name, keys, bytes, charged, paid, perKey, perHour }) => [
    name,
    String(keys),
    megabytes(bytes),
    `${charged === 0 ? 0 : Math.round((paid * 100) / charged)} %`,
    megabytes(perKey),
    megabytes(perHour),
  ]);
  return textTable(['who', 'keys>', 'MB got>', 'paid for>', 'MB a key>', 'MB an hour>'], rows);
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
