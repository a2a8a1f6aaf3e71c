import type { NodeId } from '../node-id.ts';
import { SERVICES, type Service } from '../service.ts';
import type { PerService } from '../session/message.ts';
import type { Units } from '../units.ts';

/**
 * What one node says, signed, about one link (DESIGN §3): all that went over it, seen from its side, at one cut of the
 * conversation. A statement is evidence, never an instruction: no balance moves by it.
 *
 * The cut: what the signer had sent when it set its mark `sequence`, and what had arrived when it met the neighbour's
 * mark `answers`. A mark leaves when nothing else waits to leave, so it arrives after everything that was charged before
 * it; both ends therefore mean the very same frames and can demand equality to the unit.
 */
export interface Statement {
  readonly chainId: number;
  /** The signer, and the neighbour it speaks to. */
  readonly from: NodeId;
  readonly to: NodeId;
  /** Counts restores of the signer's store. */
  readonly storeEpoch: number;
  /** 1 … ; grows with every statement to this neighbour, also over connections and restarts. */
  readonly sequence: number;
  /** The neighbour's mark that makes the cut with it, set on the same connection. */
  readonly answers: number;
  /** Gross totals by service, as charged, which only grow; and what reconciliation added to them (signed). */
  readonly provided: PerService;
  readonly consumed: PerService;
  readonly providedCorrection: PerService;
  readonly consumedCorrection: PerService;
  readonly providedBytes: PerService;
  readonly consumedBytes: PerService;
  /** Settlements that the neighbour acknowledged, and that were taken from it. */
  readonly paid: Units;
  readonly received: Units;
  /** Value packets given to the neighbour, and taken from it. */
  readonly packetsSent: number;
  readonly packetsReceived: number;
}

/** A statement with its signer's signature: r, s, v, 65 bytes. */
export interface SignedStatement extends Statement {
  readonly signature: Uint8Array;
}

/** One end's totals at a cut, corrections included. */
export interface CutTotals {
  readonly provided: PerService;
  readonly consumed: PerService;
  readonly providedBytes: PerService;
  readonly consumedBytes: PerService;
}

/** One service in one direction, seen from here, where the neighbour's total is the worse one for me. */
export interface Gap {
  readonly service: Service;
  /** `provided`: it states less than I gave. `consumed`: it states more than I got. */
  readonly side: 'provided' | 'consumed';
  /** By how much, in units; > 0. */
  readonly units: Units;
  /** By how much the bytes differ the same way: 0 where only the prices differ. */
  readonly bytes: number;
}

const COLUMNS = [0, 1, 2] as const;

/**
 * Where a neighbour's statement is worse for me than my own books at the same cut. What is better for me (it counted
 * more of its own use, or less of its own service) is its own loss and no gap.
 */
export function gapsBetween(mine: CutTotals, theirs: Statement): Gap[] {
  const gaps: Gap[] = [];
  for (const s of COLUMNS) {
    const service = SERVICES[s];
    const given = mine.provided[s] - (theirs.consumed[s] + theirs.consumedCorrection[s]);
    if (given > 0) {
      gaps.push({ service, side: 'provided', units: given, bytes: mine.providedBytes[s] - theirs.consumedBytes[s] });
    }
    const taken = theirs.provided[s] + theirs.providedCorrection[s] - mine.consumed[s];
    if (taken > 0) {
      gaps.push({ service, side: 'consumed', units: taken, bytes: theirs.providedBytes[s] - mine.consumedBytes[s] });
    }
  }
  return gaps;
}

/** How a statement stands beside the last one of the same signer. */
export type Succession =
  /** It follows. */
  | 'follows'
  /** It is the same one again. */
  | 'repeats'
  /** Some total is lower, under a higher store epoch: a restored backup, no fraud. */
  | 'restored'
  /** It is older than the last one. */
  | 'stale'
  /** Both are signed, and they cannot both be true: the same number said twice, or a total that shrank. */
  | 'contradicts';

/** Compares two statements of one signer about one link. Without an earlier one every statement follows. */
export function successionOf(last: Statement | undefined, next: Statement): Succession {
  if (last === undefined) return 'follows';
  if (next.storeEpoch < last.storeEpoch) return 'stale';
  if (next.storeEpoch > last.storeEpoch) return shrinks(last, next) ? 'restored' : 'follows';
  if (next.sequence < last.sequence) return 'stale';
  if (next.sequence === last.sequence) return sameStatement(last, next) ? 'repeats' : 'contradicts';
  return shrinks(last, next) ? 'contradicts' : 'follows';
}

const GROSS = ['provided', 'consumed', 'providedBytes', 'consumedBytes'] as const;

/** Only gross totals must grow: corrections may go either way. */
function shrinks(last: Statement, next: Statement): boolean {
  if (next.paid < last.paid || next.received < last.received) return true;
  if (next.packetsSent < last.packetsSent || next.packetsReceived < last.packetsReceived) return true;
  return GROSS.some((total) => COLUMNS.some((s) => next[total][s] < last[total][s]));
}

/** True when two statements say the same, signatures aside. */
export function sameStatement(a: Statement, b: Statement): boolean {
  return flat(a) === flat(b);
}

function flat(of: Statement): string {
  return JSON.stringify([
    [of.chainId, of.from, of.to, of.storeEpoch, of.sequence, of.answers],
    [of.provided, of.consumed, of.providedCorrection, of.consumedCorrection, of.providedBytes, of.consumedBytes],
    [of.paid, of.received, of.packetsSent, of.packetsReceived],
  ]);
}

/** What a statement admits to have consumed, by service, corrections included: the least its signer must stand by. */
export function admittedBy(statement: Statement): PerService {
  const { consumed, consumedCorrection } = statement;
  return [
    Math.max(0, consumed[0] + consumedCorrection[0]),
    Math.max(0, consumed[1] + consumedCorrection[1]),
    Math.max(0, consumed[2] + consumedCorrection[2]),
  ];
}
