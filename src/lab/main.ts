import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import type { Check, LabResult } from './check.ts';
import { Neighbourhood } from './neighbourhood.ts';
import { OneWay } from './one-way.ts';
import {
  LAB_SETTLEMENTS,
  type LabSettlement,
  type Scenario,
  scenarioNamed,
  scenarioNames,
  settlementOf,
  usualScenario,
} from './scenario.ts';
import { Session } from './session.ts';
import { SilkRoad } from './silk-road.ts';
import { renderTable } from './table.ts';
import { type LabTerminal, painter, processTerminal } from './terminal.ts';

interface LabOptions {
  readonly once?: boolean;
  readonly json?: string;
  readonly seed: number;
  readonly scenario?: string;
  readonly sizeMb?: number;
  readonly settlement?: LabSettlement;
  readonly dir?: string;
  readonly keep?: boolean;
}

const MAX_SEED = 2 ** 31 - 1;
/** The origin makes the file as it is sent; hashing more than this beforehand takes longer than people wait. */
const MAX_SIZE_MB = 2_000;
/** As a shell reports a process ended by SIGINT. */
const INTERRUPTED = 130;

/** `wayleave lab` with its own options. Resolves to the exit code: 0 only when every check holds. Throws what stops it. */
export async function runLab(args: readonly string[], terminal: LabTerminal = processTerminal()): Promise<number> {
  let exitCode = 0;
  const command = labCommand(terminal).action(async (options: LabOptions) => {
    exitCode = await lab(options, terminal);
  });
  await command.parseAsync([...args], { from: 'user' });
  return exitCode;
}

export function labHelp(columns: number): string {
  return labCommand(processTerminal()).configureHelp({ helpWidth: columns }).helpInformation();
}

function labCommand(terminal: LabTerminal): Command {
  return new Command('wayleave lab')
    .description(
      'Runs a neighbourhood on this machine: five nodes, each a process of its own, that buy and sell internet access ' +
        'from each other, with a chain to settle on and a small web site that plays the internet.',
    )
    .helpOption('-h, --help', 'explain the command')
    .option('--once', 'download once at full speed, settle, check the books, and end; exit code 0 only if all is right')
    .option('--json <file>', 'write the result as JSON; - writes it to the standard output')
    .option('--scenario <name>', `which neighbourhood: ${scenarioNames().join(', ')}; barter has its own`)
    .addOption(new Option('--settlement <mode>', 'how they pay each other, else by cheque').choices(LAB_SETTLEMENTS))
    .option('--seed <number>', 'makes the file and the keys', whole(0, MAX_SEED), 1)
    .option('--size-mb <number>', 'size of the file, MB of 1,000,000 bytes', whole(1, MAX_SIZE_MB))
    .option('--dir <folder>', 'a new or empty folder to work in, which is kept')
    .option('--keep', 'keep the folder and name it')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: () => undefined });
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

async function lab(options: LabOptions, terminal: LabTerminal): Promise<number> {
  const { scenario, settlement } = playOf(options);
  const { once = false, json, seed, sizeMb, dir } = options;
  if (json !== undefined && json !== '-') checkWritable(json);
  const stop = new AbortController();
  const letGo = stopOnSignals(stop);
  const startedMs = performance.now();
  terminal.err(`${startingLine(scenario, settlement)}\n`);
  let running: Neighbourhood | undefined;
  try {
    const keep = options.keep === true || dir !== undefined;
    running = await Neighbourhood.start({
      scenario,
      seed,
      sizeMb,
      settlement,
      keep,
      shaped: !once,
      folder: dir,
      signal: stop.signal,
    });
    terminal.err(`Everything is up after ${((performance.now() - startedMs) / 1000).toFixed(1)} s.\n`);
    const result = await play(running, { once, terminal, stop });
    if (!result.ok) running.keepFolder();
    report(result, options, terminal);
    if (!result.ok || keep) terminal.err(`The folder of the lab: ${running.folder}\n`);
    return result.ok ? 0 : 1;
  } catch (error) {
    // Told to end before there was anything to settle.
    if (stop.signal.aborted && (once || running === undefined)) return INTERRUPTED;
    running?.keepFolder();
    throw error;
  } finally {
    await running?.close();
    letGo();
  }
}

function playOf({ scenario: name, settlement }: LabOptions): { scenario: Scenario; settlement: LabSettlement } {
  const scenario = scenarioNamed(name ?? usualScenario(settlement));
  return { scenario, settlement: settlementOf(scenario, settlement) };
}

function startingLine({ nodes }: Scenario, settlement: LabSettlement): string {
  const around = settlement === 'barter' ? ' and a web site for each' : ', a chain and a web site';
  return `Starting ${nodes.length} nodes${around} …`;
}

/** What the scenario is about, and then the books. */
async function play(
  lab: Neighbourhood,
  { once, terminal, stop }: { once: boolean; terminal: LabTerminal; stop: AbortController },
): Promise<LabResult> {
  const { scenario } = lab.options;
  const quit = (): void => stop.abort();
  const played = scenario.packets === undefined ? [] : await new SilkRoad(lab, terminal).run();
  const oneWay = lab.options.settlement === 'barter' ? new OneWay(lab) : undefined;
  const alone = oneWay && ((signal: AbortSignal) => oneWay.stopped(signal));
  const session = new Session({ lab, terminal, once, quit, signal: stop.signal, alone });
  const transfers = scenario.downloads.length === 0 ? [] : await session.run();
  terminal.err('Waiting until the books are quiet, taking in what was paid, stopping the nodes …\n');
  return withChecks(await lab.settle(transfers, once), [...played, ...(oneWay?.checks ?? [])]);
}

/** What was read on the way counts as what the books say at the end. */
function withChecks(result: LabResult, played: readonly Check[]): LabResult {
  const checks = [...played, ...result.checks];
  return { ...result, checks, ok: checks.every(({ ok }) => ok) };
}

/** Better said now than after the run. */
function checkWritable(file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch (cause) {
    throw new WayleaveError('LAB_RESULT_UNWRITABLE', { file }, cause);
  }
}

function report(result: LabResult, { json }: LabOptions, terminal: LabTerminal): void {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  const lines = renderTable(result, painter(terminal.colour && json !== '-'));
  const table = `\n${lines.join('\n')}\n`;
  if (json === '-') {
    terminal.err(table);
    terminal.out(text);
    return;
  }
  terminal.out(table);
  if (json === undefined) return;
  try {
    writeFileSync(json, text);
  } catch (cause) {
    throw new WayleaveError('LAB_RESULT_UNWRITABLE', { file: json }, cause);
  }
}

/** npm passes Ctrl-C on to a process that the terminal has told already: two signals so close are one. Milliseconds. */
const SAME_SIGNAL_MS = 500;

/** The first signal ends the lab in order, a later one at once (what it started is then killed by pid). */
function stopOnSignals(stop: AbortController): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let firstMs = Number.POSITIVE_INFINITY;
  const heard = (): void => {
    if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
    firstMs = Math.min(firstMs, performance.now());
    stop.abort();
  };
  for (const signal of signals) process.on(signal, heard);
  return () => {
    for (const signal of signals) process.off(signal, heard);
  };
}
