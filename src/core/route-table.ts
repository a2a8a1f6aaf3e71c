import { Feasibility } from './feasibility.ts';
import type { NodeId } from './node-id.ts';
import {
  addMetrics,
  addPrices,
  type Destination,
  isNewer,
  isRouteUpdate,
  MAX_REQUEST_HOPS,
  NO_TOLL,
  nextSequence,
  type PathPrice,
  type RouteRequest,
  type RouteUpdate,
  retraction,
  sameNews,
  UNREACHABLE,
} from './route.ts';
import { type Candidate, chooseRoute, type Rank, RouteEntry } from './route-entry.ts';

/** What must be done about routes. */
export type RouteEffect =
  | { readonly kind: 'announce'; readonly to: NodeId; readonly updates: readonly RouteUpdate[] }
  | { readonly kind: 'request'; readonly to: NodeId; readonly request: RouteRequest }
  /** The way to this destination is another one now. */
  | { readonly kind: 'changed'; readonly destination: Destination }
  | { readonly kind: 'fault'; readonly neighbour: NodeId; readonly code: 'ROUTE_ABSURD' | 'ROUTES_EXHAUSTED' };

/** What a link adds to a path: its cost, ≥ 1, and what this node takes for sending out on it. */
export interface RouteLink {
  readonly metric: number;
  readonly toll: PathPrice;
}

/** A destination as seen from here. `via` undefined: it is this node. */
export interface Route {
  readonly via: NodeId | undefined;
  readonly metric: number;
  readonly price: PathPrice;
}

/** What a table of routes is made of. */
export interface RouteTableOptions {
  readonly self: NodeId;
  /** Seconds of the wall clock at start: the first sequence, newer than any of an earlier life. */
  readonly firstSequence: number;
  readonly rank?: Rank;
  /** The most destinations taken from one neighbour, and known or remembered in all. */
  readonly routesPerNeighbour?: number;
  readonly mostRoutes?: number;
}

/** Changes of one flush go out together: a burst costs each neighbour one message. Milliseconds. */
export const TRIGGER_MS = 100;
/** What keeps changing is told less and less often, at least this often. */
export const MOST_DAMPED_MS = 30_000;
/** A change counts against its destination for so long. */
const FLAP_DECAY_MS = 10_000;
/** Links lose nothing, so news is repeated only to let dead origins be noticed. */
export const REFRESH_MS = 600_000;
/** A way not heard of for three and a half refreshes is gone. */
export const EXPIRY_MS = 2_100_000;
/** Distances outlive every route made from them (RFC 8966 §3.7.3). */
const FORGET_MS = 3 * EXPIRY_MS;
/** The same request is passed on, or made, once in so long. */
const REQUEST_MS = 2_000;
const ROUTES_PER_NEIGHBOUR = 200_000;
/** Some 300 bytes each. */
const MOST_ROUTES = 500_000;

interface KnownLink extends RouteLink {
  /** What it announced since the last refresh, or before and not taken back: what it takes back at once counts too. */
  destinations: Set<Destination>;
}

/**
 * One node's routes, as a pure state machine: distance vector with RFC 8966's feasibility condition, path prices beside
 * the metric, and a choice that takes a ranking from outside. Loop-free at every step. A change travels one hop in
 * `TRIGGER_MS` and a request to the origin waits nowhere, so all that is reachable n hops away has a way again within
 * 2 n × `TRIGGER_MS` and the links' delays: bad news out, newer news back. What changes again and again takes longer.
 */
export class RouteTable {
  readonly #options: RouteTableOptions;
  readonly #entries = new Map<Destination, RouteEntry>();
  readonly #links = new Map<NodeId, KnownLink>();
  readonly #feasibility = new Feasibility();
  readonly #due = new Set<RouteEntry>();
  readonly #requested = new Map<string, number>();
  #rank: Rank;
  #refreshMs: number | undefined;

  constructor(options: RouteTableOptions) {
    this.#options = options;
    this.#rank = options.rank ?? (() => 0);
  }

  /** Makes a destination known as reached here: this node's id, or a range its uplink reaches. */
  originate(destination: Destination, nowMs: number): void {
    const entry = this.#entry(destination);
    entry.ownSequence ??= this.#options.firstSequence;
    this.#changed(entry, nowMs);
  }

  /** Takes it back. */
  withdraw(destination: Destination, nowMs: number): RouteEffect[] {
    const entry = this.#entries.get(destination);
    if (entry?.ownSequence === undefined) return [];
    entry.ownSequence = undefined;
    this.#changed(entry, nowMs);
    return this.#select(entry, nowMs);
  }

