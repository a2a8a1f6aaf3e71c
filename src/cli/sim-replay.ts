import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import { type ReplayOutcome, replayTrace } from '../sim/replay-trace.ts';
import type { Trace } from '../sim/trace.ts';
import { parseTrace } from '../sim/trace-format.ts';
import { makeFolder } from '../store/make-folder.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { answer, type CommandContext, painter } from './terminal.ts';
import { textTable } from './text-table.ts';

/** As a shell reports a process ended by SIGINT. */
const INTERRUPTED = 130;

/** `wayleave sim replay TRACE` */
export function simReplayCommand(context: CommandContext): Command {
  return new Command('replay')
    .description(
      'Runs a trace of wayleave sim trace between real nodes: a process each, with its own key, folder and SQLite, over ' +
        'TLS on loopback and an embedded EVM; who is killed there is killed here with SIGKILL. When all have ended, their ' +
        'books are read from disk and compared with the simulated ones. The exit code is 1 where any figure differs.',
    )
    .argument('<trace>')
    .option('--dir <folder>', 'where the nodes live, kept afterwards; new or empty')
    .option('--json', 'answer in JSON')
    .action(async (file: string, { dir }: { dir?: string }) => {
      const trace = parseTrace(text(file));
      const folder = dir === undefined ? mkdtempSync(join(tmpdir(), 'wayleave-replay-')) : emptyFolder(dir, context);
      const stop = new AbortController();
      const letGo = stopOnSignals(stop);
      try {
        const progress = (part: number): void => showProgress(part, context);
        const outcome = await replayTrace(trace, { folder, progress, signal: stop.signal });
        answer(context, report(trace, outcome), () => shown(trace, outcome, context));
        context.exit(outcome.differences.length === 0 ? 0 : 1);
      } catch (error) {
        if (!stop.signal.aborted) throw error;
        context.terminal.err('Stopped before the end: nothing was compared.\n');
        context.exit(INTERRUPTED);
      } finally {
        letGo();
        if (dir === undefined) rmSync(folder, { recursive: true, force: true });
      }
    });
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WayleaveError('TRACE_INVALID', { where: file, why: 'cannot be read' }, cause);
  }
}

function emptyFolder(wanted: string, { terminal }: CommandContext): string {
  const folder = resolve(terminal.folder, wanted);
  makeFolder(folder);
  if (readdirSync(folder).length > 0) throw new WayleaveError('LAB_FOLDER_USED', { folder });
  return folder;
}

function showProgress(part: number, { terminal, json }: CommandContext): void {
  if (terminal.isTty && !json) terminal.err(`\r${Math.round(part * 100)} % of the steps${part === 1 ? '\n' : ''}`);
}

function report({ seed, steps }: Trace, { books, differences, pids }: ReplayOutcome): object {
  return {
    schema: 1,
    scenario: 'sim replay',
    seed,
    ok: differences.length === 0,
    steps: steps.length,
    processes: pids.length,
    books,
    checks: [
      { id: 'figures that differ', expected: 0, actual: differences.length, ok: differences.length === 0 },
      ...differences.map(({ actual, expected, figure, neighbour, node }) => ({
        id: `${name(node)} about ${name(neighbour)}: ${figure}`,
        ...{ expected, actual, ok: false },
      })),
    ],
  };
}

function shown(trace: Trace, { books, differences, pids }: ReplayOutcome, context: CommandContext): string[] {
  const paint = painter(context.terminal);
  const rows = books.map(({ consumed, neighbour, node, paid, payments, provided, received }) => [
    `${name(node)} about ${name(neighbour)}`,
    ...[provided, consumed, paid, received, payments].map(String),
  ]);
  const wrong = differences.map(({ actual, expected, figure, neighbour, node }) =>
    paint('red', `${name(node)} about ${name(neighbour)}: ${figure} is ${actual}, in the simulated world ${expected}`),
  );
  const verdict =
    wrong.length > 0
      ? wrong
      : [paint('green', 'Every figure on every disk is as in the simulated world, to the millionth and the wei.')];
  return [
    ...textTable(['books', 'provided>', 'consumed>', 'paid>', 'received>', 'payments>'], rows),
    '',
    `${trace.steps.length} steps between ${trace.nodes} nodes, ${pids.length} processes with those that were killed.`,
    ...verdict,
  ];
}

function name(node: number): string {
  return String.fromCharCode(65 + node);
}
