import type { Destination, RouteRequest, RouteUpdate } from '../core/routes/route.ts';
import { MAX_ROUTES_PER_MESSAGE, type Routes } from '../wire/routes.ts';

/**
 * One message of routes to a neighbour in so long, after the first ones: at most 10,000 news a second, 0.6 MB/s of the 1 MiB/s
 * that it takes in messages (`link/limits.ts`). Who passes on what others flood it with must not be cut for it. Milliseconds.
 */
export const ROUTES_PACE_MS = 100;
/** Messages that may leave at once: what is said now and then waits for nothing. */
export const ROUTES_BURST = 10;
/** Requests that wait for one neighbour; beyond it they are dropped: who starves asks again. */
export const MOST_REQUESTS = 2_000;

/** What waits to be told to one neighbour: of each destination the latest, so it never grows beyond the table of routes. */
export class RouteOutbox {
  readonly #updates = new Map<Destination, RouteUpdate>();
  readonly #requests: RouteRequest[] = [];
  /** When all messages that may leave at once may do so again. */
  #fullMs = Number.NEGATIVE_INFINITY;

  announce(updates: readonly RouteUpdate[]): void {
    for (const update of updates) this.#updates.set(update.destination, update);
  }

  request(request: RouteRequest): void {
    if (this.#requests.length < MOST_REQUESTS) this.#requests.push(request);
  }

  /** When the next message may leave; undefined where nothing waits. */
  get dueMs(): number | undefined {
    const nothing = this.#updates.size + this.#requests.length === 0;
    return nothing ? undefined : this.#fullMs - (ROUTES_BURST - 1) * ROUTES_PACE_MS;
  }

  /** The next message, if one may leave now. */
  take(nowMs: number): Routes | undefined {
    const { dueMs } = this;
    if (dueMs === undefined || nowMs < dueMs) return undefined;
    this.#fullMs = Math.max(this.#fullMs, nowMs) + ROUTES_PACE_MS;
    const requests = this.#requests.splice(0, MAX_ROUTES_PER_MESSAGE / 2);
    const updates: RouteUpdate[] = [];
    for (const [destination, update] of this.#updates) {
      if (updates.length + requests.length === MAX_ROUTES_PER_MESSAGE) break;
      updates.push(update);
      this.#updates.delete(destination);
    }
    return { updates, requests };
  }
}