  /** A link is up, or its cost or toll changed. A new one is told everything. */
  linkUp(neighbour: NodeId, link: RouteLink, nowMs: number): RouteEffect[] {
    const known = this.#links.get(neighbour);
    this.#links.set(neighbour, { ...link, destinations: known?.destinations ?? new Set() });
    if (known === undefined) return this.#tellAll(neighbour, nowMs);
    return this.#again([...known.destinations], (entry) => this.#reprice(entry, neighbour), nowMs);
  }

  linkDown(neighbour: NodeId, nowMs: number): RouteEffect[] {
    const known = this.#links.get(neighbour);
    this.#links.delete(neighbour);
    if (known === undefined) return [];
    return this.#again([...known.destinations], (entry) => entry.candidates.delete(neighbour), nowMs);
  }

  /** The outside ranking moved for some destinations, or (undefined) for all. */
  ranked(rank: Rank, destinations: readonly Destination[] | undefined, nowMs: number): RouteEffect[] {
    this.#rank = rank;
    return this.#again(destinations ?? [...this.#entries.keys()], () => undefined, nowMs);
  }

  /** What a neighbour announced. Absurd or too many updates are dropped and are its fault. */
  heard(from: NodeId, updates: readonly RouteUpdate[], nowMs: number): RouteEffect[] {
    const link = this.#links.get(from);
    if (link === undefined) return [];
    const effects: RouteEffect[] = [];
    for (const update of updates) {
      if (!isRouteUpdate(update)) return [...effects, { kind: 'fault', neighbour: from, code: 'ROUTE_ABSURD' }];
      if (update.origin === this.#options.self) this.#ownEcho(update, nowMs);
      else if (!this.#take(from, link, update, nowMs)) {
        return [...effects, { kind: 'fault', neighbour: from, code: 'ROUTES_EXHAUSTED' }];
      } else effects.push(...this.#select(this.#entry(update.destination), nowMs));
    }
    return effects;
  }

  #take(from: NodeId, link: KnownLink, update: RouteUpdate, nowMs: number): boolean {
    const { destination } = update;
    if (update.metric === UNREACHABLE) {
      this.#entries.get(destination)?.candidates.delete(from);
      return true;
    }
    const most = this.#options.routesPerNeighbour ?? ROUTES_PER_NEIGHBOUR;
    if (!link.destinations.has(destination) && link.destinations.size >= most) return false;
    if (this.#full && !this.#feasibility.knows(destination, update.origin)) return false;
    link.destinations.add(destination);
    this.#entry(destination).candidates.set(from, candidate(from, link, update, nowMs));
    return true;
  }

  /** Distances are remembered for longer than routes, so that none is made from what is gone. */
  get #full(): boolean {
    const most = this.#options.mostRoutes ?? MOST_ROUTES;
    return this.#entries.size >= most || this.#feasibility.size >= most;
  }

  /** News of this node's own destination came back newer than this life knows: an earlier life was ahead of the clock. */
  #ownEcho(update: RouteUpdate, nowMs: number): void {
    const entry = this.#entries.get(update.destination);
    if (entry?.ownSequence === undefined || !isNewer(update.sequence, entry.ownSequence)) return;
    entry.ownSequence = nextSequence(update.sequence);
    this.#changed(entry, nowMs);
  }

  /** A neighbour asks for a newer sequence. */
  requested(from: NodeId, request: RouteRequest, nowMs: number): RouteEffect[] {
    const entry = this.#entries.get(request.destination);
    if (entry === undefined || !this.#links.has(from)) return [];
    if (entry.ownSequence !== undefined) {
      const behind = request.origin === this.#options.self && isNewer(request.sequence, entry.ownSequence);
      // All the way: whoever asks may have believed a liar, and takes nothing older than that.
      if (behind) entry.ownSequence = request.sequence;
      return this.#answer(entry, nowMs);
    }
    const { selected } = entry;
    if (selected === undefined) return [];
    if (selected.update.origin !== request.origin || !isNewer(request.sequence, selected.update.sequence)) {
      return this.#answer(entry, nowMs);
    }
    if (selected.via === from || request.hops < 1) return [];
    return this.#ask(selected.via, { ...request, hops: Math.min(request.hops, MAX_REQUEST_HOPS) - 1 }, nowMs);
  }

  #answer(entry: RouteEntry, nowMs: number): RouteEffect[] {
    if (nowMs - entry.askedMs < TRIGGER_MS) return [];
    entry.askedMs = nowMs;
    entry.asked = true;
    this.#changed(entry, nowMs);
    return [];
  }

