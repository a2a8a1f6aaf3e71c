import { createCipheriv, createHash } from 'node:crypto';
import { BYTES_PER_MB } from '../core/units.ts';

/** A random file that the same seed makes again, byte for byte, without keeping it. */
export interface SeededFile {
  readonly bytes: number;
  /** Lower-case hex of the whole file. */
  readonly sha256: string;
  /** The content from its start, in pieces of at most `PIECE_BYTES`. */
  pieces(): Iterable<Uint8Array>;
}

const PIECE_BYTES = 65_536;

/** The keystream of AES-256 in counter mode: as random as can be, does not compress, and is made at a gigabyte a second. */
export function seededFile(seed: number, name: string, sizeMb: number): SeededFile {
  const bytes = sizeMb * BYTES_PER_MB;
  const key = createHash('sha256').update(`wayleave lab file ${seed} ${name}`).digest();
  function* pieces(): Iterable<Uint8Array> {
    const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
    const zeros = new Uint8Array(PIECE_BYTES);
    for (let left = bytes; left > 0; left -= PIECE_BYTES) {
      yield cipher.update(left < PIECE_BYTES ? zeros.subarray(0, left) : zeros);
    }
  }
  const hash = createHash('sha256');
  for (const piece of pieces()) hash.update(piece);
  return { bytes, sha256: hash.digest('hex'), pieces };
}
