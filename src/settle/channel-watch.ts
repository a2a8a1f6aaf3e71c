import type { ChannelBooks, ChannelChain, ChannelFacts } from '../chain/channel-chain.ts';
import { recoverChequeIssuer } from '../chain/cheque-signing.ts';
import { codeOf, type ErrorCode } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { coverWei } from '../core/settlement/channel-payment.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import { answerClose } from './channel-answer.ts';

/** A channel of some node, with all it takes to answer an old state for it: no key of that node is among it. */
export interface WatchedChannel {
  readonly chainId: number;
  /** The factory that node trusts. */
  readonly factory: NodeId;
  /** What the channel holds; undefined: native coin. */
  readonly token?: NodeId | undefined;
  readonly channel: NodeId;
  readonly neighbour: NodeId;
  /** Where the node that is watched for is paid. */
  readonly payee: NodeId;
  /** The newest total the neighbour has signed to it; undefined where there is none. */
  readonly newest: SignedCheque | undefined;
}

/** What was found, and what was done about it. */
export interface ChannelSight {
  readonly channel: NodeId;
  readonly neighbour: NodeId;
  readonly state: 'open' | 'closing' | 'closed' | 'unseen';
  /** The newest total that is known here of what the neighbour has signed. */
  readonly signedWei: string;
  /** From when a pending close can be finished, seconds since the epoch. */
  readonly closesAtS?: number;
  readonly act?: 'answered' | 'finished' | 'claimed';
  /** Why the channel is not safe, or could not be seen. */
  readonly code?: ErrorCode;
}

/**
 * Looks at a channel once and does what there is to do, with the chain's own funded key: an old state is answered, a
 * close that is due finished, what could not be paid out claimed. All it goes by is on the chain and in `watched`, so that
 * it may be asked at any time, also after it was off for a part of the freeze period. Never rejects: `code` tells.
 */
export async function watchChannel(watched: WatchedChannel, chain: ChannelChain, nowS: number): Promise<ChannelSight> {
  const { channel, neighbour, newest, payee } = watched;
  const common = { channel, neighbour, signedWei: String(newest?.cumulativeWei ?? 0n) };
  try {
    const facts = await chain.facts(channel);
    const mine = facts === undefined ? 'CHANNEL_NO_CONTRACT' : sideOf(watched, facts);
    if (facts === undefined || typeof mine === 'string')
      return { ...common, state: 'unseen', ...(typeof mine === 'string' && { code: mine }) };
    try {
      const act = await answerClose({ chain, channel, facts, newest, mine: mine.books, payee, nowS });
      if (act === undefined) return { ...common, ...stateOf(watched, facts) };
      return { ...common, ...stateOf(watched, (await chain.facts(channel)) ?? facts), act };
    } catch (error) {
      // The node itself, or another that watches, may have been quicker: then there is nothing wrong.
      const after = await chain.facts(channel);
      if (after !== undefined && settled(watched, after)) return { ...common, ...stateOf(watched, after) };
      return { ...common, ...stateOf(watched, facts), code: codeOf(error) ?? 'RPC_UNREACHABLE' };
    }
  } catch (error) {
    return { ...common, state: 'unseen', code: codeOf(error) ?? 'RPC_UNREACHABLE' };
  }
}

interface Side {
  readonly books: ChannelBooks;
  readonly theirs: ChannelBooks;
}

/** The books of the party that is watched for; or why this channel, or what is known of it, is not as the file says. */
function sideOf({ chainId, neighbour, newest, payee }: WatchedChannel, facts: ChannelFacts): Side | ErrorCode {
  if (!facts.fromFactory) return 'CHANNEL_FOREIGN_FACTORY';
  const { a, b } = facts.parties;
  const isA = a.payee === payee && b.signer === neighbour;
  if (!isA && !(b.payee === payee && a.signer === neighbour)) return 'CHANNEL_WRONG_PARTIES';
  if (newest !== undefined && recoverChequeIssuer(chainId, newest) !== neighbour) return 'CHANNEL_FORGED';
  return isA ? { books: facts.a, theirs: facts.b } : { books: facts.b, theirs: facts.a };
}

function stateOf(watched: WatchedChannel, facts: ChannelFacts): Pick<ChannelSight, 'state' | 'closesAtS' | 'code'> {
  if (facts.closed) return { state: 'closed', ...(isBehind(watched, facts) && { code: 'CHANNEL_CLOSED_BEHIND' }) };
  return facts.closesAtS === undefined ? { state: 'open' } : { state: 'closing', closesAtS: facts.closesAtS };
}

/** Closed with less than the neighbour had signed, although it had it there. */
function isBehind(watched: WatchedChannel, facts: ChannelFacts): boolean {
  const side = sideOf(watched, facts);
  if (typeof side === 'string' || watched.newest === undefined) return false;
  const { paidWei } = side.theirs;
  return (
    paidWei < watched.newest.cumulativeWei && paidWei < coverWei({ ...side.theirs, receivedWei: side.books.paidWei })
  );
}

/** What the chain knows is not behind what is known here, and nothing is left that could not be paid out. */
function settled(watched: WatchedChannel, facts: ChannelFacts): boolean {
  const side = sideOf(watched, facts);
  if (typeof side === 'string') return false;
  if (facts.closed) return side.books.unclaimedWei === 0n;
  return side.theirs.paidWei >= (watched.newest?.cumulativeWei ?? 0n);
}
