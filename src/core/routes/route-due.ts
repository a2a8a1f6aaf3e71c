import type { RouteEntry } from './route-entry.ts';

/** Changes of one flush go out together: a burst costs each neighbour one message. Milliseconds. */
export const TRIGGER_MS = 100;
/** What keeps changing is told less and less often, at least this often. Milliseconds. */
export const MOST_DAMPED_MS = 30_000;
/** A change counts against its destination for so long. */
const FLAP_DECAY_MS = 10_000;

/** Destinations whose news are to be told, and when: what changes often waits longer. */
export class RouteDue {
  readonly #due = new Map<RouteEntry, number>();
  /** Nothing is due before; perhaps nothing is due then. */
  #soonestMs = Number.POSITIVE_INFINITY;

  /** Nothing is due before this. */
  get soonestMs(): number {
    return this.#soonestMs;
  }

  /** There is something to tell of a destination. */
  add(entry: RouteEntry, nowMs: number): void {
    if (this.#due.has(entry)) return;
    const faded = Math.floor((nowMs - entry.flapsCountedMs) / FLAP_DECAY_MS);
    if (faded > 0) {
      entry.flaps = Math.max(0, entry.flaps - faded);
      entry.flapsCountedMs = nowMs;
    }
    entry.flaps += 1;
    const dueMs = nowMs + Math.min(MOST_DAMPED_MS, TRIGGER_MS * 2 ** Math.max(0, entry.flaps - 4));
    this.#soonestMs = Math.min(this.#soonestMs, dueMs);
    this.#due.set(entry, dueMs);
  }

  /** Those that are due, each once. */
  take(nowMs: number): RouteEntry[] {
    const taken: RouteEntry[] = [];
    this.#soonestMs = Number.POSITIVE_INFINITY;
    for (const [entry, dueMs] of this.#due) {
      if (dueMs > nowMs) this.#soonestMs = Math.min(this.#soonestMs, dueMs);
      else {
        this.#due.delete(entry);
        taken.push(entry);
      }
    }
    return taken;
  }
}
