import { isNodeId, type NodeId } from '../node-id.ts';
import { MAX_PRICE, type PricePerMb, type Units } from '../units.ts';

/** Where traffic can be led: a node id, or an IP range in its usual form (`10.0.0.0/8`, `::/0`). */
export type Destination = string;

/** The metric of what cannot be reached: an update with it takes the route back. */
export const UNREACHABLE = 2 ** 32 - 1;

/**
 * The largest sequence number. They start at the seconds of the wall clock, so that a restart is newer than what was before.
 * They do not go round: with a liar's help each of three could be newer than the next, which is a loop. `sequence-pace.ts`
 * limits them instead.
 */
export const MAX_SEQUENCE = 2 ** 32 - 1;

/** A request for a newer sequence is passed on at most this often: longer paths than this do not pay. */
export const MAX_REQUEST_HOPS = 64;

/** What a path costs: the sum of the tolls of all carriers on it. */
export interface PathPrice {
  /** Units a packet. */
  readonly perPacket: Units;
  /** Units per 10⁶ bytes. */
  readonly perMb: PricePerMb;
}

/** What one node tells a neighbour about one destination (RFC 8966 §3.5.4, with the price of the path beside the metric). */
export interface RouteUpdate {
  readonly destination: Destination;
  /** Who made the destination known; with `sequence` it orders news of the same destination. */
  readonly origin: NodeId;
  readonly sequence: number;
  /** Sum of the link costs from the announcer to the origin, or `UNREACHABLE`. */
  readonly metric: number;
  /** What a packet handed to the announcer will be charged until it arrives. */
  readonly price: PathPrice;
}

/** Asks the origin, hop by hop, for a newer sequence: what is left is not known to be free of loops (RFC 8966 §3.8.2). */
export interface RouteRequest {
  readonly destination: Destination;
  readonly origin: NodeId;
  readonly sequence: number;
  /** How often it may still be passed on. */
  readonly hops: number;
}

/** The destination is here, or cannot be priced. */
export const NO_TOLL: PathPrice = { perPacket: 0, perMb: 0 };

/** What a thousand packets of a thousand bytes pay: by this prices are compared. Units. */
export function costOfThousand({ perMb, perPacket }: PathPrice): number {
  return perPacket * 1_000 + perMb;
}

/** Sum of two prices, at most `MAX_PRICE` each: what is dearer than that is not for sale. */
export function addPrices(a: PathPrice, b: PathPrice): PathPrice {
  return { perPacket: capped(a.perPacket + b.perPacket), perMb: capped(a.perMb + b.perMb) };
}

/** Sum of two metrics; never beyond `UNREACHABLE`. */
export function addMetrics(a: number, b: number): number {
  return Math.min(UNREACHABLE, a + b);
}

/** Whether an update is within its ranges; a node is announced by itself. */
export function isRouteUpdate(update: RouteUpdate): boolean {
  const { destination, origin, sequence, metric, price } = update;
  return (
    (destination === origin || !isNodeId(destination)) &&
    whole(sequence, MAX_SEQUENCE) &&
    whole(metric, UNREACHABLE) &&
    whole(price.perPacket, MAX_PRICE) &&
    whole(price.perMb, MAX_PRICE)
  );
}

/** The update that takes a route back. */
export function retraction(news: RouteUpdate): RouteUpdate {
  return { ...news, metric: UNREACHABLE, price: NO_TOLL };
}

/** True when two updates of one destination say the same. */
export function sameNews(a: RouteUpdate | undefined, b: RouteUpdate | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.origin === b.origin &&
    a.sequence === b.sequence &&
    a.metric === b.metric &&
    a.price.perPacket === b.price.perPacket &&
    a.price.perMb === b.price.perMb
  );
}

function capped(value: number): number {
  return Math.min(MAX_PRICE, value);
}

function whole(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}
