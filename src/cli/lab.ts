import { Command } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import type { CommandContext } from './terminal.ts';

/** What `src/lab/main.ts` offers: runs the lab with its own options, resolves to the exit code. */
interface Lab {
  runLab(args: readonly string[]): Promise<number>;
  /** Its options, in lines of so many columns. */
  labHelp(columns: number): string;
}

export async function labHelp(columns: number): Promise<string> {
  return (await loadLab()).labHelp(columns);
}

/** `wayleave lab`. The lab is a face of its own, on the same floor: it is handed the command line as it stands. */
export function labCommand(context: CommandContext): Command {
  return new Command('lab')
    .description('Runs a neighbourhood of five nodes on this machine that really trade, until Ctrl-C.')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .argument('[options...]', 'wayleave lab --help names them')
    .action(async (args: readonly string[]) => {
      const { runLab } = await loadLab();
      context.exit(await runLab(args));
    });
}

async function loadLab(): Promise<Lab> {
  const file = new URL(`../lab/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  try {
    return (await import(file.href)) as Lab;
  } catch (cause) {
    const missing =
      (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' && String(cause).includes(file.pathname);
    throw missing ? new WayleaveError('LAB_MISSING', {}, cause) : cause;
  }
}
