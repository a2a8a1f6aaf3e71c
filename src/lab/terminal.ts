import type { Readable } from 'node:stream';
import { styleText } from 'node:util';
import type { Paint } from './view.ts';

/** What the lab sees of the terminal. Tests pass their own. */
export interface LabTerminal {
  out(text: string): void;
  err(text: string): void;
  /** Someone watches the output, and what is drawn can be drawn over. */
  readonly isTty: boolean;
  readonly rows: () => number;
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly colour: boolean;
}

export function processTerminal(stdout = process.stdout, env = process.env): LabTerminal {
  const isTty = stdout.isTTY === true && env['TERM'] !== 'dumb';
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTty,
    rows: () => stdout.rows ?? 24,
    input: process.stdin,
    colour: isTty && !env['NO_COLOR'],
  };
}

/** Colour on a terminal only. */
export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

/** Another screen, without cursor, on which a line too long is cut off: one that is continued moves all below it. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_REST = '\u001b[J';

/** The whole terminal as one picture that is drawn over and over; what stood there before comes back at the end. */
export class Screen {
  readonly #terminal: LabTerminal;
  #open = true;

  constructor(terminal: LabTerminal) {
    this.#terminal = terminal;
    terminal.out(ENTER);
    process.on('exit', this.close);
  }

  /** Lines it takes now; the last one of the terminal stays empty, as each line ends with a new one. */
  get rows(): number {
    return Math.max(1, this.#terminal.rows() - 1);
  }

  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const fitting = lines.slice(0, this.rows);
    this.#terminal.out(`${HOME}${fitting.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_REST}`);
  }

  readonly close = (): void => {
    if (!this.#open) return;
    this.#open = false;
    process.off('exit', this.close);
    this.#terminal.out(LEAVE);
  };
}

const CTRL_C = '\u0003';

/** Calls back for every key typed, with Ctrl-C as `q`. Returns what gives the keyboard back. */
export function onKeys(terminal: LabTerminal, pressed: (key: string) => void): () => void {
  const { input } = terminal;
  if (input.isTTY !== true || input.setRawMode === undefined) return () => undefined;
  const typed = (bytes: Buffer): void => {
    for (const key of bytes.toString()) pressed(key === CTRL_C ? 'q' : key);
  };
  input.setRawMode(true);
  input.on('data', typed);
  input.resume();
  return () => {
    input.off('data', typed);
    input.pause();
    input.setRawMode?.(false);
  };
}
