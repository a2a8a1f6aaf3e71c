import { type ErrorCode, WayleaveError } from '../errors.ts';
import type { NodeId } from '../node-id.ts';
import { type Ratio, weiToUnits } from '../ratio.ts';
import type { Units } from '../units.ts';
import { type ChequeShare, shareOf } from './cheque-share.ts';
import type { DelegationStanding } from './delegation.ts';

/** Swarm's cheque, exactly: Cheque(address chequebook,address beneficiary,uint256 cumulativePayout). */
export interface Cheque {
  readonly chequebook: NodeId;
  readonly beneficiary: NodeId;
  /** All that was ever paid to this beneficiary from this chequebook, in wei. Only grows. */
  readonly cumulativeWei: bigint;
}

/** A cheque with the signature of the issuer of its chequebook. */
export interface SignedCheque extends Cheque {
  /** r, s, v: 65 bytes, v 27 or 28, s in the lower half. */
  readonly signature: Uint8Array;
  /**
   * Where several nodes pay from one chequebook: what the node that hands it over has paid of the amount, in all. Not
   * signed: it tells links of one payer apart, and can never make more of the cheque than it is worth.
   */
  readonly ownWei?: bigint | undefined;
}

/** The largest amount a contract can hold. */
export const MAX_WEI = 2n ** 256n - 1n;

/** The least a cheque must add by default: below this the work of checking it is not paid for. */
export const MIN_CHEQUE_UNITS = 1;

/**
 * Chequebooks from which one neighbour may owe at a time. It pays from one, and from the next when it changes: more is
 * somebody who wants each to be watched and cashed, which costs.
 */
export const MAX_UNCASHED_CHEQUEBOOKS = 8;

/** What is known of the contract a cheque is drawn on, read from the chain beforehand: checking makes no call (DESIGN §12). */
export interface ChequebookKnowledge {
  readonly fromFactory: boolean;
  readonly issuer: NodeId;
  readonly balanceWei: bigint;
  /** Paid to the beneficiary so far, cumulative. */
  readonly paidOutWei: bigint;
  readonly bounced: boolean;
}

/** All that the validity of a received cheque depends on. */
export interface ChequeFacts {
  readonly cheque: SignedCheque;
  /** The address that must be paid. */
  readonly me: NodeId;
  /** Who handed it over: the id proved by the connection. */
  readonly neighbour: NodeId;
  /** The chequebook in the neighbour's terms. */
  readonly announced: NodeId | undefined;
  /** It was announced earlier: what was pending when the neighbour changed to another is still good. */
  readonly former?: boolean | undefined;
  /** Other chequebooks of this neighbour that still owe something. */
  readonly uncashedChequebooks?: number | undefined;
  /** `unread`: not looked up yet; `absent`: no contract stands there. */
  readonly contract: ChequebookKnowledge | 'unread' | 'absent';
  /** The last cheque accepted from this chequebook. */
  readonly last: LastCheque | undefined;
  /** What the issuer's delegation to the neighbour is worth, where the chequebook is not its own. Asked only then. */
  readonly delegated?: (() => DelegationStanding) | undefined;
  /** Where the chequebook is delegated: what is known of the nodes that share it. */
  readonly share?: ChequeShare | undefined;
  /** The ratio of my terms that the neighbour last acknowledged, and the wei carried from earlier cheques. */
  readonly ratio: Ratio;
  readonly remainder: bigint;
  /**
   * My books were lost and older ones stand in their place: what the neighbour says to have had since and no payment was
   * booked for yet. Undefined where nothing was lost.
   */
  readonly forgottenUnits?: Units | undefined;
  readonly minimumUnits: Units;
  /** Is it signed by this one, the issuer of the chequebook? Asked once, and only after every cheaper check passed. */
  readonly signedBy: (issuer: NodeId) => boolean;
}

/** The last cheque accepted from a chequebook. */
export interface LastCheque {
  readonly cumulativeWei: bigint;
  readonly signature: Uint8Array;
  /** Who handed it over, where that may be somebody else. */
  readonly neighbour?: NodeId | undefined;
}

