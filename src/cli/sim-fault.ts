import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { CHEATS } from '../sim/cheats.ts';
import { FAULT_RULES } from '../sim/fault-rules.ts';
import { type FaultOutcome, type FaultRun, leastNodes, replayLine, runFaults } from '../sim/fault-run.ts';
import { type FaultRunsResult, runManyFaults } from '../sim/fault-runs.ts';
import { type FaultTrace, faultTrace } from '../sim/fault-trace.ts';
import { FAULTS } from '../sim/faults.ts';
import { minimise } from '../sim/minimise.ts';
import { asTyped } from './program-name.ts';
import { answer, type CommandContext, painter } from './terminal.ts';
import { textTable } from './text-table.ts';

interface FaultOptions {
  readonly seed: number;
  readonly seeds: number;
  readonly steps: number;
  readonly nodes?: number;
  readonly cheats: readonly string[];
  readonly faults?: readonly string[];
  readonly without?: readonly number[];
  readonly forever?: boolean;
  readonly minimise: boolean;
  readonly wholeTrace?: boolean;
  readonly json?: string | true;
}

/** Machines of a run, where its cheats need no more. */
const NODES = 4;
/** A soak goes on in portions, each of so many seeds. */
const SOAK_SEEDS = 200;
/** As a shell reports a program ended by Ctrl-C: fewer runs than were asked for. */
const INTERRUPTED = 130;

/** `wayleave sim fault` */
export function simFaultCommand(context: CommandContext): Command {
  return new Command('fault')
    .description(
      'Runs neighbourhoods of production nodes in virtual time, under faults of network, processes, disks and chain ' +
        'and beside cheats, and looks at the rules of the books after every step. A run that breaks one is made small ' +
        'and printed, with the line that runs it again.',
    )
    .option('--seed <number>', 'the first run; everything in a run follows from its seed', whole(0), freshSeed())
    .option('--seeds <number>', 'so many runs, a worker on each core', whole(1), 1)
    .option('--steps <number>', 'events of each run before it comes to rest', whole(1), 10_000)
    .option(
      '--nodes <number>',
      `machines, cheats among them (default: ${NODES}, or as many as the cheats need)`,
      whole(2),
    )
    .option(
      '--cheats <names>',
      `all (one in each run), none, or of: ${CHEATS.map(({ name }) => name).join(', ')}`,
      cheatNames,
      ['all'],
    )
    .option(
      '--faults <names>',
      `all, none, or of: network, process, disk, chain, clock, ${FAULTS.map(({ name }) => name).join(', ')}`,
      faultNames,
    )
    .option('--without <numbers>', 'faults to leave out, by their numbers in the trace', numbers)
    .option('--forever', 'go on with new seeds until stopped, or until a rule breaks')
    .option('--no-minimise', 'print a run that broke a rule as it was')
    .option('--whole-trace', 'print all that was said in a run that broke a rule, not only about those it accuses')
    .option('--json [file]', 'answer in JSON, to a file or to standard output')
    .action(async (options: FaultOptions) => {
      context.exit(await simulate(options, context));
    });
}

/** Ctrl-C lets the runs that are under way end, and what was found until then is reported; once more ends at once. */
async function simulate(options: FaultOptions, context: CommandContext): Promise<number> {
  const stop = new AbortController();
  const interrupted = (): void => {
    stop.abort();
    context.terminal.err('\nStopping; once more ends at once.\n');
  };
  process.once('SIGINT', interrupted);
  try {
    return await simulateUntil(stop.signal, options, context);
  } finally {
    process.off('SIGINT', interrupted);
  }
}

async function simulateUntil(stop: AbortSignal, options: FaultOptions, context: CommandContext): Promise<number> {
  const { seed, seeds, steps, cheats, faults, without } = options;
  const nodes = enoughNodes(options);
  const first: FaultRun = { seed, steps, nodes, cheats, faults, without };
  let result: FaultRunsResult;
  let from = seed;
  do {
    const portion = options.forever === true ? SOAK_SEEDS : seeds;
    const progress = (done: FaultRunsResult): void => showProgress(done, portion, context);
    result = await runManyFaults({
      first: { ...first, seed: from },
      seeds: portion,
      stopAtFailure: options.forever === true,
      progress,
      failed: ({ broken, run }) => {
        if (portion > 1) context.terminal.err(`${broken?.rule}: ${again(run, context)}\n`);
      },
      stop,
    });
    from += portion;
    if (options.forever === true) context.terminal.err(`${lines(result).join('\n')}\n`);
  } while (options.forever === true && result.failures.length === 0 && !stop.aborted);
  const worst = result.failures[0];
  const small =
    worst === undefined || !options.minimise || stop.aborted
      ? worst
      : (await minimise(worst, { progress: (tries) => minimising(tries, context) })).outcome;
  const trace = small && (await faultTrace(small, options.wholeTrace));
  const single = seeds === 1 ? await lastOutcome(result, first) : undefined;
  write(report({ first, result, small, trace, single }, context), options, context, () => [
    ...lines(result),
    ...failureLines(result, small, trace, context),
  ]);
  if (result.failures.length > 0) return 1;
  return stop.aborted && options.forever !== true ? INTERRUPTED : 0;
}

/** A single run is told of node by node. */
async function lastOutcome(result: FaultRunsResult, run: FaultRun): Promise<FaultOutcome> {
  return result.failures[0] ?? (await runFaults(run));
}

interface Found {
  readonly first: FaultRun;
  readonly result: FaultRunsResult;
  readonly small: FaultOutcome | undefined;
  readonly trace: FaultTrace | undefined;
  readonly single: FaultOutcome | undefined;
}

