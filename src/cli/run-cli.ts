import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { COMMANDS } from './commands.ts';
import { asTyped } from './program-name.ts';
import { reportError } from './report-error.ts';
import { type CommandContext, helpColumns, type Terminal } from './terminal.ts';

/** Runs one command line (without the program's name). Resolves to the exit code and never rejects. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const exit = (code: number): void => {
    exitCode = code;
  };
  const context: CommandContext = { terminal, json: args.includes('--json'), exit };
  try {
    const program = await buildProgram(args, context);
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportError(error, context);
  }
}

/** The whole program; of its commands only the one that is called for is loaded, the others are named. */
async function buildProgram(args: readonly string[], context: CommandContext): Promise<Command> {
  const wanted = args.find((each) => !each.startsWith('-'));
  const program = rootCommand(context.terminal);
  for (const entry of COMMANDS) {
    const command = entry.name === wanted ? await entry.load(context) : new Command(entry.name);
    program.addCommand(command.summary(entry.summary).description(command.description() || entry.summary));
  }
  if (wanted === undefined) program.action(() => program.outputHelp());
  adopt(program, context);
  return program;
}

function rootCommand(terminal: Terminal): Command {
  return new Command('wayleave')
    .description('Buy and sell bandwidth with your neighbours on the network, hop by hop.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand(false)
    .enablePositionalOptions()
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      asTyped(
        '\nNew here?  wayleave lab    shows five nodes trading.  wayleave init    makes a node of your own.',
        terminal,
      ),
    );
}

/** Commander prints nothing by itself and never ends the process. */
function adopt(command: Command, context: CommandContext): void {
  const { terminal } = context;
  command.exitOverride().configureOutput({
    writeOut: (text) => terminal.out(text),
    writeErr: () => {},
    getOutHelpWidth: () => helpColumns(terminal),
  });
  for (const each of command.commands) adopt(each, context);
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
