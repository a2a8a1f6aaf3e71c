import type { ChannelChain } from '../chain/channel-chain.ts';
import {
  type ChannelWithdrawal,
  recoverAgreementSigner,
  signWithdrawal,
  withdrawalDigest,
} from '../chain/channel-signing.ts';
import type { Signer } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import { codeOf, type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type ChannelShare, mayWithdraw } from '../core/settlement/channel-payment.ts';
import type { ChannelWithdrawalOffer } from '../wire/channel-agreement.ts';
import type { ChannelBook, KnownChannel } from './channel-book.ts';
import type { ChannelDesk } from './channel-desk.ts';

export interface ChannelWithdrawingOptions {
  readonly chain: ChannelChain;
  readonly chainId: number;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly book: ChannelBook;
  readonly desk: ChannelDesk;
  readonly say: (neighbour: NodeId, offer: ChannelWithdrawalOffer) => void;
  readonly fault: (neighbour: NodeId, code: ErrorCode, what: string) => void;
}

/** A signature holds so long: a transaction takes a minute. Seconds. */
const OFFER_S = 120;
/** The clocks of two neighbours may differ by so much. Seconds. */
const SKEW_S = 60;
/** A neighbour that is there answers at once. Milliseconds. */
const ANSWER_MS = 30_000;

interface Asked {
  readonly withdrawal: ChannelWithdrawal;
  readonly answered: (signature: Uint8Array | undefined) => void;
}

/**
 * Takes money out of a channel that stays open. Who wants it signs all that both ever took out, its own share higher; the
 * other, where the rest still covers what was signed to it, signs the same; the first hands it in and pays for that. Both
 * count it as taken before they sign: what a payment may come to shrinks at once, whenever the chain hears of it.
 */
export class ChannelWithdrawing {
  readonly #options: ChannelWithdrawingOptions;
  readonly #asked = new Map<NodeId, Asked>();

  constructor(options: ChannelWithdrawingOptions) {
    this.#options = options;
  }

  get #nowS(): number {
    return Math.floor(this.#options.clock.wallMs() / 1000);
  }

  /**
   * Takes `wei` out, or all there is: what was taken, once it is mined. Throws `CHANNEL_UNKNOWN`, `CHANNEL_TOO_LITTLE`,
   * `CHANNEL_NOT_AGREED` while a payment is being written or where the neighbour does not answer, `STORE_*`, and the chain's errors.
   */
  async withdraw(
    { address, neighbour }: KnownChannel,
    wanted: bigint | undefined,
  ): Promise<{ wei: bigint; hash: string }> {
    const { book, chain, chainId, desk, say, signer } = this.#options;
    await book.read(address, neighbour);
    const channel = book.at(address);
    if (typeof channel === 'string') throw new WayleaveError('CHANNEL_UNKNOWN', { channel: address });
    if (desk.busy(address) || this.#asked.has(address)) {
      throw new WayleaveError('CHANNEL_NOT_AGREED', { channel: address });
    }
    const share = standing(channel, desk);
    const wei = wanted ?? share.depositedWei + share.receivedWei - share.paidWei - share.withdrawnWei;
    if (!mayWithdraw(share, share.withdrawnWei + wei)) throw new WayleaveError('CHANNEL_TOO_LITTLE', { wei });
    const { a, b } = channel.facts;
    const withdrawal = {
      withdrawnByAWei: a.withdrawnWei + (channel.iAmA ? wei : 0n),
      withdrawnByBWei: b.withdrawnWei + (channel.iAmA ? 0n : wei),
      validUntilS: this.#nowS + OFFER_S,
    };
    const answer = this.#answer(address, withdrawal);
    try {
      await book.signs(address, withdrawal);
      const mine = signWithdrawal(signer, chainId, address, withdrawal);
      say(neighbour, { channel: address, ...withdrawal, signature: mine });
      const theirs = await answer.signature;
      if (theirs === undefined) throw new WayleaveError('CHANNEL_NOT_AGREED', { channel: address });
      const [byA, byB] = channel.iAmA ? [mine, theirs] : [theirs, mine];
      const { hash } = await chain.withdrawTogether(address, { ...withdrawal, byA, byB });
      return { wei, hash };
    } finally {
      answer.end();
      await book.read(address, neighbour);
    }
  }

