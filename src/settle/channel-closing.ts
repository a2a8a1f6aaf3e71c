import type { ChannelChain } from '../chain/channel-chain.ts';
import { closeDigest, recoverAgreementSigner, signClose } from '../chain/channel-signing.ts';
import type { Signer } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import { codeOf, type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import type { ChannelCloseOffer } from '../wire/channel-agreement.ts';
import type { ChannelBook, KnownChannel } from './channel-book.ts';
import type { ChannelDesk } from './channel-desk.ts';

export interface ChannelClosingOptions {
  readonly chain: ChannelChain;
  readonly chainId: number;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly store: Pick<Store, 'commit'>;
  readonly notes: readonly NoteRecord[];
  readonly book: ChannelBook;
  readonly desk: ChannelDesk;
  readonly say: (neighbour: NodeId, offer: ChannelCloseOffer) => void;
  /** A channel was closed, as far as this end knows. */
  readonly done: (channel: NodeId, neighbour: NodeId) => Promise<void>;
  readonly fault: (neighbour: NodeId, code: ErrorCode, what: string) => void;
}

/** An offer holds so long. Nothing is paid in the channel meanwhile, so it must not be long; a transaction takes a minute. Seconds. */
export const OFFER_S = 120;

/** Note of a channel, until when nothing is paid in it: what was signed may be handed in also after a restart. */
const LEAVING = 'leaving:';

/** The clocks of two neighbours may differ by so much. Seconds. */
const SKEW_S = 60;

/**
 * Closes a channel in one transaction: one party signs the totals as it knows them, the other agrees where they are its own
 * too, signs and hands in. Who has signed pays no more in that channel until the offer has lapsed: an older state than
 * the newest would be agreed on.
 */
export class ChannelClosing {
  readonly #options: ChannelClosingOptions;
  /** Until when nothing is paid in a channel, wall seconds. */
  readonly #leaving = new Map<NodeId, number>();
  readonly #handingIn = new Set<NodeId>();

  constructor(options: ChannelClosingOptions) {
    this.#options = options;
    for (const { name, text } of options.notes)
      if (name.startsWith(LEAVING)) this.#leaving.set(name.slice(LEAVING.length), Number(text));
  }

  leaving(channel: NodeId): boolean {
    const untilS = this.#leaving.get(channel);
    return untilS !== undefined && this.#nowS <= untilS;
  }

  get #nowS(): number {
    return Math.floor(this.#options.clock.wallMs() / 1000);
  }

  /**
   * Never shorter than before: what was signed first may still be handed in. Durable when it resolves, and counts at once.
   * Rejects with `STORE_*`.
   */
  #leave(channel: NodeId, signedUntilS: number): Promise<void> {
    const untilS = Math.max(signedUntilS + SKEW_S, this.#leaving.get(channel) ?? 0);
    this.#leaving.set(channel, untilS);
    return this.#options.store.commit([{ kind: 'note', name: LEAVING + channel, text: String(untilS) }]);
  }

  /**
   * Offers the other party to close it by the totals as they stand here. Rejects with `CHANNEL_NOT_AGREED` while a payment
   * is being written, `STORE_*`.
   */
  async offer(channel: KnownChannel): Promise<void> {
    const { chainId, desk, say, signer } = this.#options;
    if (desk.busy(channel.address)) throw new WayleaveError('CHANNEL_NOT_AGREED', { channel: channel.address });
    const validUntilS = this.#nowS + OFFER_S;
    await this.#leave(channel.address, validUntilS);
    const close = { ...this.#totals(channel), validUntilS };
    const signature = signClose(signer, chainId, channel.address, close);
    say(channel.neighbour, { channel: channel.address, ...close, signature });
  }

  /** With what they signed to me and is being booked: it will have been credited, and is never left out of a close. */
  #totals(channel: KnownChannel): { paidByAWei: bigint; paidByBWei: bigint } {
    const { desk } = this.#options;
    const { paidWei } = desk.share(channel);
    const heardWei = desk.heardWei(channel);
    const received = heardWei > channel.theirs.paidWei ? heardWei : channel.theirs.paidWei;
    return channel.iAmA ? { paidByAWei: paidWei, paidByBWei: received } : { paidByAWei: received, paidByBWei: paidWei };
  }

  /** The other party offers to close. */
  heard(neighbour: NodeId, offer: ChannelCloseOffer): void {
    const { book, chainId, fault, signer } = this.#options;
    const channel = book.at(offer.channel);
    if (typeof channel === 'string' || channel.neighbour !== neighbour || channel.facts.closed) {
      return fault(neighbour, 'CHANNEL_UNKNOWN', offer.channel);
    }
    const digest = closeDigest(chainId, channel.address, offer);
    if (recoverAgreementSigner(digest, offer.signature) !== neighbour) {
      return fault(neighbour, 'CHANNEL_FORGED', 'an offer to close');
    }
    const { paidByAWei, paidByBWei } = this.#totals(channel);
    const stale = offer.validUntilS <= this.#nowS || offer.validUntilS > this.#nowS + OFFER_S + SKEW_S;
    const busy = this.#options.desk.busy(channel.address);
    if (stale || busy || offer.paidByAWei !== paidByAWei || offer.paidByBWei !== paidByBWei) {
      return fault(neighbour, 'CHANNEL_NOT_AGREED', offer.channel);
    }
    if (this.#handingIn.has(channel.address)) return;
    const mine = signer.signDigest(digest);
    const [byA, byB] = channel.iAmA ? [mine, offer.signature] : [offer.signature, mine];
    void this.#handIn(channel, { ...offer, byA, byB });
  }

  async #handIn(
    { address, neighbour }: KnownChannel,
    agreed: ChannelCloseOffer & { byA: Uint8Array; byB: Uint8Array },
  ): Promise<void> {
    const { chain, done, fault } = this.#options;
    this.#handingIn.add(address);
    try {
      await this.#leave(address, agreed.validUntilS);
      await chain.closeTogether(address, agreed);
      await done(address, neighbour);
    } catch (error) {
      fault(neighbour, codeOf(error) ?? 'RPC_UNREACHABLE', `channel ${address}: ${String(error)}`);
    } finally {
      this.#handingIn.delete(address);
    }
  }
}
