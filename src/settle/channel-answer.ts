import type { ChannelBooks, ChannelChain, ChannelFacts } from '../chain/channel-chain.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';

export interface CloseSeen {
  readonly chain: ChannelChain;
  readonly channel: NodeId;
  readonly facts: ChannelFacts;
  /** The newest total the other party has signed. */
  readonly newest: SignedCheque | undefined;
  /** The books of the party that is looked after, and where it is paid. */
  readonly mine: ChannelBooks;
  readonly nowS: number;
  readonly payee?: NodeId;
}

/**
 * What a party, or whoever watches for it without its key, does about a channel as it stands: answers an old state while
 * the freeze period lasts, finishes the close after it, and claims what could not be paid out. Undefined: nothing is to be
 * done. Throws the chain's errors; asked again, it does what is left.
 */
export async function answerClose(seen: CloseSeen): Promise<'answered' | 'finished' | 'claimed' | undefined> {
  const { chain, channel, facts, mine, newest, nowS } = seen;
  if (facts.closed) {
    if (mine.unclaimedWei === 0n || seen.payee === undefined) return undefined;
    await chain.claim(channel, seen.payee);
    return 'claimed';
  }
  if (facts.closesAtS === undefined) return undefined;
  // The last moment counts too: until somebody finishes, newer totals are taken.
  if (newest !== undefined && newest.cumulativeWei > handedIn(facts, newest)) {
    await chain.submit(channel, [newest]);
    return 'answered';
  }
  if (nowS < facts.closesAtS) return undefined;
  try {
    await chain.finish(channel);
    return 'finished';
  } catch (error) {
    // The chain's own clock counts, and may be behind.
    if (codeOf(error) === 'TRANSACTION_REVERTED' && /StillFrozen/.test(String((error as Error).message)))
      return undefined;
    throw error;
  }
}

/** What the chain knows of the total that pays this beneficiary. */
function handedIn({ a, b, parties }: ChannelFacts, { beneficiary }: SignedCheque): bigint {
  return beneficiary === parties.a.payee ? b.paidWei : a.paidWei;
}
