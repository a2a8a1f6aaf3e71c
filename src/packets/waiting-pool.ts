import { SELF } from '../core/carrier/carrier-decision.ts';
import type { LinkRow } from '../core/ledger/ledger.ts';
import type { Changed } from '../wire/packet.ts';

/** A packet that stands in line: its bytes as they came in, and what it leaves with. Owned by whoever took it from a pool. */
export interface Waiting {
  from: LinkRow;
  /** The packet is the first `length` of them. */
  readonly bytes: Buffer;
  length: number;
  readonly changed: Changed;
  sinceMs: number;
}

/** Packets up to this wait in buffers that are used again: a header and a payload of 184 bytes. Bytes. */
export const SPARE_BYTES = 256;
/** Kept for the next that wait, over all links of a node, with what they are made of: 1 MB. */
export const MOST_SPARE = 2_048;

/**
 * What packets wait in, used again. Whoever waits outlives the young generation, so that a hundred bytes in line cost 250 of
 * a heap that is then collected whole: where a tenth of all packets waited, every 130,000 packets, which made each of them
 * a quarter dearer and stopped all of them for 10 ms.
 */
export class WaitingPool {
  readonly #spare: Waiting[] = [];

  get size(): number {
    return this.#spare.length;
  }

  /** Takes a copy of the packet at `at`. */
  take(bytes: Buffer, at: number, length: number): Waiting {
    const waiting = (length <= SPARE_BYTES ? this.#spare.pop() : undefined) ?? fresh(length);
    bytes.copy(waiting.bytes, 0, at, at + length);
    waiting.length = length;
    return waiting;
  }

  /** It left, and nobody holds its bytes: whoever gave them away does not give it back. */
  give(waiting: Waiting): void {
    if (waiting.bytes.length === SPARE_BYTES && this.#spare.length < MOST_SPARE) this.#spare.push(waiting);
  }
}

function fresh(length: number): Waiting {
  return {
    from: SELF,
    bytes: Buffer.allocUnsafe(Math.max(SPARE_BYTES, length)),
    length,
    changed: { value: 0, hops: 0, lifeMs: 0 },
    sinceMs: 0,
  };
}
