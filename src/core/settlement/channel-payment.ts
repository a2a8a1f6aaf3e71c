import type { ErrorCode } from '../errors.ts';
import type { NodeId } from '../node-id.ts';
import { type Ratio, weiToUnits } from '../ratio.ts';
import type { Units } from '../units.ts';
import { MAX_WEI, type SignedCheque } from './cheque.ts';

/** What is known of one party's money in a channel. Amounts are wei, all that ever was. */
export interface ChannelShare {
  readonly depositedWei: bigint;
  readonly withdrawnWei: bigint;
  /** The newest total it signed, and the newest it was paid: what it received it can pay on. */
  readonly paidWei: bigint;
  readonly receivedWei: bigint;
}

/** The highest total a party can pay: what it has in the channel. */
export function coverWei({ depositedWei, receivedWei, withdrawnWei }: Omit<ChannelShare, 'paidWei'>): bigint {
  const cover = depositedWei + receivedWei - withdrawnWei;
  return cover > 0n ? cover : 0n;
}

/** What a party may still pay. */
export function roomWei(share: ChannelShare): bigint {
  const room = coverWei(share) - share.paidWei;
  return room > 0n ? room : 0n;
}

/** May a party have taken this much out, all in all? More than before, and what it has signed away must stay covered. */
export function mayWithdraw({ depositedWei, paidWei, receivedWei, withdrawnWei }: ChannelShare, wei: bigint): boolean {
  return wei > withdrawnWei && wei <= depositedWei + receivedWei - paidWei;
}

/** A channel as the chain had it when it was last read, from the receiver's side. */
export interface ChannelKnowledge {
  readonly fromFactory: boolean;
  /** The key that signs what I am paid, and where I am paid. */
  readonly payer: NodeId;
  readonly payee: NodeId;
  /** The shortest freeze period counts: I must be able to answer an old state. */
  readonly freezeSeconds: number;
  readonly depositedWei: bigint;
  readonly withdrawnWei: bigint;
  /** The newest total of the payer that was handed in. */
  readonly handedInWei: bigint;
  /** A close is pending, or over. */
  readonly closing: boolean;
  readonly closed: boolean;
}

/** All that the validity of a payment in a channel depends on. */
export interface ChannelPaymentFacts {
  readonly cheque: SignedCheque;
  /** Where I want to be paid. */
  readonly me: NodeId;
  readonly neighbour: NodeId;
  /** `unread`: not looked up yet; `absent`: no contract stands there. */
  readonly channel: ChannelKnowledge | 'unread' | 'absent';
  /** The last total taken in this channel. */
  readonly last: { readonly cumulativeWei: bigint; readonly signature: Uint8Array } | undefined;
  /** The newest total I signed the other way. */
  readonly paidBackWei: bigint;
  readonly leastFreezeSeconds: number;
  readonly ratio: Ratio;
  readonly remainder: bigint;
  readonly minimumUnits: Units;
  /** Is it signed by the payer? Asked once, and only after every cheaper check passed. */
  readonly genuine: () => boolean;
}

/** What `checkChannelPayment` found. */
export type ChannelVerdict =
  | { readonly kind: 'accepted'; readonly units: Units; readonly remainder: bigint; readonly addedWei: bigint }
  /** The very total taken last, sent again: acknowledge it, credit nothing. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly code: ErrorCode };

/**
 * Is this payment in a channel worth something, and how much? Cheap checks first: `CHANNEL_UNVERIFIED`,
 * `CHANNEL_NO_CONTRACT`, `CHANNEL_FOREIGN_FACTORY`, `CHANNEL_WRONG_PARTIES`, `CHANNEL_FREEZE_SHORT`,
 * `CHANNEL_NOT_FOR_ME`, `CHANNEL_CLOSED`, `CHANNEL_CLOSING`, `CHANNEL_STALE`, `CHANNEL_ABSURD`, `CHANNEL_TOO_SMALL`,
 * `CHANNEL_NOT_COVERED`, `CHANNEL_FORGED` (DESIGN §12).
 */
export function checkChannelPayment(facts: ChannelPaymentFacts): ChannelVerdict {
  const { cheque, last } = facts;
  // Before all else: a payment that was taken stays taken, also in a channel that has been closed since.
  if (repeats(cheque, last)) return { kind: 'duplicate' };
  const channel = usable(facts);
  if (typeof channel === 'string') return refused(channel);
  // After a lost store the contract remembers what was handed in: that is never credited again.
  const base = larger(last?.cumulativeWei ?? 0n, channel.handedInWei);
  if (cheque.cumulativeWei <= base) return refused('CHANNEL_STALE');
  const addedWei = cheque.cumulativeWei - base;
  const worth = worthOf(addedWei, facts);
  if (cheque.cumulativeWei > MAX_WEI || worth === undefined) return refused('CHANNEL_ABSURD');
  if (worth.units < facts.minimumUnits) return refused('CHANNEL_TOO_SMALL');
  if (cheque.cumulativeWei > coverWei({ ...channel, receivedWei: facts.paidBackWei }))
    return refused('CHANNEL_NOT_COVERED');
  return facts.genuine() ? { kind: 'accepted', ...worth, addedWei } : refused('CHANNEL_FORGED');
}

function repeats(cheque: SignedCheque, last: ChannelPaymentFacts['last']): boolean {
  if (last === undefined || cheque.cumulativeWei !== last.cumulativeWei) return false;
  return sameBytes(cheque.signature, last.signature);
}

/** The channel, if this payment can be one in it; else why not. */
function usable(facts: ChannelPaymentFacts): ChannelKnowledge | ErrorCode {
  const channel = trusted(facts);
  if (typeof channel === 'string') return channel;
  if (facts.cheque.beneficiary !== facts.me) return 'CHANNEL_NOT_FOR_ME';
  if (channel.closed) return 'CHANNEL_CLOSED';
  return channel.closing ? 'CHANNEL_CLOSING' : channel;
}

/** The channel, if it is one between the two of us that gives me time to answer; else why not. */
function trusted(facts: ChannelPaymentFacts): ChannelKnowledge | ErrorCode {
  const { channel } = facts;
  if (channel === 'unread') return 'CHANNEL_UNVERIFIED';
  if (channel === 'absent') return 'CHANNEL_NO_CONTRACT';
  if (!channel.fromFactory) return 'CHANNEL_FOREIGN_FACTORY';
  if (channel.payer !== facts.neighbour || channel.payee !== facts.me) return 'CHANNEL_WRONG_PARTIES';
  return channel.freezeSeconds < facts.leastFreezeSeconds ? 'CHANNEL_FREEZE_SHORT' : channel;
}

/** Undefined where the amount is no exact number of units any more. */
function worthOf(addedWei: bigint, facts: ChannelPaymentFacts): { units: Units; remainder: bigint } | undefined {
  const most = (BigInt(Number.MAX_SAFE_INTEGER) * facts.ratio.numerator) / facts.ratio.denominator;
  return addedWei > most ? undefined : weiToUnits(addedWei, facts.ratio, facts.remainder);
}

/** Top up when less than this part of what was put in, and not taken out, is left, so that payments need not wait. Per cent. */
export const TOP_UP_BELOW_PERCENT = 25n;

/** Is my share nearly spent? */
export function topUpDue(share: ChannelShare): boolean {
  return roomWei(share) * 100n < (share.depositedWei - share.withdrawnWei) * TOP_UP_BELOW_PERCENT;
}

function refused(code: ErrorCode): ChannelVerdict {
  return { kind: 'refused', code };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
