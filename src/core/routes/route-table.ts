import type { NodeId } from '../node-id.ts';
import { Feasibility } from './feasibility.ts';
import {
  addMetrics,
  addPrices,
  type Destination,
  isRouteUpdate,
  MAX_REQUEST_HOPS,
  MAX_SEQUENCE,
  NO_TOLL,
  type PathPrice,
  type RouteRequest,
  type RouteUpdate,
  retraction,
  sameNews,
  UNREACHABLE,
} from './route.ts';
import { RouteDue, TRIGGER_MS } from './route-due.ts';
import { type Candidate, chooseRoute, type Rank, RouteEntry } from './route-entry.ts';
import { RouteRetries } from './route-retries.ts';
import { RouteRoom } from './route-room.ts';
import { RequestPace, SequenceLimit } from './sequence-pace.ts';

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
  /** When that was, by the clock that all events are told by. Default 0. */
  readonly startMs?: number;
  readonly rank?: Rank;
  /** The most destinations that are remembered, with and without a way. */
  readonly mostRoutes?: number;
}

/** Links lose nothing, so news is repeated only to let dead origins be noticed. */
export const REFRESH_MS = 600_000;
/** A way not heard of for three and a half refreshes is gone. */
export const EXPIRY_MS = 2_100_000;
/** Distances outlive every route made from them (RFC 8966 §3.7.3). */
const FORGET_MS = 3 * EXPIRY_MS;
/** About 1 kB each; one neighbour alone may bring half of them. */
const MOST_ROUTES = 262_144;

interface KnownLink extends RouteLink {
  /** To which this neighbour has announced a way that still stands. */
  readonly destinations: Set<Destination>;
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
  readonly #due = new RouteDue();
  readonly #retries = new RouteRetries();
  readonly #room: RouteRoom;
  readonly #limit: SequenceLimit;
  #rank: Rank;
  #refreshMs: number | undefined;

  constructor(options: RouteTableOptions) {
    this.#options = options;
    this.#rank = options.rank ?? (() => 0);
    this.#room = new RouteRoom(options.mostRoutes ?? MOST_ROUTES);
    this.#limit = new SequenceLimit(options.firstSequence, options.startMs ?? 0);
  }

  /** Makes a destination known as reached here: this node's id, or a range its uplink reaches. */
  originate(destination: Destination, nowMs: number): void {
    const entry = this.#entries.get(destination) ?? this.#entry(destination);
    entry.ownSequence ??= this.#options.firstSequence;
    this.#due.add(entry, nowMs);
  }