function report(found: Found, context: CommandContext): object {
  const { first, result, single, small, trace } = found;
  const { coverage, runsWith, failures, ...figures } = result;
  return {
    schema: 1,
    scenario: 'sim fault',
    seed: first.seed,
    ok: failures.length === 0,
    nodes: single?.nodes.map(({ name, lives }) => ({ name, lives })) ?? [],
    links: single?.nodes.flatMap(({ name, links }) => links.map((link) => ({ node: name, ...link }))) ?? [],
    checks: FAULT_RULES.map((rule) => {
      const actual = failures.filter(({ broken }) => broken?.rule === rule).length;
      return { id: rule, expected: 0, actual, ok: actual === 0 };
    }),
    run: first,
    ...figures,
    stepsPerCpuSecond: Math.round(figures.steps / figures.cpuSeconds),
    coverage,
    runsWith,
    failures: failures.map(({ run, broken }) => ({ ...broken, replay: again(run, context) })),
    minimised:
      small === undefined
        ? undefined
        : { ...small.broken, replay: again(small.run, context), trace: trace?.lines, leftOut: trace?.leftOut },
  };
}

function write(found: object, { json }: FaultOptions, context: CommandContext, text: () => readonly string[]): void {
  if (typeof json === 'string' && json !== '-') {
    writeFileSync(json, `${JSON.stringify(found, null, 2)}\n`);
    context.terminal.out(`${text().join('\n')}\n`);
  } else answer(context, found, text);
}

function showProgress(
  { runs, steps, failures }: FaultRunsResult,
  of: number,
  { terminal, json }: CommandContext,
): void {
  if (!terminal.isTty || json || of === 1) return;
  const filled = Math.round((runs / of) * 30);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}`;
  terminal.err(
    `\r${bar} ${runs} of ${of} runs, ${steps} steps${failures.length > 0 ? `, ${failures.length} BROKEN` : ''} `,
  );
  if (runs === of) terminal.err('\n');
}

function minimising(tries: number, { terminal, json }: CommandContext): void {
  if (terminal.isTty && !json) terminal.err(`\rmaking it small: ${tries} runs `);
}

function lines(result: FaultRunsResult): string[] {
  const { coverage, least, runs, runsWith, steps, charges, virtualMs, cpuSeconds } = result;
  const rows = [...coverage.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, times]) => [name, String(times)]);
  return [
    ...textTable(['what happened', 'times>'], rows),
    '',
    `${runs === 1 ? '1 run' : `${runs} runs`}, of them with a crash ${runsWith.of('crash')}, a chain in trouble ${runsWith.of('chain')}, a cheat ${runsWith.of('cheat')}; ` +
      `in each at least ${least['crash'] ?? 0}, ${least['chain'] ?? 0} and ${least['cheat'] ?? 0} times.`,
    `${steps} steps, ${charges} charges, ${Math.round(virtualMs / 1000)} s of virtual time in ${cpuSeconds.toFixed(1)} CPU-seconds: ` +
      `${Math.round(steps / cpuSeconds)} steps per CPU-second.`,
  ];
}

function failureLines(
  { failures, runs }: FaultRunsResult,
  small: FaultOutcome | undefined,
  trace: FaultTrace | undefined,
  context: CommandContext,
): string[] {
  const paint = painter(context.terminal);
  if (small === undefined) return [paint('green', 'Every rule held after every step.')];
  return [
    '',
    paint('red', `${failures.length} of ${runs} runs broke a rule.`),
    ...failures.slice(1, 10).map(({ run, broken }) => `  ${broken?.rule}: ${again(run, context)}`),
    '',
    ...(trace?.lines ?? []),
    ...leftOutLines(trace, again(small.run, context)),
    '',
    paint('red', String(small.broken?.what)),
    `Again: ${again(small.run, context)}`,
  ];
}

/** A cheat that finds no place would not play, and every rule would seem to hold against it. */
function enoughNodes({ cheats, nodes }: FaultOptions): number {
  const least = leastNodes(cheats);
  if (nodes !== undefined && nodes < least)
    throw new InvalidArgumentError(`--nodes ${nodes} is too few: ${cheats.join(', ')} need ${least}.`);
  return nodes ?? Math.max(NODES, least);
}

/** The command that runs it again, to be pasted. */
function again(run: FaultRun, { terminal }: CommandContext): string {
  return asTyped(replayLine(run), terminal);
}

function leftOutLines(trace: FaultTrace | undefined, command: string): string[] {
  if (trace === undefined || trace.leftOut === 0) return [];
  return [`${trace.leftOut} other lines were left out; all: ${command} --no-minimise --whole-trace`];
}

/** Seeds that nobody chose; printed, so that they can be chosen. */
function freshSeed(): number {
  return Math.floor(Date.now() / 1000) % 1_000_000_000;
}

function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number from ${least} up.`);
    return value;
  };
}

function numbers(text: string): number[] {
  return text.split(',').map(whole(0));
}

function cheatNames(text: string): string[] {
  if (text === 'none') return [];
  return text === 'all'
    ? ['all']
    : [
        ...new Set(
          known(
            text,
            CHEATS.map(({ name }) => name),
          ),
        ),
      ];
}

function faultNames(text: string): string[] | undefined {
  if (text === 'all') return undefined;
  if (text === 'none') return [];
  return known(
    text,
    FAULTS.flatMap(({ name, group }) => [name, group]),
  );
}

function known(text: string, names: readonly string[]): string[] {
  const given = text.split(',').map((each) => each.trim());
  const wrong = given.find((each) => !names.includes(each));
  if (wrong !== undefined) throw new InvalidArgumentError(`“${wrong}” is none of ${[...new Set(names)].join(', ')}.`);
  return given;
}
