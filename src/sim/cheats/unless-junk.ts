import { codeOf } from '../../core/errors.ts';

/** What `read` makes of bytes; undefined where they cannot be read: other cheats send junk, and nobody is harmed by it. */
export function unlessJunk<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) !== 'WIRE_MALFORMED') throw error;
    return undefined;
  }
}