  /** A link is up, or its cost or toll changed. A new one is told everything. */
  linkUp(neighbour: NodeId, link: RouteLink, nowMs: number): RouteEffect[] {
    const known = this.#links.get(neighbour);
    this.#links.set(neighbour, { ...link, destinations: known?.destinations ?? new Set() });
    if (known === undefined) return this.#tellAll(neighbour, nowMs);
    const reprice = ({ candidates }: RouteEntry): void => {
      const { update, heardMs } = candidates.get(neighbour) as Candidate;
      candidates.set(neighbour, candidate(neighbour, link, update, heardMs));
    };
    return this.#again([...known.destinations], reprice, nowMs);
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

  /** What a neighbour announced. Absurd updates are its fault; too many are dropped, and may be another's who is further on. */
  heard(from: NodeId, updates: readonly RouteUpdate[], nowMs: number): RouteEffect[] {
    const link = this.#links.get(from);
    if (link === undefined) return [];
    const effects: RouteEffect[] = [];
    let dropped = false;
    for (const update of updates) {
      if (!isRouteUpdate(update)) return [...effects, { kind: 'fault', neighbour: from, code: 'ROUTE_ABSURD' }];
      if (update.origin === this.#options.self) {
        this.#ownEcho(update, nowMs);
        continue;
      }
      const entry = this.#take(from, link, update, nowMs);
      if (entry === 'full') dropped = true;
      else if (entry !== undefined) effects.push(...this.#select(entry, nowMs));
    }
    if (dropped) effects.push({ kind: 'fault', neighbour: from, code: 'ROUTES_EXHAUSTED' });
    return effects;
  }

  #take(from: NodeId, link: KnownLink, update: RouteUpdate, nowMs: number): RouteEntry | 'full' | undefined {
    const { destination, metric } = update;
    const known = this.#entries.get(destination);
    if (metric === UNREACHABLE) {
      known?.candidates.delete(from);
      link.destinations.delete(destination);
      return known;
    }
    if (known === undefined && !this.#room.take(from)) return 'full';
    const entry = known ?? this.#entry(destination, from);
    link.destinations.add(destination);
    entry.candidates.set(from, candidate(from, link, update, nowMs));
    return entry;
  }

  /** News of this node's own destination came back newer than this life knows: an earlier life was ahead of the clock. */
  #ownEcho(update: RouteUpdate, nowMs: number): void {
    const entry = this.#entries.get(update.destination);
    if (entry?.ownSequence === undefined || update.sequence <= entry.ownSequence) return;
    const latest = this.#limit.latest(nowMs);
    if (update.sequence > latest) return;
    entry.ownSequence = Math.min(latest, update.sequence + 1);
    this.#due.add(entry, nowMs);
  }

  /** A neighbour asks for a newer sequence. */
  requested(from: NodeId, request: RouteRequest, nowMs: number): RouteEffect[] {
    const entry = this.#entries.get(request.destination);
    if (entry === undefined || !this.#links.has(from) || request.sequence > this.#limit.latest(nowMs)) return [];
    if (entry.ownSequence !== undefined) {
      // All that was asked for at once: who heard a lie may be far ahead.
      if (request.origin === this.#options.self) entry.ownSequence = Math.max(entry.ownSequence, request.sequence);
      return this.#answer(entry, nowMs);
    }
    const { selected } = entry;
    if (selected === undefined) return [];
    if (selected.update.origin !== request.origin || selected.update.sequence >= request.sequence) {
      return this.#answer(entry, nowMs);
    }
    if (selected.via === from || request.hops < 1) return [];
    const hops = Math.min(request.hops, MAX_REQUEST_HOPS) - 1;
    return this.#ask(entry, { to: selected.via, nowMs }, { ...request, hops });
  }

  #answer(entry: RouteEntry, nowMs: number): RouteEffect[] {
    if (nowMs - entry.askedMs < TRIGGER_MS) return [];
    entry.askedMs = nowMs;
    entry.asked = true;
    this.#due.add(entry, nowMs);
    return [];
  }

  #ask(entry: RouteEntry, { to, nowMs }: { to: NodeId; nowMs: number }, request: RouteRequest): RouteEffect[] {
    entry.requests ??= new RequestPace();
    return entry.requests.mayAsk(to, request.sequence, nowMs) ? [{ kind: 'request', to, request }] : [];
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
    return Math.min(this.#refreshMs ?? Number.POSITIVE_INFINITY, this.#due.soonestMs, this.#retries.soonestMs);
  }

  /** Tells what is due, repeats own news, forgets the dead. */
  tick(nowMs: number): RouteEffect[] {
    const effects: RouteEffect[] = [];
    this.#refreshMs ??= nowMs + REFRESH_MS;
    if (nowMs >= this.#refreshMs) {
      this.#refreshMs = nowMs + REFRESH_MS;
      effects.push(...this.#refresh(nowMs));
    }
    for (const entry of this.#retries.take(nowMs)) effects.push(...this.#select(entry, nowMs));
    const due = this.#due.take(nowMs);
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
    for (const entry of [...this.#entries.values()]) {
      if (entry.ownSequence !== undefined) entry.ownSequence = Math.min(MAX_SEQUENCE, entry.ownSequence + 1);
      for (const { via, heardMs } of [...entry.candidates.values()]) {
        if (nowMs - heardMs <= EXPIRY_MS) continue;
        entry.candidates.delete(via);
        this.#links.get(via)?.destinations.delete(entry.destination);
      }
      effects.push(...this.#select(entry, nowMs));
      if (entry.requests?.idle(nowMs)) entry.requests = undefined;
      if (entry.empty && !this.#feasibility.knows(entry.destination)) this.#forget(entry);
    }
    return effects;
  }

  #forget(entry: RouteEntry): void {
    this.#entries.delete(entry.destination);
    // What this node made known is never empty.
    this.#room.give(entry.broughtBy as NodeId);
  }

  /** How many destinations are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  // --- choosing and telling --------------------------------------------------------------------------------------

  #entry(destination: Destination, broughtBy?: NodeId): RouteEntry {
    const entry = new RouteEntry(destination, broughtBy);
    this.#entries.set(destination, entry);
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

  #select(entry: RouteEntry, nowMs: number): RouteEffect[] {
    if (entry.ownSequence !== undefined) return this.#use(entry, undefined, nowMs);
    const { destination } = entry;
    const reachable = [...entry.candidates.values()].filter(
      ({ via, metric }) => metric < UNREACHABLE && this.#rank(destination, via) >= 0,
    );
    const latest = this.#limit.latest(nowMs);
    const usable = reachable.filter(({ update: { metric, origin, sequence } }) => {
      return sequence <= latest && this.#feasibility.allows(destination, origin, sequence, metric);
    });
    const chosen = chooseRoute(usable, entry.selected, (via) => this.#rank(destination, via));
    const effects = this.#use(entry, chosen, nowMs);
    // A way is left, but it may lead back here: its origin is asked for a newer sequence (RFC 8966 §3.8.2.1).
    if (chosen !== undefined || reachable.length === 0) this.#retries.fed(entry);
    else {
      this.#retries.starves(entry, nowMs);
      for (const each of reachable) effects.push(...this.#starved(entry, each, nowMs));
    }
    return effects;
  }

  #starved(entry: RouteEntry, { via, update }: Candidate, nowMs: number): RouteEffect[] {
    const { destination, origin } = update;
    const sequence = Math.min(MAX_SEQUENCE, (this.#feasibility.sequence(destination, origin) ?? 0) + 1);
    return this.#ask(entry, { to: via, nowMs }, { destination, origin, sequence, hops: MAX_REQUEST_HOPS });
  }

  #use(entry: RouteEntry, chosen: Candidate | undefined, nowMs: number): RouteEffect[] {
    const before = entry.selected;
    entry.selected = chosen;
    const now = this.#news(entry);
    if (!sameNews(now, entry.told) || chosen?.via !== entry.toldVia) this.#due.add(entry, nowMs);
    return before?.via === chosen?.via ? [] : [{ kind: 'changed', destination: entry.destination }];
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
    entry.asked = false;
    if (sameNews(news, told) && via === toldVia && !asked) return undefined;
    entry.told = news;
    entry.toldVia = via;
    if (news === undefined) return told === undefined ? undefined : () => retraction(told);
    this.#claim(news, nowMs);
    // The neighbour the way leads through is told nothing, and what it was told before is taken back (split horizon).
    const takenBack = told !== undefined && via !== toldVia ? retraction(news) : undefined;
    return (to) => (to !== via ? news : takenBack);
  }

  #claim(news: RouteUpdate, nowMs: number): void {
    const { destination, origin, sequence, metric } = news;
    if (origin !== this.#options.self) this.#feasibility.announced(destination, origin, { sequence, metric, nowMs });
  }

  #tellAll(to: NodeId, nowMs: number): RouteEffect[] {
    const updates: RouteUpdate[] = [];
    for (const entry of this.#entries.values()) {
      const news = this.#news(entry);
      const via = entry.selected?.via;
      if (news === undefined || via === to) continue;
      if (entry.told === undefined) {
        // From now on somebody knows of it, and may have to hear otherwise; the others still hear it when it is due.
        entry.told = news;
        entry.toldVia = via;
        entry.asked = true;
      }
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
