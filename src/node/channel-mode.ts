import type { ChannelChain } from '../chain/channel-chain.ts';
import { type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { weiToUnits } from '../core/ratio.ts';
import { commonMethod, type Terms } from '../core/terms/terms.ts';
import { type ChannelAct, channelActNote, isChannelEntry } from '../neighbour/channel-act.ts';
import { ChannelBook, type KnownChannel } from '../settle/channel-book.ts';
import { ChannelClosing } from '../settle/channel-closing.ts';
import { ChannelDesk } from '../settle/channel-desk.ts';
import { ChannelKeeper } from '../settle/channel-keeper.ts';
import { ChannelWithdrawing } from '../settle/channel-withdrawing.ts';
import {
  decodeChannelClose,
  decodeChannelWithdrawal,
  encodeChannelClose,
  encodeChannelWithdrawal,
  isChannelWithdrawal,
} from '../wire/channel-agreement.ts';
import type { ChannelStatus, Channels } from './node.ts';
import { type ModeOptions, type PaymentMode, payerOf } from './payment-mode.ts';

const HOUR_S = 3_600;
/** How long a close that was offered is waited for, and how often it is looked at. Milliseconds. */
const CLOSE_MS = 30_000;
const CLOSE_LOOK_MS = 250;

/** Payment in channels: the contract, what is signed in it, and what keeps it safe. */
export class ChannelMode implements PaymentMode, Channels {
  readonly desk: ChannelDesk;
  readonly #options: ModeOptions;
  readonly #book: ChannelBook;
  readonly #keeper: ChannelKeeper;
  readonly #closing: ChannelClosing;
  readonly #withdrawing: ChannelWithdrawing;
  #changed: () => void = () => undefined;

  constructor(options: ModeOptions, chain: ChannelChain) {
    const { clock, config, emit, signer, store, stored } = options;
    this.#options = options;
    const freezeSeconds = config.channelFreezeHours * HOUR_S;
    this.#book = new ChannelBook({
      ...{ chain, store, me: signer.id, freezeSeconds, clock, notes: stored.notes },
      confirmations: config.confirmations,
      young: (channel, neighbour) => this.#keeper.young(channel, neighbour),
    });
    this.desk = new ChannelDesk({
      signer,
      chainId: config.chainId,
      store,
      book: this.#book,
      neighbour: (id) => payerOf(options, () => this.desk, id),
      totals: stored.channelTotals,
      wanted: (neighbour, wei) => this.#keeper.fund(neighbour, wei),
      leaving: (channel) => this.#closing.leaving(channel),
    });
    this.#keeper = new ChannelKeeper({
      chain,
      clock,
      me: signer.id,
      book: this.#book,
      desk: this.desk,
      depositWei: config.channelDepositWei,
      everyMs: config.channelLookS * 1000,
      blockMs: config.blockMs,
      changed: (neighbour) => this.#noticed(neighbour),
      lost: (neighbour, wei) => this.#lost(neighbour, wei),
      leftOut: (neighbour) => this.#leftOut(neighbour),
      emit: (kind, facts) => {
        emit(kind, facts);
        const { act, channel, neighbour, wei } = facts;
        if (isChannelEntry(act))
          this.#explain(String(neighbour), { act, channel: String(channel), wei: BigInt(wei ?? 0) });
      },
    });
    const agreeing = {
      ...{ chain, chainId: config.chainId, signer, clock, book: this.#book, desk: this.desk },
      fault: (neighbour: NodeId, code: ErrorCode, what: string) => emit('fault', { neighbour, code, what }),
    };
    this.#closing = new ChannelClosing({
      ...{ ...agreeing, store, notes: stored.notes },
      say: (neighbour, offer) => this.#say(neighbour, encodeChannelClose(offer)),
      done: (channel, neighbour) => this.#keeper.lookAt(channel, neighbour),
    });
    this.#withdrawing = new ChannelWithdrawing({
      ...agreeing,
      say: (neighbour, offer) => this.#say(neighbour, encodeChannelWithdrawal(offer)),
    });
  }

  #say(neighbour: NodeId, message: Uint8Array): void {
    this.#options.neighbours().get(neighbour)?.link?.send('control', message);
  }

  /**
   * Is this contract a channel with that neighbour, as far as either end says? What its terms do not name may be one that
   * was closed before this node ever read it: it is looked up, and while it cannot be, nobody is blamed.
   */
  isChannel(neighbour: NodeId, contract: NodeId): boolean | Promise<boolean> {
    const known = this.#book.at(contract);
    if (typeof known !== 'string') return known.neighbour === neighbour;
    const theirs = this.#options.neighbours().get(neighbour)?.account.theirs.newest;
    if (theirs?.channel === contract) return true;
    return theirs?.chequebook === contract ? false : this.#lookUp(neighbour, contract);
  }

  async #lookUp(neighbour: NodeId, contract: NodeId): Promise<boolean> {
    await this.#book.read(contract, neighbour);
    const known = this.#book.at(contract);
    return typeof known === 'string' ? known === 'unread' : known.neighbour === neighbour;
  }

  /** The channel with a neighbour to pay in. */
  with(neighbour: NodeId): NodeId | undefined {
    const channel = this.#book.open(neighbour);
    return channel === undefined || this.#closing.leaving(channel.address) ? undefined : channel.address;
  }

  start(ready: () => void): void {
    this.#changed = ready;
    this.#keeper.start();
  }

  #noticed(neighbour: NodeId): void {
    this.#changed();
    const { market, neighbours, uncashedUnits } = this.#options;
    const account = neighbours().get(neighbour);
    account?.step({ kind: 'methodOpened', method: 'channel' });
    account?.cleared(uncashedUnits(neighbour), market().payerOf(neighbour).riskAt);
  }

  #lost(id: NodeId, wei: bigint): void {
    const { market, neighbours } = this.#options;
    const ratio = market().payerOf(id).myRatio;
    if (ratio === undefined) return;
    neighbours()
      .get(id)
      ?.step({ kind: 'paymentUndone', units: weiToUnits(wei, ratio).units });
  }

  #leftOut(id: NodeId): void {
    const neighbour = this.#options.neighbours().get(id);
    if (neighbour?.account.banned === false) neighbour.step({ kind: 'fault', code: 'CHANNEL_CLOSED_BEHIND' });
  }

  /** The channel they pay in is looked up, and one for me to pay in is seen to where this neighbour will be paid. */
  learn(id: NodeId, theirs: Terms): void {
    const { channel } = theirs;
    if (channel !== undefined && typeof this.#book.at(channel) === 'string') {
      void this.#book.read(channel, id).then(() => this.#noticed(id));
    }
    const known = this.#options.neighbours().known(id);
    const mine = this.#options.neighbours().offered(id);
    // A stranger must have earned a payment before it costs me a transaction: its channel is opened when the first is due.
    if (known?.config === undefined || mine === undefined || commonMethod(theirs, mine) !== 'channel') return;
    if (known.neighbour.account.relation('transit')?.iCanPay !== true) return;
    // After a close the next one waits until a payment is due: whoever closed may have meant it.
    const had = this.#book.all().some((each) => each.neighbour === id);
    if (channel === undefined && !had) this.#keeper.fund(id, 1n);
  }

  /** A neighbour offers to close its channel, or to take something out. Throws `WIRE_MALFORMED`. */
  heard(neighbour: NodeId, message: Uint8Array): void {
    if (isChannelWithdrawal(message)) return this.#withdrawing.heard(neighbour, decodeChannelWithdrawal(message));
    this.#closing.heard(neighbour, decodeChannelClose(message));
    this.#changed();
  }

  /** A line of the link's history. Where the books are stopped there is none. */
  #explain(neighbour: NodeId, act: ChannelAct): void {
    const known = this.#options.neighbours().get(neighbour);
    if (known !== undefined) void known.keep([channelActNote(act)]).catch(() => undefined);
  }

  /** See `Channels`. */
  async close(neighbour: NodeId, alone: boolean): Promise<ChannelStatus> {
    const channel = this.#book.open(neighbour);
    if (channel === undefined) throw new WayleaveError('CHANNEL_UNKNOWN', { neighbour });
    const { address } = channel;
    if (alone) await this.#keeper.closeAlone(channel);
    else await this.#closeTogether(channel);
    const after = this.#book.at(address);
    return this.#status(typeof after === 'string' ? channel : after);
  }

  async #closeTogether(channel: KnownChannel): Promise<void> {
    await this.#closing.offer(channel);
    this.#changed();
    if (!(await this.#closed(channel))) throw new WayleaveError('CHANNEL_NOT_AGREED', { channel: channel.address });
  }

  /** See `Channels`. */
  async withdraw(neighbour: NodeId, wei?: bigint): Promise<{ wei: bigint; hash: string }> {
    const channel = this.#book.open(neighbour);
    if (channel === undefined) throw new WayleaveError('CHANNEL_UNKNOWN', { neighbour });
    const taken = await this.#withdrawing.withdraw(channel, wei);
    const facts = { neighbour, channel: channel.address, act: 'withdrawn', wei: String(taken.wei) };
    this.#options.emit('channel', facts);
    this.#explain(neighbour, { act: 'withdrawn', channel: channel.address, wei: taken.wei, transaction: taken.hash });
    return taken;
  }

  async #closed({ address, neighbour }: KnownChannel): Promise<boolean> {
    const { clock } = this.#options;
    const untilMs = clock.nowMs() + CLOSE_MS;
    for (;;) {
      await this.#keeper.lookAt(address, neighbour);
      const channel = this.#book.at(address);
      if (typeof channel !== 'string' && channel.facts.closed) return true;
      if (clock.nowMs() >= untilMs) return false;
      await new Promise<void>((resolve) => void clock.after(CLOSE_LOOK_MS, resolve));
    }
  }

  /** Nothing waits to be cashed: what a channel covers is sure, and the operator asks for it with `withdraw` or `close`. */
  collect(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  /** Every channel, for the faces, with the newest total of the other party for whoever watches. */
  list(): ChannelStatus[] {
    return this.#book.all().map((channel) => this.#status(channel));
  }

  #status(channel: KnownChannel): ChannelStatus {
    const { chainId, factory, token } = this.#options.config;
    const { paidWei, receivedWei } = this.desk.share(channel);
    const newest = this.desk.newest(channel.address);
    const state = channel.facts.closed ? 'closed' : channel.facts.closesAtS === undefined ? 'open' : 'closing';
    return {
      channel: channel.address,
      neighbour: channel.neighbour,
      state,
      closesAtS: channel.facts.closesAtS,
      depositedWei: String(channel.mine.depositedWei),
      theirDepositedWei: String(channel.theirs.depositedWei),
      paidWei: String(paidWei),
      receivedWei: String(receivedWei),
      withdrawnWei: String(channel.mine.withdrawnWei),
      payee: this.#options.signer.id,
      signature: newest === undefined ? undefined : `0x${Buffer.from(newest.signature).toString('hex')}`,
      chainId,
      factory,
      token,
    };
  }

  stop(): Promise<void> {
    return this.#keeper.stop();
  }
}
