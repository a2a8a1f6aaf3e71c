import type { NodeId } from '../node-id.ts';
import { costOfThousand, type Destination, type PathPrice, type RouteUpdate } from './route.ts';
import type { RequestPace } from './sequence-pace.ts';

/** A way to a destination, as one neighbour announced it. */
export interface Candidate {
  readonly via: NodeId;
  readonly update: RouteUpdate;
  /** Metric and price from here: the neighbour's own plus the link's. */
  readonly metric: number;
  readonly price: PathPrice;
  readonly heardMs: number;
}

/** Ranks ways to a destination from outside (quality, conduct): more is better, below 0 is never used. */
export type Rank = (destination: Destination, via: NodeId) => number;

/** All that is known of one destination. */
export class RouteEntry {
  readonly destination: Destination;
  readonly candidates = new Map<NodeId, Candidate>();
  /** The way in use; undefined while there is none that is free of loops, or while the destination is this node. */
  selected: Candidate | undefined;
  /** The sequence under which this node itself announces the destination. */
  ownSequence: number | undefined;
  /** What the neighbours were last told: who is not to be told, and what to take back. */
  toldVia: NodeId | undefined;
  told: RouteUpdate | undefined;
  /** Changes lately, which delay the next announcement. */
  flaps = 0;
  flapsCountedMs = 0;
  /** Told again even though nothing changed: somebody asked. */
  asked = false;
  askedMs = Number.NEGATIVE_INFINITY;
  /** Requests for newer news, where some were made or passed on lately. */
  requests: RequestPace | undefined;
  /** The neighbour it was first heard from; undefined: this node made it known. */
  readonly broughtBy: NodeId | undefined;

  constructor(destination: Destination, broughtBy?: NodeId) {
    this.destination = destination;
    this.broughtBy = broughtBy;
  }

  /** Nothing is known of it, nobody was told of it, and nobody was asked lately. */
  get empty(): boolean {
    const { candidates, ownSequence, told, requests } = this;
    return candidates.size === 0 && ownSequence === undefined && told === undefined && requests === undefined;
  }
}

/**
 * The best of `usable` ways: by rank, then metric, then price, then the lower id. A way in use stays unless another is
 * better in rank, or by more than a tenth in metric, or, being no farther, in price, so that two equal ways do not swap for
 * ever, and no carrier's toll for long.
 */
export function chooseRoute(
  usable: readonly Candidate[],
  present: Candidate | undefined,
  rank: (via: NodeId) => number,
): Candidate | undefined {
  let best: Candidate | undefined;
  for (const each of usable) if (best === undefined || better(each, best, rank)) best = each;
  const kept = usable.find(({ via }) => via === present?.via);
  if (best === undefined || kept === undefined || kept === best) return best;
  const worthIt = rank(best.via) > rank(kept.via) || best.metric * 10 < kept.metric * 9 || cheaper(best, kept);
  return worthIt ? best : kept;
}

/** No farther, and by more than a tenth cheaper. */
function cheaper(a: Candidate, b: Candidate): boolean {
  return a.metric <= b.metric && costOfThousand(a.price) * 10 < costOfThousand(b.price) * 9;
}

function better(a: Candidate, b: Candidate, rank: (via: NodeId) => number): boolean {
  const [ra, rb] = [rank(a.via), rank(b.via)];
  if (ra !== rb) return ra > rb;
  if (a.metric !== b.metric) return a.metric < b.metric;
  const [ca, cb] = [costOfThousand(a.price), costOfThousand(b.price)];
  if (ca !== cb) return ca < cb;
  return a.via < b.via;
}
