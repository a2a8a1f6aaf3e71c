import type { NodeId } from '../node-id.ts';
import type { Units } from '../units.ts';

/** What became of a packet for which its destination's receipt was wanted. */
export type Fate = 'delivered' | 'refused' | 'lost' | 'forged';

/** A neighbour by which packets leave, and where they go. */
export interface Way {
  readonly via: NodeId;
  readonly to: NodeId;
}

/** What became of one packet. */
export interface Outcome {
  readonly fate: Fate;
  readonly sentUnits: Units;
  /** It was told as lost before. */
  readonly late?: boolean;
}

/** `last`: used where there is no other way. `left`: not used. */
export type Standing = 'used' | 'last' | 'left';

/** So many packets must be missing before a way is left: links break, and lose a few with them. */
export const LOST_TO_LEAVE = 6;
/** … and more than one in so many of them, or of their value: the dear ones may be kept and the cheap ones delivered. */
export const LOST_ONE_IN = 5;
/** So many must come back, and none arrive, before a way is used last: it was announced, and led nowhere. */
export const REFUSED_TO_LAST = 20;
/** All counts are halved so often: what was long ago says little. Milliseconds. */
export const HALVE_MS = 60_000;
/** How long a way is not used at first; twice as long each time it was no better when it was tried again. Milliseconds. */
export const DEMOTED_MS = 30_000;
/** … and at most. Milliseconds. */
export const MOST_DEMOTED_MS = 3_600_000;
/** So many packets must arrive until a way is as good as new. */
export const ARRIVED_TO_CLEAR = 50;
/** Ways that are remembered; beyond it the longest untouched is forgotten. */
export const MOST_WAYS = 10_000;

/** What is counted, and halved. */
interface Counts {
  lost: number;
  lostUnits: Units;
  arrived: number;
  arrivedUnits: Units;
  refused: number;
}

interface Tally extends Counts {
  halvedMs: number;
  standing: Standing;
  /** Until when it stands so, and for how long it did. */
  untilMs: number;
  demotedMs: number;
  /** Packets that arrived since. */
  arrivedSince: number;
}

/**
 * What this node's own packets came to, by the neighbour they left by and where they went. A carrier that keeps a packet
 * and its value is found by what does not come back: the originator leaves the way (DESIGN §11), this neighbour for this
 * destination and not its link, since it may be honest and stand before one that is not. Who announces ways that lead
 * nowhere is used last. Either is tried again after a while, so that it can earn its place back.
 */
export class Deliveries {
  readonly #tallies = new Map<string, Tally>();

  /** What became of one packet. Returns until when the way is used last or left, where that follows. Milliseconds. */
  told(way: Way, outcome: Outcome, nowMs: number): number | undefined {
    // Who is at the other end of the link is no carrier: if it keeps silent, no other way leads past it.
    if (way.via === way.to) return undefined;
    const tally = this.#tally(way, nowMs);
    count(tally, outcome);
    const standing = standingOf(tally);
    const worse = standing === 'left' ? tally.standing !== 'left' : tally.standing === 'used';
    if (standing === 'used' || (nowMs < tally.untilMs && !worse)) return undefined;
    tally.demotedMs = tally.demotedMs === 0 ? DEMOTED_MS : Math.min(MOST_DEMOTED_MS, tally.demotedMs * 2);
    tally.untilMs = nowMs + tally.demotedMs;
    Object.assign(tally, NOTHING, { standing, arrivedSince: 0 });
    return tally.untilMs;
  }

  /** How a way is to be used now. */
  standing(way: Way, nowMs: number): Standing {
    const tally = this.#tallies.get(nameOf(way));
    return tally === undefined || nowMs >= tally.untilMs ? 'used' : tally.standing;
  }

  #tally(way: Way, nowMs: number): Tally {
    const name = nameOf(way);
    const tally = this.#tallies.get(name) ?? made(nowMs);
    // The last touched stands last.
    this.#tallies.delete(name);
    this.#tallies.set(name, tally);
    if (this.#tallies.size > MOST_WAYS) this.#tallies.delete(this.#tallies.keys().next().value as string);
    halve(tally, nowMs);
    return tally;
  }

  get size(): number {
    return this.#tallies.size;
  }
}

const NOTHING: Counts = { lost: 0, lostUnits: 0, arrived: 0, arrivedUnits: 0, refused: 0 };

function made(nowMs: number): Tally {
  return { ...NOTHING, halvedMs: nowMs, standing: 'used', untilMs: 0, demotedMs: 0, arrivedSince: 0 };
}

function nameOf({ to, via }: Way): string {
  return `${via} ${to}`;
}

function count(tally: Tally, { fate, late = false, sentUnits }: Outcome): void {
  if (late) {
    tally.lost = Math.max(0, tally.lost - 1);
    tally.lostUnits = Math.max(0, tally.lostUnits - sentUnits);
  }
  if (fate === 'delivered') {
    tally.arrived += 1;
    tally.arrivedUnits += sentUnits;
    tally.arrivedSince += 1;
    if (tally.arrivedSince >= ARRIVED_TO_CLEAR) tally.demotedMs = 0;
  } else if (fate === 'refused') tally.refused += 1;
  else if (fate === 'lost') {
    tally.lost += 1;
    tally.lostUnits += sentUnits;
  }
  // A forged receipt is told again as lost, when nothing better comes.
}

function standingOf({ arrived, arrivedUnits, lost, lostUnits, refused }: Counts): Standing {
  const among = LOST_ONE_IN - 1;
  if (lost >= LOST_TO_LEAVE && (lost * among > arrived || lostUnits * among > arrivedUnits)) return 'left';
  return refused >= REFUSED_TO_LAST && arrived === 0 ? 'last' : 'used';
}

function halve(tally: Tally, nowMs: number): void {
  const times = Math.floor((nowMs - tally.halvedMs) / HALVE_MS);
  if (times <= 0) return;
  tally.halvedMs += times * HALVE_MS;
  const by = 2 ** Math.min(times, 60);
  for (const name of Object.keys(NOTHING) as (keyof Counts)[]) tally[name] = Math.floor(tally[name] / by);
}
