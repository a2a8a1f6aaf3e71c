import type { Readable } from 'node:stream';
import { styleText } from 'node:util';
import { logTo } from './log-file.ts';

/** What a command sees of the process around it. Tests pass their own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Someone reads along: colour, short lines, questions. */
  readonly isTty: boolean;
  /** Where passwords are typed. `setRawMode` is there only on a terminal. */
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** Width of what someone reads along on; undefined for a file, and where it is not known. */
  readonly columns?: number | undefined;
}

/** Help is set in lines of so many columns, or fewer where the terminal has fewer. */
export const HELP_COLUMNS = 100;

export function helpColumns({ columns = HELP_COLUMNS }: Terminal): number {
  return Math.min(columns, HELP_COLUMNS);
}

/** What every command is given beside its own options. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** `--json` stands somewhere on the command line. */
  readonly json: boolean;
  /** The exit code, where a command that did not fail has another than 0. */
  exit(code: number): void;
}

/** The real one. `lasting`: it serves others than who reads along, so a log that cannot be written must not stop it. */
export function processTerminal({ lasting = false } = {}): Terminal {
  const [out, err] = lasting ? [logTo(process.stdout.fd), logTo(process.stderr.fd)] : [];
  return {
    out: (text) => void (out === undefined ? process.stdout.write(text) : out.say(text)),
    err: (text) => void (err === undefined ? process.stderr.write(text) : err.say(text)),
    isTty: process.stdout.isTTY === true,
    input: process.stdin,
    env: process.env,
    folder: process.cwd(),
    columns: process.stdout.columns || undefined,
  };
}

/** The outcome of a command: one JSON object for programs, or lines for people. */
export function answer({ terminal, json }: CommandContext, result: object, lines: () => readonly string[]): void {
  terminal.out(json ? `${JSON.stringify(result, plainBigint)}\n` : `${lines().join('\n')}\n`);
}

function plainBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

type Style = Parameters<typeof styleText>[0];

/** Colour on a terminal only; NO_COLOR is honoured. */
export function painter({ isTty, env }: Terminal): (style: Style, text: string) => string {
  const colour = isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}
