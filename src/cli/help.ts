import { Argument, Command } from 'commander';
import { COMMANDS, type CommandEntry } from './commands.ts';
import { labHelp } from './lab.ts';
import { answer, type CommandContext, HELP_COLUMNS, helpColumns } from './terminal.ts';

/** Pages of the manual that are printed from the tables they describe. */
const PAGES: Readonly<Record<string, () => Promise<string>>> = {
  configuration: async () => (await import('../node/config-text.ts')).renderConfigManual(),
  metrics: async () => (await import('../api/metrics.ts')).renderMetricsManual(),
  commands: async () => (await import('./command-manual.ts')).renderCommandManual(),
};

/** `wayleave help` */
export function helpCommand(context: CommandContext): Command {
  const topics = [...COMMANDS.map(({ name }) => name), ...Object.keys(PAGES)];
  return new Command('help')
    .description('Explains a command, or prints a page of the manual: configuration, metrics, commands.')
    .addArgument(new Argument('[topic]', 'a command or a page').choices(topics))
    .option('--json', 'answer in JSON')
    .action(async (topic: string | undefined, _: object, command: Command) => {
      const text = await helpText(topic, command, context);
      answer(context, { topic, text }, () => [text.trimEnd()]);
    });
}

async function helpText(topic: string | undefined, command: Command, context: CommandContext): Promise<string> {
  const page = PAGES[topic ?? ''];
  if (page !== undefined) return page();
  const program = command.parent ?? command;
  const entry = COMMANDS.find(({ name }) => name === topic);
  if (entry === undefined)
    return `${program.helpInformation()}\nPages: wayleave help ${Object.keys(PAGES).join('|')}\n`;
  return helpOf(entry, context, helpColumns(context.terminal));
}

/** All that the command prints when it is asked with `--help`. */
export async function helpOf(entry: CommandEntry, context: CommandContext, columns = HELP_COLUMNS): Promise<string> {
  if (entry.name === 'lab') return labHelp(columns);
  const command = await entry.load(context);
  // Hung under the program, so that its usage line names both.
  new Command('wayleave').enablePositionalOptions().addCommand(command);
  let text = '';
  const writeOut = (each: string): void => void (text += each);
  command.configureOutput({ writeOut, getOutHelpWidth: () => columns }).outputHelp();
  return text;
}