  #answer(channel: NodeId, withdrawal: ChannelWithdrawal): { signature: Promise<Uint8Array | undefined>; end(): void } {
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
    const timer = this.#options.clock.after(ANSWER_MS, () => resolve(undefined));
    this.#asked.set(channel, { withdrawal, answered: resolve });
    const end = () => {
      timer.cancel();
      this.#asked.delete(channel);
    };
    return { signature: promise, end };
  }

  /** The other party wants to take something out, or agrees that this one does. */
  heard(neighbour: NodeId, offer: ChannelWithdrawalOffer): void {
    const { book, chainId, fault } = this.#options;
    const channel = book.at(offer.channel);
    if (typeof channel === 'string' || channel.neighbour !== neighbour || channel.facts.closed) {
      return fault(neighbour, 'CHANNEL_UNKNOWN', offer.channel);
    }
    const digest = withdrawalDigest(chainId, channel.address, offer);
    if (recoverAgreementSigner(digest, offer.signature) !== neighbour) {
      return fault(neighbour, 'CHANNEL_FORGED', 'an offer to take something out');
    }
    const asked = this.#asked.get(channel.address);
    if (asked !== undefined && same(asked.withdrawal, offer)) return asked.answered(offer.signature);
    const stale = offer.validUntilS <= this.#nowS || offer.validUntilS > this.#nowS + OFFER_S + SKEW_S;
    if (stale || !this.#mayTake(channel, offer)) return fault(neighbour, 'CHANNEL_NOT_AGREED', offer.channel);
    void this.#agree(channel, offer).catch((error: unknown) => {
      fault(neighbour, codeOf(error) ?? 'STORE_FAILED', `channel ${offer.channel}: ${String(error)}`);
    });
  }

  async #agree({ address, neighbour }: KnownChannel, offer: ChannelWithdrawalOffer): Promise<void> {
    const { book, chainId, say, signer } = this.#options;
    const { validUntilS, withdrawnByAWei, withdrawnByBWei } = offer;
    const withdrawal = { withdrawnByAWei, withdrawnByBWei, validUntilS };
    await book.signs(address, withdrawal);
    const signature = signWithdrawal(signer, chainId, address, withdrawal);
    say(neighbour, { channel: address, ...withdrawal, signature });
  }

  /** Nothing of mine goes out, and what is left of theirs covers what they signed to me. Asks nobody: whoever is behind is refused. */
  #mayTake(channel: KnownChannel, { withdrawnByAWei, withdrawnByBWei }: ChannelWithdrawal): boolean {
    const { facts, iAmA } = channel;
    const { desk } = this.#options;
    const [mine, theirs] = iAmA ? [withdrawnByAWei, withdrawnByBWei] : [withdrawnByBWei, withdrawnByAWei];
    const [own, other] = iAmA ? [facts.a, facts.b] : [facts.b, facts.a];
    const heardWei = desk.heardWei(channel);
    const paidWei = heardWei > other.paidWei ? heardWei : other.paidWei;
    const share = { ...other, paidWei, receivedWei: desk.share(channel).paidWei };
    return mine === own.withdrawnWei && mayWithdraw(share, theirs);
  }
}

/** What this node has there, by what the chain says was taken out: what was only signed may be asked for again. */
function standing(channel: KnownChannel, desk: ChannelDesk): ChannelShare {
  const { withdrawnWei } = channel.iAmA ? channel.facts.a : channel.facts.b;
  return { ...desk.share(channel), withdrawnWei };
}

function same(one: ChannelWithdrawal, other: ChannelWithdrawal): boolean {
  return (
    one.withdrawnByAWei === other.withdrawnByAWei &&
    one.withdrawnByBWei === other.withdrawnByBWei &&
    one.validUntilS === other.validUntilS
  );
}
