import type { NodeId } from '../node-id.ts';

/**
 * Room for destinations, shared so that whoever invents them leaves some to others: a neighbour may bring a new one only
 * while it has brought fewer than there are places left. One that floods gets half of all, the next a half of the rest,
 * and who brings few always finds a place; what is known stays.
 */
export class RouteRoom {
  readonly #most: number;
  /** Places in use, by who brought what is there: also of neighbours that left meanwhile. */
  readonly #brought = new Map<NodeId, number>();
  #used = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a place for a destination that `by` brought; false where it has none left. */
  take(by: NodeId): boolean {
    const brought = this.#brought.get(by) ?? 0;
    if (brought >= this.#most - this.#used) return false;
    this.#brought.set(by, brought + 1);
    this.#used += 1;
    return true;
  }

  /** One place that `by` took is free again. */
  give(by: NodeId): void {
    const left = (this.#brought.get(by) as number) - 1;
    this.#used -= 1;
    if (left === 0) this.#brought.delete(by);
    else this.#brought.set(by, left);
  }
}