/** What `checkCheque` found. */
export type ChequeVerdict =
  /**
   * Worth `units` more than the last; `remainder` is carried. `recalledUnits` of them were paid out before my books were
   * lost: they are final. `solvent` is advice: riskAt is the bound.
   */
  | {
      readonly kind: 'accepted';
      readonly units: Units;
      readonly recalledUnits: Units;
      readonly remainder: bigint;
      readonly addedWei: bigint;
      readonly solvent: boolean;
    }
  /** The very cheque accepted last, sent again: acknowledge it, credit nothing. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly code: ErrorCode };

/**
 * Is this cheque worth something, and how much? Cheap checks first: `CHEQUE_NOT_FOR_ME`, `CHEQUE_WRONG_CHEQUEBOOK`,
 * `CHEQUE_UNVERIFIED`, `CHEQUE_NO_CONTRACT`, `CHEQUE_FOREIGN_FACTORY`, `CHEQUE_STALE`, `CHEQUE_ABSURD`,
 * `CHEQUE_TOO_SMALL`, `CHEQUEBOOKS_TOO_MANY`, `CHEQUE_WRONG_ISSUER`, `CHEQUE_DELEGATION_EXPIRED`, `CHEQUE_FORGED`,
 * `CHEQUE_BOUNCED` (DESIGN §12).
 */
export function checkCheque(facts: ChequeFacts): ChequeVerdict {
  const { cheque } = facts;
  if (cheque.beneficiary !== facts.me) return refused('CHEQUE_NOT_FOR_ME');
  if (!isExpected(facts)) return refused('CHEQUE_WRONG_CHEQUEBOOK');
  if (repeats(facts)) return { kind: 'duplicate' };
  const contract = trusted(facts.contract);
  if (typeof contract === 'string') return refused(contract);
  const gain = gainOf(facts, contract.paidOutWei);
  if (gain === undefined) return { kind: 'duplicate' };
  if (typeof gain === 'string') return refused(gain);
  if (owesFromTooMany(facts)) return refused('CHEQUEBOOKS_TOO_MANY');
  const unsigned = whyUnsigned(facts, contract.issuer);
  if (unsigned !== undefined) return refused(unsigned);
  if (contract.bounced) return refused('CHEQUE_BOUNCED');
  const solvent = contract.balanceWei >= cheque.cumulativeWei - contract.paidOutWei;
  return { kind: 'accepted', ...gain, solvent };
}

type Gain = Pick<ChequeVerdict & { kind: 'accepted' }, 'units' | 'recalledUnits' | 'remainder' | 'addedWei'>;

/** What the cheque is worth beyond the last one, or why it is refused. Undefined: nothing, and that is no fault. */
function gainOf(facts: ChequeFacts, paidOutWei: bigint): Gain | ErrorCode | undefined {
  // After a lost store the contract remembers what was cashed: that is never credited again, but as `recallable` says.
  const addedWei = addedBy(facts, larger(facts.last?.cumulativeWei ?? 0n, paidOutWei));
  const recalledUnits = recallable(facts, paidOutWei);
  if (addedWei < 0n) return 'CHEQUE_STALE';
  // After a loss all of it may have been paid out: it is said again, as it should be.
  if (addedWei === 0n && recalledUnits === 0) return facts.forgottenUnits === undefined ? 'CHEQUE_STALE' : undefined;
  const worth = worthOf(addedWei, facts);
  if (facts.cheque.cumulativeWei > MAX_WEI || worth === undefined) return 'CHEQUE_ABSURD';
  const units = worth.units + recalledUnits;
  if (units < facts.minimumUnits) return 'CHEQUE_TOO_SMALL';
  return { units, recalledUnits, remainder: worth.remainder, addedWei };
}

/**
 * What the contract has paid me on cheques that lost books do not remember, as far as the neighbour says to have had
 * service for it since. Beyond that it is no credit: it paid for what was forgotten with it.
 */
function recallable({ forgottenUnits = 0, last, ratio, share }: ChequeFacts, paidOutWei: bigint): Units {
  const wei = paidOutWei - (last?.cumulativeWei ?? 0n);
  if (wei <= 0n || share !== undefined) return 0;
  const units = (wei * ratio.denominator) / ratio.numerator;
  return units < BigInt(forgottenUnits) ? Number(units) : forgottenUnits;
}

