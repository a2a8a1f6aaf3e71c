import { readFile } from 'node:fs/promises';
import { WayleaveError } from '../core/errors.ts';

/** What a packet is to carry: a file, or a text as typed, or nothing. Throws `FILE_UNREADABLE`. */
export async function payloadOf({ file, text }: { file?: string; text?: string }): Promise<Buffer> {
  if (file === undefined) return Buffer.from(text ?? '');
  try {
    return await readFile(file);
  } catch (cause) {
    throw new WayleaveError('FILE_UNREADABLE', { file }, cause);
  }
}

/** As much of a payload as fits a line. */
const MOST_SHOWN = 60;

/** A payload for people: its length, and what it says where that is a text of one line. */
export function payloadText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  const readable = text.length > 0 && !/[\p{C}\u{fffd}]/u.test(text);
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return `${bytes.length} bytes${readable ? `: ${shown}` : ''}`;
}
