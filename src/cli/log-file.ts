import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Writes bytes and says how many of them were taken. Throws where none can be, for example on a full disk. */
export type WriteSome = (bytes: Uint8Array) => number;

/**
 * A log in a file. What cannot be written is lost, and nothing stops; but no line is joined to half of another, and as
 * soon as there is room again a line says how many are missing.
 */
export class LogFile {
  readonly #write: WriteSome;
  #lost = 0;
  #reason: string | undefined;
  /** The last line in the file is without its end. */
  #torn = false;

  constructor(write: WriteSome) {
    this.#write = write;
  }

  /** `text` ends with a line end. */
  say(text: string): void {
    const amends = `${this.#torn ? '\n' : ''}${this.#lost === 0 ? '' : this.#note(text.startsWith('{'))}`;
    if (amends !== '') {
      if (!this.#put(amends)) return this.#lose(text);
      this.#lost = 0;
    }
    if (!this.#put(text)) this.#lose(text);
  }

  #lose(text: string): void {
    this.#lost += text.split('\n').length - 1;
  }

  /** In the form of the lines around it. */
  #note(json: boolean): string {
    const text = `lines missing here: ${this.#lost} (${this.#reason})`;
    if (!json) return `${text}\n`;
    const { time, lines } = { time: new Date().toISOString(), lines: this.#lost };
    return `${JSON.stringify({ level: 'warn', time, kind: 'missing', lines, code: this.#reason, msg: text })}\n`;
  }

  #put(text: string): boolean {
    const bytes = Buffer.from(text);
    let taken = 0;
    try {
      while (taken < bytes.length) taken += this.#write(bytes.subarray(taken));
      this.#torn = false;
      return true;
    } catch (error) {
      if (taken > 0) this.#torn = bytes[taken - 1] !== 0x0a;
      this.#reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      return false;
    }
  }
}

/** Standard output or error as a log; undefined where it is a terminal, or a pipe whose reader may be slow. */
export function logTo(descriptor: number): LogFile | undefined {
  if (isatty(descriptor)) return undefined;
  const stat = fstatSync(descriptor);
  if (!stat.isFile() && !stat.isCharacterDevice()) return undefined;
  return new LogFile((bytes) => writeSync(descriptor, bytes));
}
