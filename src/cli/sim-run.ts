import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import { runScenario, type ScenarioResult } from '../sim/run-scenario.ts';
import { parseScenario } from '../sim/scenario-format.ts';
import { answer, type CommandContext, painter } from './terminal.ts';
import { textTable } from './text-table.ts';
import { wholeFrom } from './whole-number.ts';

/** `wayleave sim run FILE` */
export function simRunCommand(context: CommandContext): Command {
  return new Command('run')
    .description(
      'Runs a network of carriers from a scenario file (docs/packets.md) and prints what every link counter and every ' +
        'node came to. The exit code is 1 where an expectation of the file is not met.',
    )
    .argument('<file>', 'for example examples/silk-road.json')
    .option(
      '--seed <number>',
      'another run of the same scenario: ids differ, amounts must not',
      wholeFrom(1, Number.MAX_SAFE_INTEGER),
      1,
    )
    .option('--json', 'answer in JSON')
    .action(async (file: string, { seed }: { seed: number }) => {
      const result = await runScenario(parseScenario(await text(file)), seed);
      answer(context, result, () => shown(result, context));
      context.exit(result.ok ? 0 : 1);
    });
}

async function text(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new WayleaveError('SCENARIO_INVALID', { where: file, why: 'cannot be read' }, cause);
  }
}

function shown({ scenario, links, nodes, checks }: ScenarioResult, context: CommandContext): string[] {
  const paint = painter(context.terminal);
  const owes = links.map(({ a, b, counter, peak, settlements, settled }) => {
    const who = counter === 0 ? `${a} and ${b} are even` : counter > 0 ? `${a} owes ${b}` : `${b} owes ${a}`;
    return [`${a}–${b}`, String(counter), who, String(peak), String(settlements), String(settled)];
  });
  const failed = checks.filter(({ ok }) => !ok);
  return [
    paint('bold', scenario),
    '',
    ...textTable(['link', 'counter>', '', 'peak>', 'settlements>', 'settled>'], owes),
    '',
    ...textTable(
      ['node', 'net>', 'delivered>', 'refused>'],
      nodes.map(({ name, net, delivered, refused }) => [name, String(net), String(delivered), String(refused)]),
    ),
    '',
    ...failed.map(({ id, expected, actual }) => paint('red', `${id}: expected ${expected}, is ${actual}`)),
    `${checks.length - failed.length} of ${checks.length} checks hold.`,
  ];
}
