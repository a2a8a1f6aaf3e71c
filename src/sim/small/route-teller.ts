import type { NodeId } from '../../core/node-id.ts';
import {
  type Destination,
  NO_TOLL,
  type RouteRequest,
  type RouteUpdate,
  UNREACHABLE,
} from '../../core/routes/route.ts';
import type { RouteLink } from '../../core/routes/route-table.ts';
import { RouteExchange } from '../../packets/route-exchange.ts';
import { decodeRoutes, encodeRoutes, type Routes } from '../../wire/routes.ts';
import { Life } from '../life.ts';
import { Timeline } from '../timeline.ts';
import { VirtualClock, WORLD_BEGINS_MS } from '../virtual-clock.ts';
import { mustBeSame, Untrue } from './untrue.ts';

/** A node's first sequence: what stories count theirs from. */
const FIRST = WORLD_BEGINS_MS / 1_000;
/** Events in one stretch of time: more than any story has. What goes on without end ends here. */
const MOST_EVENTS = 20_000;
/** Places for destinations: few, so that a story can fill them. */
const MOST_ROUTES = 16;
const PLAIN: RouteLink = { metric: 1, toll: NO_TOLL };

/** News as a story tells them: a range that a node far away reaches unless it says otherwise, 10 from the neighbour. */
export type ToldNews = Partial<RouteUpdate>;
/** A request as a story tells it, for the same. */
export type ToldRequest = Partial<RouteRequest>;

/** The range that stories are about, and the one who reaches it. */
export const RANGE: Destination = '10.0.0.0/8';
export const FAR = nodeNamed('f');
/** The node itself. */
export const SELF = nodeNamed('0');

/** Neighbours have digits for names. */
export function nodeNamed(digit: string): NodeId {
  return `0x${digit.repeat(40)}`;
}

/**
 * Tells a story of one node's ways, amid neighbours of which the story says what they say. The exchange of routes is
 * the production one, and all that is said goes over the wire as bytes; the links take no time.
 */
export class RouteTeller {
  readonly exchange: RouteExchange;
  readonly #timeline = new Timeline();
  readonly #told: string[] = [];
  readonly #changed: string[] = [];
  readonly #faults: string[] = [];

  /** With links to the neighbours 1 and 2, which know by now that the node is there. */
  constructor() {
    const clock = new VirtualClock({ timeline: this.#timeline, life: new Life() });
    this.exchange = new RouteExchange({
      ...{ self: SELF, clock, mostRoutes: MOST_ROUTES },
      send: (to, routes) => this.#told.push(...inWords(to, decodeRoutes(encodeRoutes(routes)))),
      changed: (destination, route) => this.#changed.push(`${destination} by ${route?.via?.at(-1) ?? 'nobody'}`),
      fault: (neighbour, code) => this.#faults.push(`${neighbour.at(-1)} ${code}`),
    });
    for (const name of '12') this.link(name);
    this.until(1_000);
    this.told();
  }

  get nowMs(): number {
    return this.#timeline.nowMs;
  }

  /** Time passes until then, with all that happens in it. Since the beginning. */
  until(ms: number): void {
    const timeline = this.#timeline;
    timeline.post(ms - timeline.nowMs, () => undefined, 0);
    for (let events = 0; (timeline.nextAtMs ?? ms + 1) <= ms; events += 1) {
      if (events > MOST_EVENTS) throw new Untrue('it never rests');
      timeline.next();
    }
  }

  pass(ms: number): void {
    this.until(this.nowMs + ms);
  }

  /** A link is up, or is another than before. */
  link(name: string, link: Partial<RouteLink> = {}): void {
    this.exchange.linkUp(nodeNamed(name), { ...PLAIN, ...link });
  }

  unlink(name: string): void {
    this.exchange.linkDown(nodeNamed(name));
  }

  /** A neighbour tells of ways; sequences count from the node's first. */
  says(name: string, ...all: readonly ToldNews[]): void {
    this.#hears(name, { updates: all.map(news), requests: [] });
  }

  /** A neighbour asks for newer news. */
  asks(name: string, ...all: readonly ToldRequest[]): void {
    this.#hears(name, { updates: [], requests: all.map(request) });
  }

  #hears(name: string, routes: Routes): void {
    this.exchange.heard(nodeNamed(name), decodeRoutes(encodeRoutes(routes)));
  }

  /**
   * What neighbours were told since this was last asked: `2:11#7` tells the second a metric of 11 under sequence 7, with
   * `+3/4` behind it where it costs 3 a packet and 4 a megabyte; `2:-` takes it back, and `2?8/9` asks for 8, to be
   * passed on 9 times. `about`: only of this destination.
   */
  told(about?: Destination): string {
    const all = this.#told.splice(0).map((each) => each.split(' '));
    return all.flatMap(([of, said]) => (about === undefined || of === about ? [said] : [])).join(' ');
  }

  /** The same, once so much more time has passed. */
  toldAfter(ms: number, about?: Destination): string {
    this.pass(ms);
    return this.told(about);
  }

  /** The ways that became others since this was last asked. */
  changed(): string {
    return this.#changed.splice(0).join(', ');
  }

  /** What was held against neighbours since this was last asked. */
  faults(): string {
    return this.#faults.splice(0).join(', ');
  }

  /** By whom a destination is reached, how far it is, and what it costs. */
  way(destination: Destination = RANGE): string {
    const route = this.exchange.table.route(destination);
    if (route === undefined) return 'none';
    return [route.via?.at(-1) ?? 'here', route.metric, costs(route.price)].filter((each) => each !== '').join(' ');
  }

  same(what: string, actual: unknown, expected: unknown): void {
    mustBeSame(what, actual, expected);
  }
}

function news(told: ToldNews): RouteUpdate {
  const { sequence = 7, ...rest } = told;
  return { destination: RANGE, origin: FAR, metric: 10, price: NO_TOLL, ...rest, sequence: FIRST + sequence };
}

function request(told: ToldRequest): RouteRequest {
  const { sequence = 8, ...rest } = told;
  return { destination: RANGE, origin: FAR, hops: 9, ...rest, sequence: FIRST + sequence };
}

function inWords(to: NodeId, { updates, requests }: Routes): string[] {
  const name = to.at(-1);
  return [
    ...updates.map(({ destination, metric, price, sequence }) => {
      const said = metric === UNREACHABLE ? '-' : `${metric}#${sequence - FIRST}${costs(price)}`;
      return `${destination} ${name}:${said}`;
    }),
    ...requests.map(({ destination, hops, sequence }) => `${destination} ${name}?${sequence - FIRST}/${hops}`),
  ];
}

function costs({ perMb, perPacket }: RouteUpdate['price']): string {
  return perMb + perPacket === 0 ? '' : `+${perPacket}/${perMb}`;
}

/** The first neighbour told of the way, and the second knows. */
export function settled(teller: RouteTeller): void {
  teller.says('1', {});
  teller.same('the second is told', teller.toldAfter(1_000), '2:11#7');
  teller.changed();
}

/** The first neighbour told of the way, and a third is there before the second knows. */
export function joined(teller: RouteTeller): void {
  teller.says('1', {});
  teller.pass(10);
  teller.link('3');
}
