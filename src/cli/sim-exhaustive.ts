import { Command, InvalidArgumentError, Option } from 'commander';
import { type SearchResult, searchWorld, WORLDS } from '../sim/exhaustive.ts';
import { asTyped } from './program-name.ts';
import { answer, type CommandContext } from './terminal.ts';
import { textTable } from './text-table.ts';

interface ExhaustiveOptions {
  readonly depth: number;
  readonly states: number;
  readonly world?: string;
  readonly far?: boolean;
}

/** Enough for the greeting after a crash to be taken apart message by message, and a payment after it. */
const DEPTH = 12;
/** All worlds together then take some minutes. */
const STATES = 50_000;

/** `wayleave sim exhaustive` */
export function simExhaustiveCommand(context: CommandContext): Command {
  return new Command('exhaustive')
    .description(
      'Tries every order of charges, payments, lost messages, refused writes and one crash between two nodes, up to ' +
        'a depth, and checks the rules of the books after each. The shortest history that breaks one is printed.',
    )
    .option('--depth <actions>', 'how many actions after the first connection', count, DEPTH)
    .option('--states <number>', 'stop a world after this many distinct states', count, STATES)
    .addOption(new Option('--world <name>', 'only this world').choices(WORLDS.map(({ name }) => name)))
    .option('--far', 'having tried all within the depth, go on wherever histories lead, up to the states')
    .option('--json', 'answer in JSON')
    .action(async ({ depth, far = false, states, world }: ExhaustiveOptions) => {
      const worlds = WORLDS.filter(({ name }) => world === undefined || name === world);
      const results: SearchResult[] = [];
      for (const { name } of worlds) {
        results.push(await searchWorld(name, { depth, far, states, progress: (found) => progress(found, context) }));
      }
      const ok = results.every(({ violation }) => violation === undefined);
      const visited = results.reduce((sum, each) => sum + each.states, 0);
      answer(context, { ok, states: visited, worlds: results }, () => shown(results, visited, context));
      context.exit(ok ? 0 : 1);
    });
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

function progress({ world, states, depth }: SearchResult, { terminal, json }: CommandContext): void {
  if (terminal.isTty && !json) terminal.err(`\r${world}: ${states} states, depth ${depth}   `);
}

function shown(results: readonly SearchResult[], visited: number, { terminal }: CommandContext): string[] {
  const rows = results.map((each) => [
    each.world,
    String(each.states),
    String(each.actions),
    each.complete ? `${each.wholeDepth}, all of it` : String(each.wholeDepth),
    each.violation === undefined ? 'holds' : 'BROKEN',
  ]);
  const broken = results.flatMap(({ world, violation }) =>
    violation === undefined
      ? []
      : [
          '',
          `${world}: ${violation.law}`,
          ...violation.actions.map((action, at) => `  ${at + 1}. ${action}`),
          asTyped(`Again: wayleave sim exhaustive --world ${world} --depth ${violation.actions.length}`, terminal),
        ],
  );
  const table = textTable(['world', 'states>', 'actions>', 'whole to depth>', 'rules'], rows);
  return [...table, '', `${visited} distinct states.`, ...broken];
}
