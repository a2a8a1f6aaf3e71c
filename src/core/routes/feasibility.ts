import type { NodeId } from '../node-id.ts';
import type { Destination } from './route.ts';

/** The best that was ever announced from here: anything worse might lead back through here. */
interface Distance {
  readonly origin: NodeId;
  sequence: number;
  metric: number;
  touchedMs: number;
}

/** Origins of one destination that are remembered: who invents more is not followed to them. Gateways share ranges. */
export const MOST_ORIGINS = 64;

/**
 * Feasibility distances (RFC 8966 §3.5.1): a route may be used only if it is newer than, or strictly better than, the
 * best route this node ever announced for the same destination and origin. No set of nodes that keep this condition
 * can form a loop, whatever is lost, late or out of order, and whatever others say who do not keep it.
 */
export class Feasibility {
  readonly #distances = new Map<Destination, Distance[]>();

  /** True when a neighbour's `metric` under `sequence` is closer to the origin than this node ever claimed to be. */
  allows(destination: Destination, origin: NodeId, sequence: number, metric: number): boolean {
    const known = this.#of(destination, origin);
    // A distance is never forgotten early to make room: that could close a loop.
    if (known === undefined) return (this.#distances.get(destination)?.length ?? 0) < MOST_ORIGINS;
    return sequence > known.sequence || (sequence === known.sequence && metric < known.metric);
  }

  /** The newest sequence announced from here; undefined when nothing was. */
  sequence(destination: Destination, origin: NodeId): number | undefined {
    return this.#of(destination, origin)?.sequence;
  }

  /** Records what is about to be announced. Call before it leaves. */
  announced(
    destination: Destination,
    origin: NodeId,
    claim: { sequence: number; metric: number; nowMs: number },
  ): void {
    const { sequence, metric, nowMs } = claim;
    const known = this.#of(destination, origin);
    if (known === undefined) {
      const of = this.#distances.get(destination);
      const made = { origin, sequence, metric, touchedMs: nowMs };
      if (of === undefined) this.#distances.set(destination, [made]);
      else of.push(made);
      return;
    }
    known.touchedMs = nowMs;
    if (sequence > known.sequence) {
      known.sequence = sequence;
      known.metric = metric;
    } else if (sequence === known.sequence && metric < known.metric) known.metric = metric;
  }

  /** Forgets what was last announced before `beforeMs`. Only safe once no neighbour can still hold a route made from it. */
  forget(beforeMs: number): void {
    for (const [destination, distances] of this.#distances) {
      const left = distances.filter(({ touchedMs }) => touchedMs >= beforeMs);
      if (left.length === 0) this.#distances.delete(destination);
      else this.#distances.set(destination, left);
    }
  }

  /** Whether something of this destination is remembered. */
  knows(destination: Destination): boolean {
    return this.#distances.has(destination);
  }

  #of(destination: Destination, origin: NodeId): Distance | undefined {
    return this.#distances.get(destination)?.find((each) => each.origin === origin);
  }
}
