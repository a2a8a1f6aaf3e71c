import type { Clock, Timer } from '../core/clock.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Destination } from '../core/routes/route.ts';
import type { Rank } from '../core/routes/route-entry.ts';
import { type Route, type RouteEffect, type RouteLink, RouteTable } from '../core/routes/route-table.ts';
import type { Routes } from '../wire/routes.ts';
import { RouteOutbox } from './route-outbox.ts';

export interface RouteExchangeOptions {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly rank?: Rank;
  /** The most destinations that are remembered; that of the table where it is left out. */
  readonly mostRoutes?: number;
  /** Sends news of routes to a neighbour, in the control class. */
  readonly send: (neighbour: NodeId, routes: Routes) => void;
  /** The way to a destination is another one, or its price. */
  readonly changed: (destination: Destination, route: Route | undefined) => void;
  readonly fault: (neighbour: NodeId, code: ErrorCode) => void;
}

/** Keeps a node's routes: turns links, messages and time into events of the table, and performs what follows. */
export class RouteExchange {
  readonly table: RouteTable;
  readonly #options: RouteExchangeOptions;
  /** What waits for each neighbour with a link. */
  readonly #outboxes = new Map<NodeId, RouteOutbox>();
  /** Those in which something does. */
  readonly #waiting = new Set<NodeId>();
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: RouteExchangeOptions) {
    this.#options = options;
    const { self, clock, rank, mostRoutes } = options;
    const firstSequence = Math.floor(clock.wallMs() / 1_000);
    const startMs = clock.nowMs();
    this.table = new RouteTable({
      ...{ self, firstSequence, startMs },
      ...(rank !== undefined && { rank }),
      ...(mostRoutes !== undefined && { mostRoutes }),
    });
    this.originate(self);
  }

  get #nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** Makes a destination known as reached here. */
  originate(destination: Destination): void {
    this.table.originate(destination, this.#nowMs);
    this.#perform([]);
  }

  /** A link is up, or what it costs and takes changed. */
  linkUp(neighbour: NodeId, link: RouteLink): void {
    if (!this.#outboxes.has(neighbour)) this.#outboxes.set(neighbour, new RouteOutbox());
    this.#perform(this.table.linkUp(neighbour, link, this.#nowMs));
  }

  linkDown(neighbour: NodeId): void {
    this.#outboxes.delete(neighbour);
    this.#perform(this.table.linkDown(neighbour, this.#nowMs));
  }

  heard(from: NodeId, { updates, requests }: Routes): void {
    const effects = this.table.heard(from, updates, this.#nowMs);
    for (const request of requests) effects.push(...this.table.requested(from, request, this.#nowMs));
    this.#perform(effects);
  }

  /** The outside ranking changed, for these destinations or for all. */
  ranked(rank: Rank, destinations?: readonly Destination[]): void {
    this.#perform(this.table.ranked(rank, destinations, this.#nowMs));
  }

  #perform(effects: readonly RouteEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'announce') this.#outbox(effect.to)?.announce(effect.updates);
      else if (effect.kind === 'request') this.#outbox(effect.to)?.request(effect.request);
      else if (effect.kind === 'fault') this.#options.fault(effect.neighbour, effect.code);
      else this.#options.changed(effect.destination, this.table.route(effect.destination));
    }
    this.#send();
    this.#schedule();
  }

  #outbox(to: NodeId): RouteOutbox | undefined {
    this.#waiting.add(to);
    return this.#outboxes.get(to);
  }

  #send(): void {
    const nowMs = this.#nowMs;
    for (const to of this.#waiting) {
      const outbox = this.#outboxes.get(to);
      for (let routes = outbox?.take(nowMs); routes !== undefined; routes = outbox?.take(nowMs)) {
        this.#options.send(to, routes);
      }
      if (outbox?.dueMs === undefined) this.#waiting.delete(to);
    }
  }

  #schedule(): void {
    let { dueMs } = this.table;
    for (const to of this.#waiting) dueMs = Math.min(dueMs, this.#outboxes.get(to)?.dueMs ?? dueMs);
    if (this.#closed || dueMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    // Whole milliseconds: what is due a billionth of one from now would be looked at again and again.
    this.#timer = this.#options.clock.after(Math.max(0, Math.ceil(dueMs - this.#nowMs)), () => {
      this.#timer = undefined;
      this.#timerMs = Number.POSITIVE_INFINITY;
      this.#perform(this.table.tick(this.#nowMs));
    });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }
}
