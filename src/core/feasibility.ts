import type { NodeId } from './node-id.ts';
import { type Destination, isNewer } from './route.ts';

/** The best that was ever announced from here: anything worse might lead back through here. */
interface Distance {
  sequence: number;
  metric: number;
  touchedMs: number;
}

/**
 * Feasibility distances (RFC 8966 §3.5.1): a route may be used only if it is newer than, or strictly better than, the
 * best route this node ever announced for the same destination and origin. No set of nodes that keep this condition
 * can form a loop, whatever is lost, late or out of order.
 */
export class Feasibility {
  readonly #distances = new Map<string, Distance>();

  /** True when a neighbour's `metric` under `sequence` is closer to the origin than this node ever claimed to be. */
  allows(destination: Destination, origin: NodeId, sequence: number, metric: number): boolean {
    const known = this.#distances.get(key(destination, origin));
    if (known === undefined) return true;
    return isNewer(sequence, known.sequence) || (sequence === known.sequence && metric < known.metric);
  }

  knows(destination: Destination, origin: NodeId): boolean {
    return this.#distances.has(key(destination, origin));
  }

  /** The newest sequence announced from here; undefined when nothing was. */
  sequence(destination: Destination, origin: NodeId): number | undefined {
    return this.#distances.get(key(destination, origin))?.sequence;
  }

  /** Records what is about to be announced. Call before it leaves. */
  announced(
    destination: Destination,
    origin: NodeId,
    claim: { sequence: number; metric: number; nowMs: number },
  ): void {
    const { sequence, metric, nowMs } = claim;
    const name = key(destination, origin);
    const known = this.#distances.get(name);
    if (known === undefined || isNewer(sequence, known.sequence)) {
      this.#distances.set(name, { sequence, metric, touchedMs: nowMs });
      return;
    }
    known.touchedMs = nowMs;
    if (sequence === known.sequence && metric < known.metric) known.metric = metric;
  }

  /** Forgets what was last announced before `beforeMs`. Only safe once no neighbour can still hold a route made from it. */
  forget(beforeMs: number): void {
    for (const [name, { touchedMs }] of this.#distances) if (touchedMs < beforeMs) this.#distances.delete(name);
  }

  get size(): number {
    return this.#distances.size;
  }
}

function key(destination: Destination, origin: NodeId): string {
  return `${destination} ${origin}`;
}
