import { Command } from 'commander';
import { simExhaustiveCommand } from './sim-exhaustive.ts';
import { simFaultCommand } from './sim-fault.ts';
import { simMassCommand } from './sim-mass.ts';
import { simNewcomersCommand } from './sim-newcomers.ts';
import { simReplayCommand } from './sim-replay.ts';
import { simRunCommand } from './sim-run.ts';
import { simTraceCommand } from './sim-trace.ts';
import type { CommandContext } from './terminal.ts';

/** `wayleave sim`: the production code in worlds where everything that can go wrong does. */
export function simCommand(context: CommandContext): Command {
  return new Command('sim')
    .description('Tries the production code in simulated worlds where everything that can go wrong does.')
    .enablePositionalOptions()
    .addCommand(simRunCommand(context))
    .addCommand(simFaultCommand(context))
    .addCommand(simExhaustiveCommand(context))
    .addCommand(simMassCommand(context))
    .addCommand(simTraceCommand(context))
    .addCommand(simReplayCommand(context))
    .addCommand(simNewcomersCommand(context));
}