  #ask(to: NodeId, request: RouteRequest, nowMs: number): RouteEffect[] {
    // Not by sequence, of which whoever asks has any number: one answer goes to all who wait for it.
    const name = `${request.destination} ${to}`;
    const last = this.#requested.get(name);
    if (last !== undefined && nowMs - last < REQUEST_MS) return [];
    this.#requested.set(name, nowMs);
    return [{ kind: 'request', to, request }];
  }

  /** The way to a destination now; undefined where none is known. */
  route(destination: Destination): Route | undefined {
    const entry = this.#entries.get(destination);
    if (entry === undefined) return undefined;
    if (entry.ownSequence !== undefined) return { via: undefined, metric: 0, price: NO_TOLL };
    const { selected } = entry;
    return selected === undefined ? undefined : { via: selected.via, metric: selected.metric, price: selected.price };
  }

  /** Every destination with a way, for screens and for the forwarding table. */
  *routes(): Generator<readonly [Destination, Route]> {
    for (const destination of this.#entries.keys()) {
      const route = this.route(destination);
      if (route !== undefined) yield [destination, route];
    }
  }

  /** When `tick` next has something to do. */
  get dueMs(): number {
    let due = this.#refreshMs ?? Number.POSITIVE_INFINITY;
    for (const entry of this.#due) due = Math.min(due, entry.dueMs ?? due);
    return due;
  }

  /** Tells what is due, repeats own news, forgets the dead. */
  tick(nowMs: number): RouteEffect[] {
    const effects: RouteEffect[] = [];
    this.#refreshMs ??= nowMs + REFRESH_MS;
    if (nowMs >= this.#refreshMs) {
      this.#refreshMs = nowMs + REFRESH_MS;
      effects.push(...this.#refresh(nowMs));
    }
    const due = [...this.#due].filter((entry) => (entry.dueMs ?? 0) <= nowMs);
    const told = due.map((entry) => this.#telling(entry, nowMs)).filter((each) => each !== undefined);
    for (const to of this.#links.keys()) {
      const updates = told.map((each) => each(to)).filter((update) => update !== undefined);
      if (updates.length > 0) effects.push({ kind: 'announce', to, updates });
    }
    return effects;
  }

  #refresh(nowMs: number): RouteEffect[] {
    const effects: RouteEffect[] = [];
    this.#feasibility.forget(nowMs - FORGET_MS);
    for (const [neighbour, { destinations }] of this.#links) {
      for (const each of destinations)
        if (!this.#entries.get(each)?.candidates.has(neighbour)) destinations.delete(each);
    }
    for (const [name, atMs] of this.#requested) if (nowMs - atMs > REQUEST_MS) this.#requested.delete(name);
    for (const entry of [...this.#entries.values()]) {
      if (entry.ownSequence !== undefined) {
        entry.ownSequence = nextSequence(entry.ownSequence);
        this.#changed(entry, nowMs);
      }
      for (const { via, heardMs } of [...entry.candidates.values()]) {
        if (nowMs - heardMs <= EXPIRY_MS) continue;
        entry.candidates.delete(via);
      }
      effects.push(...this.#select(entry, nowMs));
      if (entry.empty) this.#entries.delete(entry.destination);
    }
    return effects;
  }

  // --- choosing and telling --------------------------------------------------------------------------------------

  #entry(destination: Destination): RouteEntry {
    let entry = this.#entries.get(destination);
    if (entry === undefined) {
      entry = new RouteEntry(destination);
      this.#entries.set(destination, entry);
    }
    return entry;
  }

  #again(destinations: readonly Destination[], change: (entry: RouteEntry) => unknown, nowMs: number): RouteEffect[] {
    const effects: RouteEffect[] = [];
    for (const destination of destinations) {
      const entry = this.#entries.get(destination);
      if (entry === undefined) continue;
      change(entry);
      effects.push(...this.#select(entry, nowMs));
    }
    return effects;
  }

  #reprice(entry: RouteEntry, neighbour: NodeId): void {
    const link = this.#links.get(neighbour);
    const known = entry.candidates.get(neighbour);
    if (link === undefined || known === undefined) return;
    entry.candidates.set(neighbour, candidate(neighbour, link, known.update, known.heardMs));
  }

  #select(entry: RouteEntry, nowMs: number): RouteEffect[] {
    if (entry.ownSequence !== undefined) return this.#use(entry, undefined, nowMs);
    const { destination } = entry;
    const reachable = [...entry.candidates.values()].filter(
      ({ via, metric }) => metric < UNREACHABLE && this.#rank(destination, via) >= 0,
    );
    const usable = reachable.filter(({ update }) => {
      return this.#feasibility.allows(destination, update.origin, update.sequence, update.metric);
    });
    const chosen = chooseRoute(usable, entry.selected, (via) => this.#rank(destination, via));
    const effects = this.#use(entry, chosen, nowMs);
    // A way is left, but it may lead back here: its origin is asked for a newer sequence (RFC 8966 §3.8.2.1).
    if (chosen === undefined) for (const each of reachable) effects.push(...this.#starved(each, nowMs));
    return effects;
  }

  #starved({ via, update }: Candidate, nowMs: number): RouteEffect[] {
    const { destination, origin } = update;
    const sequence = nextSequence(this.#feasibility.sequence(destination, origin) ?? 0);
    return this.#ask(via, { destination, origin, sequence, hops: MAX_REQUEST_HOPS }, nowMs);
  }

  #use(entry: RouteEntry, chosen: Candidate | undefined, nowMs: number): RouteEffect[] {
    const before = entry.selected;
    entry.selected = chosen;
    const now = this.#news(entry);
    if (!sameNews(now, entry.told) || chosen?.via !== entry.toldVia) this.#changed(entry, nowMs);
    return before?.via === chosen?.via ? [] : [{ kind: 'changed', destination: entry.destination }];
  }

  #changed(entry: RouteEntry, nowMs: number): void {
    if (entry.dueMs !== undefined) return;
    const faded = Math.floor((nowMs - entry.flapsCountedMs) / FLAP_DECAY_MS);
    if (faded > 0) {
      entry.flaps = Math.max(0, entry.flaps - faded);
      entry.flapsCountedMs = nowMs;
    }
    entry.flaps += 1;
    entry.dueMs = nowMs + Math.min(MOST_DAMPED_MS, TRIGGER_MS * 2 ** Math.max(0, Math.min(entry.flaps, 20) - 4));
    this.#due.add(entry);
  }

  /** What there is to say of a destination now; undefined where there is no way. */
  #news(entry: RouteEntry): RouteUpdate | undefined {
    const { destination, ownSequence, selected } = entry;
    if (ownSequence !== undefined) {
      return { destination, origin: this.#options.self, sequence: ownSequence, metric: 0, price: NO_TOLL };
    }
    if (selected === undefined) return undefined;
    const { origin, sequence } = selected.update;
    return { destination, origin, sequence, metric: selected.metric, price: selected.price };
  }

  /** Marks the entry as told, and returns what each neighbour hears of it. */
  #telling(entry: RouteEntry, nowMs: number): ((to: NodeId) => RouteUpdate | undefined) | undefined {
    const news = this.#news(entry);
    const { told, toldVia, asked } = entry;
    const via = entry.selected?.via;
    entry.dueMs = undefined;
    entry.asked = false;
    this.#due.delete(entry);
    if (sameNews(news, told) && via === toldVia && !asked) return undefined;
    entry.told = news;
    entry.toldVia = via;
    if (news === undefined) return told === undefined ? undefined : () => retraction(told);
    this.#claim(news, nowMs);
    // The neighbour the way leads through is told nothing, and what it was told before is taken back (split horizon).
    return (to) => (to !== via ? news : via !== toldVia ? retraction(news) : undefined);
  }

  #claim(news: RouteUpdate, nowMs: number): void {
    const { destination, origin, sequence, metric } = news;
    if (origin !== this.#options.self) this.#feasibility.announced(destination, origin, { sequence, metric, nowMs });
  }

  #tellAll(to: NodeId, nowMs: number): RouteEffect[] {
    const updates: RouteUpdate[] = [];
    for (const entry of this.#entries.values()) {
      const news = this.#news(entry);
      if (news === undefined || entry.selected?.via === to) continue;
      this.#claim(news, nowMs);
      updates.push(news);
    }
    return updates.length === 0 ? [] : [{ kind: 'announce', to, updates }];
  }
}

function candidate(via: NodeId, link: RouteLink, update: RouteUpdate, heardMs: number): Candidate {
  const metric = addMetrics(update.metric, Math.max(1, link.metric));
  return { via, update, metric, price: addPrices(update.price, link.toll), heardMs };
}
