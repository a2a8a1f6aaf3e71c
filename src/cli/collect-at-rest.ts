import type { Clock } from '../core/clock.ts';
import { repeat } from '../node/repeat.ts';

/** How often it is looked whether the node rests, milliseconds. */
const LOOK_MS = 5_000;
/** A node that used no more CPU time than this since the last look rests: 5 %. Milliseconds. */
export const REST_CPU_MS = 250;
/** So much must have come since the last time: less is not worth the tenth of a second that collecting takes. */
export const GROWN_BYTES = 2 ** 20;

export interface Heap {
  /** CPU time that this process has used so far, milliseconds. */
  cpuMs(): number;
  /** Bytes in use, garbage included. */
  usedBytes(): number;
  /** Collects all garbage and gives its memory back. */
  collect(): void;
}

/**
 * Lets go of garbage whenever the node comes to rest after work. The runtime collects when memory is asked for: what a start
 * or a rush of handshakes left would stay for as long as nothing happens. Returns what ends it.
 */
export function collectAtRest(clock: Clock, heap: Heap): () => void {
  let cpuMs = heap.cpuMs();
  let leftBytes = 0;
  return repeat(clock, LOOK_MS, () => {
    const used = heap.cpuMs() - cpuMs;
    cpuMs += used;
    if (used > REST_CPU_MS || heap.usedBytes() < leftBytes + GROWN_BYTES) return;
    heap.collect();
    leftBytes = heap.usedBytes();
  });
}

/** The heap of this thread. Without the flag `--expose-gc`, which the launcher gives, nothing is collected by request. */
export const ownHeap: Heap = {
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  usedBytes: () => process.memoryUsage().heapUsed,
  collect: () => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
};
