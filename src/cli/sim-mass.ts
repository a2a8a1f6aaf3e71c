import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import { MASS_USUAL, type MassOutcome, type MassRun, massLinks, massNodes, runMass } from '../sim/mass-run.ts';
import { asTyped } from './program-name.ts';
import { answer, type CommandContext, painter } from './terminal.ts';
import { textTable } from './text-table.ts';

/** Numbers as they were typed; what they mean is for `sim/` to judge. */
type MassOptions = Record<Exclude<keyof MassRun, 'links'>, number> & {
  readonly links?: number;
  readonly delay: number;
  readonly breaks: number;
  readonly statements: number;
  readonly json?: string | true;
};

/** `wayleave sim mass` */
export function simMassCommand(context: CommandContext): Command {
  const usual = MASS_USUAL;
  return new Command('mass')
    .description(
      'Runs many nodes for hours of virtual time on the rules alone: every session, account, payment and limit as in ' +
        'production, but no bytes, disks, signatures or crashes. The rules of the books are looked at after every step; ' +
        'a run that breaks one prints the state, and the line that runs it again.',
    )
    .option('--nodes <number>', 'how many', Number, usual.nodes)
    .option('--links <number>', `links of each node (default: ${usual.links}, or all there can be)`, Number)
    .option('--seconds <number>', 'of virtual time', Number, usual.seconds)
    .option('--rate <number>', 'charges a second on each link', Number, usual.rate)
    .option('--bytes <number>', 'the mean of what one charge is for', Number, usual.bytes)
    .option('--free-riders <percent>', 'nodes that take, and neither pay nor give', Number, usual.freeRiders)
    .option('--delay <ms>', 'how long a message is under way, on average', Number, usual.delayMs)
    .option('--breaks <number>', 'how often a link breaks in an hour, with all that is under way', Number, 0)
    .option('--statements <seconds>', 'how often totals are stated; 0 for never', Number, usual.statementSeconds)
    .option('--seed <number>', 'everything follows from it', Number, usual.seed)
    .option('--json [file]', 'answer in JSON, to a file or to standard output')
    .action((options: MassOptions) => context.exit(simulate(options, context)));
}

function simulate(options: MassOptions, context: CommandContext): number {
  const { bytes, freeRiders, links, nodes, rate, seconds, seed } = options;
  const run: MassRun = {
    ...{ bytes, freeRiders, nodes, rate, seconds, seed },
    ...(links !== undefined && { links }),
    delayMs: options.delay,
    breaksPerHour: options.breaks,
    statementSeconds: options.statements,
  };
  const outcome = runMass(run, { progress: (part) => showProgress(part, context) });
  write(outcome, options, context);
  return outcome.broken === undefined ? 0 : 1;
}

function showProgress(part: number, { terminal, json }: CommandContext): void {
  if (!terminal.isTty || json) return;
  const filled = Math.round(part * 30);
  terminal.err(
    `\r${'█'.repeat(filled)}${'░'.repeat(30 - filled)} ${Math.round(part * 100)} %${part === 1 ? '\n' : ''}`,
  );
}

function write(outcome: MassOutcome, { json }: MassOptions, context: CommandContext): void {
  const text = (): string[] => shown(outcome, context);
  if (typeof json !== 'string' || json === '-') return answer(context, report(outcome), text);
  try {
    writeFileSync(json, `${JSON.stringify(report(outcome), null, 2)}\n`);
  } catch (cause) {
    throw new WayleaveError('FILE_UNWRITABLE', { file: json }, cause);
  }
  context.terminal.out(`${text().join('\n')}\n`);
}

function report({ world, ...outcome }: MassOutcome): object {
  const { broken, cpuSeconds, settings, steps } = outcome;
  return {
    schema: 1,
    scenario: 'sim mass',
    seed: settings.seed,
    ok: broken === undefined,
    nodes: massNodes(world),
    links: massLinks(world),
    checks: [{ id: 'broken rules', expected: 0, actual: broken === undefined ? 0 : 1, ok: broken === undefined }],
    ...outcome,
    stepsPerCpuSecond: Math.round(steps / cpuSeconds),
  };
}

function shown(outcome: MassOutcome, context: CommandContext): string[] {
  const { broken, counts, cpuSeconds, exposure, freeRiders, risk, settings, steps } = outcome;
  const paint = painter(context.terminal);
  const part = ({ units, limit }: { units: number; limit: number }) =>
    `${units} of ${limit} units (${Math.round((units * 100) / limit)} %)`;
  const rows = [
    ['nodes, links', `${settings.nodes}, ${(settings.nodes * settings.links) / 2}`],
    ['virtual time', `${settings.seconds} s`],
    ...Object.entries(NAMES).map(([name, words]) => [words, String(counts[name])]),
    ['greatest exposure', part(exposure)],
    ['most held uncashed', part(risk)],
    ...(freeRiders.nodes === 0 ? [] : [['free-riders', riders(outcome)]]),
    ['steps', `${steps} in ${cpuSeconds.toFixed(1)} CPU-seconds`],
    ['steps per CPU-second', String(Math.round(steps / cpuSeconds))],
    ['charges per CPU-second', String(Math.round(Number(counts['charges']) / cpuSeconds))],
  ];
  const verdict =
    broken === undefined
      ? [paint('green', 'Every rule held after every step, and at the end the whole adds up.')]
      : [paint('red', `A rule was broken. ${broken.what}`)];
  return [
    ...textTable(['what', 'how much'], rows),
    '',
    ...verdict,
    `Again: ${asTyped(outcome.replay, context.terminal)}`,
  ];
}

function riders({ freeRiders }: MassOutcome): string {
  const { choked, limitUnits, lostUnits, nodes, owing } = freeRiders;
  return `${nodes}: they owe on ${owing} links, are stopped on ${choked}, and got away with ${lostUnits} of at most ${limitUnits} units`;
}

/** The counts that people are told, in this order. */
const NAMES: Readonly<Record<string, string>> = {
  charges: 'charges',
  bytes: 'bytes',
  refused: 'wants refused',
  slowed: 'wants cut short',
  payments: 'payments',
  paidUnits: 'paid, units',
  cashings: 'cheques cashed',
  throttles: 'slowed for debt',
  chokes: 'choked',
  statements: 'statements compared',
  breaks: 'connections broken',
  writtenOff: 'written off, units',
  creditSteps: 'changes of credit',
  looks: 'looks of the rules',
};
