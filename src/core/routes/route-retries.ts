import type { RouteEntry } from './route-entry.ts';

/** Who has only ways that may lead back asks for newer news again after so long, then twice as long. Milliseconds. */
export const RETRY_MS = 4_000;
/** … and so often; from then on only when something is heard. */
export const MOST_RETRIES = 6;

/** Destinations with ways of which none is known to be free of loops: a request for newer news may be lost, or come too early. */
export class RouteRetries {
  readonly #starving = new Map<RouteEntry, { times: number; dueMs: number }>();
  /** Nothing is due before. */
  #soonestMs = Number.POSITIVE_INFINITY;

  get soonestMs(): number {
    return this.#soonestMs;
  }

  starves(entry: RouteEntry, nowMs: number): void {
    if (!this.#starving.has(entry)) this.#set(entry, 0, nowMs);
  }

  fed(entry: RouteEntry): void {
    this.#starving.delete(entry);
  }

  /** Those that are to ask again now. */
  take(nowMs: number): RouteEntry[] {
    const taken: RouteEntry[] = [];
    this.#soonestMs = Number.POSITIVE_INFINITY;
    for (const [entry, { dueMs, times }] of this.#starving) {
      if (dueMs > nowMs) {
        this.#soonestMs = Math.min(this.#soonestMs, dueMs);
        continue;
      }
      taken.push(entry);
      this.#set(entry, times + 1, nowMs);
    }
    return taken;
  }

  #set(entry: RouteEntry, times: number, nowMs: number): void {
    const dueMs = times < MOST_RETRIES ? nowMs + RETRY_MS * 2 ** times : Number.POSITIVE_INFINITY;
    this.#starving.set(entry, { times, dueMs });
    this.#soonestMs = Math.min(this.#soonestMs, dueMs);
  }
}
