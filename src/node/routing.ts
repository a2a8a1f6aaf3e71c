import { Deliveries, type Outcome, type Standing, type Way } from '../core/carrier/deliveries.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { type ErrorCode, WayleaveError } from '../core/errors.ts';
import { isNodeId, type NodeId } from '../core/node-id.ts';
import type { Destination, PathPrice } from '../core/routes/route.ts';
import type { Route } from '../core/routes/route-table.ts';
import type { Link } from '../link/link.ts';
import { RouteExchange } from '../packets/route-exchange.ts';
import { type AddressPrefix, matches, parsePrefix } from '../transit/address-prefix.ts';
import { addressBytes } from '../wire/ip-address.ts';
import { decodeRoutes, encodeRoutes } from '../wire/routes.ts';

export interface RoutingOptions {
  readonly self: NodeId;
  readonly clock: Clock;
  /** What packets are charged for being sent out to a neighbour. */
  readonly toll: (neighbour: NodeId) => PathPrice;
  /** It has an uplink: the internet is reached here. */
  readonly uplink: boolean;
  /** How much this node wants its traffic to go by a neighbour: more is better, below 0 never. */
  readonly preference: (neighbour: NodeId) => number;
  /** The way to a node is another one. */
  readonly changed: (node: NodeId, via: NodeId | undefined) => void;
  /** The way to the internet is another one: prices may follow. */
  readonly rerouted: () => void;
  readonly fault: (neighbour: NodeId, error: unknown) => void;
  /** Packets to a node go by this neighbour last, or not at all, for a time. */
  readonly demoted: (way: Way, facts: { readonly standing: Standing; readonly forMs: number }) => void;
}

/** Every link is as far as any other until quality is measured. */
const LINK_METRIC = 1;

/** What a neighbour's ways are worth by what this node's own packets came to there. */
const RANKS: Readonly<Record<Standing, number>> = { used: 1, last: 0, left: -1 };

/** All of the internet, as gateways announce it. */
const EVERYWHERE: readonly Destination[] = ['0.0.0.0/0', '::/0'];

/** Where packets and streams go from this node: the routes its neighbours announce, chosen by what they ask. */
export class Routing {
  readonly #options: RoutingOptions;
  readonly #exchange: RouteExchange;
  readonly #links = new Map<NodeId, Link>();
  /** Ranges that somebody reaches, and their text as a destination. */
  readonly #ranges = new Map<Destination, AddressPrefix>();
  readonly #deliveries = new Deliveries();
  readonly #timers = new Set<Timer>();
  #preferences = '';

  constructor(options: RoutingOptions) {
    const { self, clock, uplink } = options;
    this.#options = options;
    this.#exchange = new RouteExchange({
      self,
      clock,
      rank: (destination, via) => this.#rank(destination, via),
      send: (to, routes) => this.#links.get(to)?.send('control', encodeRoutes(routes)),
      changed: (destination, route) => this.#changed(destination, route),
      fault: (neighbour, code: ErrorCode) => options.fault(neighbour, new WayleaveError(code, { neighbour })),
    });
    if (uplink) for (const range of EVERYWHERE) this.#exchange.originate(range);
  }

  /** A node is reached by the shortest way that delivers; the internet by whoever this node prefers to buy from. */
  #rank(destination: Destination, via: NodeId): number {
    if (!isNodeId(destination)) return this.#options.preference(via);
    return RANKS[this.#deliveries.standing({ via, to: destination }, this.#options.clock.nowMs())];
  }

  /** What became of a packet of this node: who does not deliver is left for a time, and tried again then. */
  fated(way: Way, outcome: Outcome): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const untilMs = this.#deliveries.told(way, outcome, nowMs);
    if (untilMs === undefined) return;
    this.#options.demoted(way, { standing: this.#deliveries.standing(way, nowMs), forMs: Math.round(untilMs - nowMs) });
    const again = (): void => this.#exchange.ranked((destination, via) => this.#rank(destination, via), [way.to]);
    again();
    const timer = clock.after(Math.ceil(untilMs - nowMs) + 1, () => {
      this.#timers.delete(timer);
      again();
    });
    this.#timers.add(timer);
  }

  #changed(destination: Destination, route: Route | undefined): void {
    if (isNodeId(destination)) return this.#options.changed(destination, route?.via);
    const prefix = parsePrefix(destination);
    if (route === undefined || prefix === undefined) this.#ranges.delete(destination);
    else this.#ranges.set(destination, prefix);
    this.#options.rerouted();
  }

  linkUp(link: Link): void {
    this.#links.set(link.peer, link);
    this.#exchange.linkDown(link.peer);
    this.#exchange.linkUp(link.peer, { metric: LINK_METRIC, toll: this.#options.toll(link.peer) });
  }

  linkDown(link: Link): void {
    if (this.#links.get(link.peer) !== link) return;
    this.#links.delete(link.peer);
    this.#exchange.linkDown(link.peer);
  }

  /** What this node takes for sending out to a neighbour changed: whoever sends by this way is told. */
  tolled(neighbour: NodeId, toll: PathPrice): void {
    if (this.#links.has(neighbour)) this.#exchange.linkUp(neighbour, { metric: LINK_METRIC, toll });
  }

  /** A message of routes. Throws `WIRE_MALFORMED`. */
  heard(link: Link, message: Uint8Array): void {
    if (this.#links.get(link.peer) === link) this.#exchange.heard(link.peer, decodeRoutes(message));
  }

  /** Prices moved, perhaps: the ways to the internet are chosen again where they did. */
  refresh(): void {
    const preferences = [...this.#links.keys()].map((id) => `${id} ${this.#options.preference(id)}`).join();
    if (preferences === this.#preferences) return;
    this.#preferences = preferences;
    this.#exchange.ranked((destination, via) => this.#rank(destination, via), [...EVERYWHERE, ...this.#ranges.keys()]);
  }

  /** The way to a node; undefined where none is known. */
  toNode(id: NodeId): Route | undefined {
    return this.#exchange.table.route(id);
  }

  /** The neighbour by which an address, or a name, is reached; undefined where nobody says so. */
  toHost(host: string | undefined): NodeId | undefined {
    const address = (host === undefined ? undefined : addressBytes(host)) ?? undefined;
    if (address === undefined) return this.#exchange.table.route('0.0.0.0/0')?.via;
    let best: { destination: Destination; bits: number } | undefined;
    for (const [destination, prefix] of this.#ranges) {
      if (!matches(prefix, address) || (best !== undefined && best.bits >= prefix.bits)) continue;
      best = { destination, bits: prefix.bits };
    }
    return best === undefined ? undefined : this.#exchange.table.route(best.destination)?.via;
  }

  /** How many destinations there is a way to. */
  get size(): number {
    return [...this.#exchange.table.routes()].length;
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#exchange.close();
  }
}