/** What the cheque adds: all above `base`, or the part of the node that hands it over. */
function addedBy({ cheque, share }: ChequeFacts, base: bigint): bigint {
  if (share === undefined) return cheque.cumulativeWei - base;
  return shareOf(share, { cumulativeWei: cheque.cumulativeWei, baseWei: base, ownWei: cheque.ownWei ?? 0n });
}

/** Undefined where the issuer signed it, and is the neighbour or has delegated to it. The signature is looked at last. */
function whyUnsigned({ delegated, neighbour, signedBy }: ChequeFacts, issuer: NodeId): ErrorCode | undefined {
  const standing = issuer === neighbour ? 'good' : (delegated?.() ?? 'none');
  if (standing === 'expired') return 'CHEQUE_DELEGATION_EXPIRED';
  if (standing === 'none') return 'CHEQUE_WRONG_ISSUER';
  return signedBy(issuer) ? undefined : 'CHEQUE_FORGED';
}

function isExpected({ announced, cheque, former }: ChequeFacts): boolean {
  return cheque.chequebook === announced || former === true;
}

function owesFromTooMany({ uncashedChequebooks = 0 }: ChequeFacts): boolean {
  return uncashedChequebooks >= MAX_UNCASHED_CHEQUEBOOKS;
}

/** The same one from somebody else is not sent again: it is worth nothing here, and must not be answered as good. */
function repeats({ cheque, last, neighbour, share }: ChequeFacts): boolean {
  if (share !== undefined) return share.paidWei > 0n && cheque.ownWei === share.paidWei;
  if (last === undefined || cheque.cumulativeWei !== last.cumulativeWei) return false;
  if (last.neighbour !== undefined && last.neighbour !== neighbour) return false;
  return sameBytes(cheque.signature, last.signature);
}

/** The contract, if it is one to take cheques on; else why not. */
function trusted(contract: ChequeFacts['contract']): ChequebookKnowledge | ErrorCode {
  if (contract === 'unread') return 'CHEQUE_UNVERIFIED';
  if (contract === 'absent') return 'CHEQUE_NO_CONTRACT';
  return contract.fromFactory ? contract : 'CHEQUE_FOREIGN_FACTORY';
}

function refused(code: ErrorCode): ChequeVerdict {
  return { kind: 'refused', code };
}

/** Undefined where the amount is no exact number of units any more. */
function worthOf(addedWei: bigint, facts: ChequeFacts): { units: Units; remainder: bigint } | undefined {
  const most = (BigInt(Number.MAX_SAFE_INTEGER) * facts.ratio.numerator) / facts.ratio.denominator;
  return addedWei > most ? undefined : weiToUnits(addedWei, facts.ratio, facts.remainder);
}

/** The cumulative amount of the next cheque. Throws `AMOUNT_INVALID` (nothing to add), `AMOUNT_OVERFLOW`. */
export function nextCumulative(lastWei: bigint, addWei: bigint): bigint {
  if (addWei <= 0n || lastWei < 0n) throw new WayleaveError('AMOUNT_INVALID', { lastWei, addWei });
  if (lastWei + addWei > MAX_WEI) throw new WayleaveError('AMOUNT_OVERFLOW', { lastWei, addWei });
  return lastWei + addWei;
}

/** What a payer knows of its own cheques to one beneficiary, perhaps after losing its store. */
export interface IssuedFacts {
  readonly chequebook: NodeId;
  readonly beneficiary: NodeId;
  /** This node's id: the issuer. */
  readonly me: NodeId;
  /** From the store; 0 when it holds none. */
  readonly storedWei: bigint;
  /** From the contract. */
  readonly paidOutWei: bigint;
  /** The cheque the beneficiary holds, given back. It counts only if I signed it: the beneficiary gains by a higher one. */
  readonly returned: SignedCheque | undefined;
  readonly signer: () => NodeId | undefined;
}

/** The cumulative amount to go on from: never lower than anything I may have signed (DESIGN §12, lost store). */
export function recoveredCumulative(facts: IssuedFacts): bigint {
  const own = larger(facts.storedWei, facts.paidOutWei);
  const { returned } = facts;
  if (returned === undefined || returned.cumulativeWei <= own) return own;
  const here = returned.chequebook === facts.chequebook && returned.beneficiary === facts.beneficiary;
  return here && facts.signer() === facts.me ? returned.cumulativeWei : own;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
