import { CommanderError } from 'commander';
import { ERRORS, WayleaveError } from '../core/errors.ts';
import { asTyped } from './program-name.ts';
import type { CommandContext } from './terminal.ts';

/** Exit codes: 1 what was asked for failed, 2 it was asked for wrongly. */
const FAILED = 1;
const USAGE = 2;

/** Says on stderr what went wrong, in one plain line and a remedy, or as one JSON object. Returns the exit code. */
export function reportError(error: unknown, { terminal, json }: CommandContext): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const { code, message, remedy, details } = describe(error);
  if (json) terminal.err(`${JSON.stringify({ ok: false, code, message, remedy, details })}\n`);
  else terminal.err(`error ${code}: ${message}\ntry: ${asTyped(remedy, terminal)}\n`);
  if (code === 'INTERNAL' && terminal.env['WAYLEAVE_DEBUG']) terminal.err(`${(error as Error).stack}\n`);
  return code === 'USAGE' ? USAGE : FAILED;
}

interface Description {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly details?: Record<string, unknown>;
}

function describe(error: unknown): Description {
  if (error instanceof WayleaveError) {
    const { code, message, remedy } = error;
    return { code, message, remedy, details: plain(error.details) };
  }
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return { code: 'USAGE', message, remedy: 'wayleave help, or wayleave COMMAND --help' };
  }
  if (isOfFiles(error))
    return describe(new WayleaveError('FILE_FAILED', { path: error.path, reason: error.code }, error));
  const { what, remedy } = ERRORS.INTERNAL;
  const told = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', message: `${what} (${told})`, remedy: `${remedy} WAYLEAVE_DEBUG=1 shows where.` };
}

/** What the system says of a place that a command was given is no defect of the program. */
function isOfFiles(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'path' in error && 'code' in error;
}

/** JSON has no bigint. */
function plain(details: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === 'bigint' ? value.toString() : value]),
  );
}
