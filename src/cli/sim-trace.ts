import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import { recordTrace } from '../sim/trace.ts';
import { MOST_NODES, traceText } from '../sim/trace-format.ts';
import type { CommandContext } from './terminal.ts';

interface TraceChoice {
  readonly seed: number;
  readonly nodes: number;
  readonly steps: number;
  readonly kills: number;
}

/** `wayleave sim trace [FILE]` */
export function simTraceCommand(context: CommandContext): Command {
  return new Command('trace')
    .description(
      'Runs nodes in a line in virtual time that trade, pay by cheque and are killed, one step at a time, and writes ' +
        'down the steps and the books they came to: for wayleave sim replay.',
    )
    .argument('[file]', 'default: standard output')
    .option('--seed <number>', 'everything in it follows from its seed', whole(0), 11)
    .option('--nodes <number>', 'in a line', whole(2, MOST_NODES), 3)
    .option('--steps <number>', 'wants of one node of another', whole(1, 10_000), 60)
    .option('--kills <number>', 'processes killed in between', whole(0, 1_000), 2)
    .action(async (file: string | undefined, { kills, nodes, seed, steps: count }: TraceChoice) => {
      const text = traceText(await recordTrace({ seed, nodes, count, kills }));
      if (file === undefined || file === '-') return context.terminal.out(text);
      try {
        writeFileSync(file, text);
      } catch (cause) {
        throw new WayleaveError('FILE_UNWRITABLE', { file }, cause);
      }
    });
}

function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
