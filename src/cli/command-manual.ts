import { COMMANDS } from './commands.ts';
import { helpOf } from './help.ts';
import type { CommandContext } from './terminal.ts';
import { processTerminal } from './terminal.ts';

/** `docs/commands.md`. */
export async function renderCommandManual(): Promise<string> {
  const context: CommandContext = { terminal: processTerminal(), json: false, exit: () => {} };
  const parts = [
    '# Commands',
    '',
    '*Printed from `src/cli/` by `wayleave help commands`; a test keeps them equal.* In a clone of the repository the',
    'program is `./bin/wayleave`.',
    '',
    'Every command takes `--help` and `--json`. What was asked for goes to stdout, everything else to stderr. An error is',
    'one line `error CODE: what happened` and one `try: what to do`, with `--json` one object `{ok, code, message, remedy,',
    'details}`. Exit codes: 0 done, 1 failed, 2 asked for wrongly. Colour only on a terminal, and never with `NO_COLOR`.',
    '',
  ];
  for (const entry of COMMANDS) {
    parts.push(`## wayleave ${entry.name}`, '', '```', (await helpOf(entry, context)).trimEnd(), '```', '');
  }
  return `${parts.join('\n').trimEnd()}\n`;
}
