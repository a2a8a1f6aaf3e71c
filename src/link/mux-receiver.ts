import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { ChannelTable } from './channel-table.ts';
import { FrameType } from './frame.ts';
import type { FrameSink } from './frame-decoder.ts';
import {
  MESSAGE_BYTES_BURST,
  MESSAGE_BYTES_PER_SECOND,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  OPENS_BURST,
  OPENS_PER_SECOND,
  PINGS_BURST,
  PINGS_PER_SECOND,
  SMALL_FRAMES_BURST,
  SMALL_FRAMES_PER_SECOND,
} from './limits.ts';
import { type MessageClass, OPEN_COST_BYTES, ResetCode } from './link.ts';
import { type ChannelHost, MuxChannel } from './mux-channel.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a receiver tells its link. */
export interface ReceiverEvents {
  message(kind: MessageClass, bytes: Uint8Array): void;
  /** A payment came, and waits for `handPayments`. */
  paid(): void;
  opened(channel: MuxChannel, header: Uint8Array, tag: number): void;
  granted(bytes: number): void;
  ping(value: number): void;
  pong(value: number): void;
  /** The neighbour says goodbye; `word` is what it gave as the reason. */
  closed(word: string): void;
  /** A rule is broken: the link must end, nothing more will be told. */
  fault(code: ErrorCode, reason: string): void;
}

/** Judges every frame that arrives: what breaks a rule or a limit ends the link, the rest goes to its channel. */
export class MuxReceiver implements FrameSink {
  readonly #host: ChannelHost;
  readonly #table: ChannelTable;
  readonly #events: ReceiverEvents;
  readonly #messages: TokenBucket;
  readonly #messageBytes: TokenBucket;
  readonly #opens: TokenBucket;
  readonly #small: TokenBucket;
  readonly #pings: TokenBucket;
  /** Forward budget granted to the neighbour and not used. */
  #granted = 0;
  /** Arrived, and not handed over yet. */
  #payments: Uint8Array[] = [];
  /** Whose data frame is arriving. */
  #current: MuxChannel | undefined;

  constructor(clock: Clock, host: ChannelHost, table: ChannelTable, events: ReceiverEvents) {
    this.#host = host;
    this.#table = table;
    this.#events = events;
    this.#messages = new TokenBucket(clock, MESSAGES_PER_SECOND, MESSAGES_BURST);
    this.#messageBytes = new TokenBucket(clock, MESSAGE_BYTES_PER_SECOND, MESSAGE_BYTES_BURST);
    this.#opens = new TokenBucket(clock, OPENS_PER_SECOND, OPENS_BURST);
    this.#small = new TokenBucket(clock, SMALL_FRAMES_PER_SECOND, SMALL_FRAMES_BURST);
    this.#pings = new TokenBucket(clock, PINGS_PER_SECOND, PINGS_BURST);
  }

  grant(bytes: number): void {
    this.#granted += bytes;
  }

  /**
   * To check a payment, or to make the next when one was answered, takes the curve, and that takes as long as many messages
   * and pushes what reads and writes them out of the processor's caches. So all links read first, then all look at payments:
   * one waits until the link's next turn, or until something else arrives behind it. False where the link has ended: then
   * nothing more is taken in, as after the payment for which it was cut.
   */
  handPayments(): boolean {
    if (this.#payments.length > 0) {
      const payments = this.#payments;
      this.#payments = [];
      for (const bytes of payments) if (!this.#host.ended) this.#events.message('payment', bytes);
    }
    return !this.#host.ended;
  }

  malformed(reason: string): void {
    this.#events.fault('LINK_FRAME_INVALID', reason);
  }

  dataFrame(id: number, tag: number, length: number): void {
    if (!this.handPayments()) return;
    if (this.#table.isPeers(id)) {
      this.#granted -= length;
      if (this.#granted < 0) return this.#events.fault('LINK_FLOODED', 'forward budget');
    }
    const channel = this.#table.get(id);
    this.#current = channel;
    if (channel === undefined) return this.malformed('channel');
    this.#invalidIf(channel.peerFrame(tag, length));
  }

  data(bytes: Uint8Array): void {
    this.#current?.peerData(bytes);
  }

  frame(type: FrameType, id: number, value: number, payload: Uint8Array): void {
    if (type === FrameType.payment) return this.#payment(payload);
    if (!this.handPayments()) return;
    switch (type) {
      case FrameType.control:
        if (this.#mayCome(payload)) this.#events.message('control', payload);
        return;
      case FrameType.open:
        return this.#open(id, value, payload);
      case FrameType.close:
        return this.#events.closed(Buffer.from(payload).toString('latin1'));
    }
    if (!this.#small.take()) return this.#events.fault('LINK_FLOODED', 'small frames');
    switch (type) {
      case FrameType.ping:
        if (!this.#pings.take()) return this.#events.fault('LINK_FLOODED', 'pings');
        return this.#events.ping(value);
      case FrameType.pong:
        return this.#events.pong(value);
      case FrameType.budget:
        return this.#events.granted(value);
    }
    this.#ofChannel(type, id, value);
  }

  #ofChannel(type: FrameType, id: number, value: number): void {
    const channel = this.#table.get(id);
    if (channel === undefined) {
      if (!this.#table.existed(id)) this.malformed('channel');
      return;
    }
    switch (type) {
      case FrameType.accept:
        return this.#invalidIf(channel.peerAccepted());
      case FrameType.end:
        return this.#invalidIf(channel.peerEnd());
      case FrameType.reset:
        return channel.peerReset(value);
      case FrameType.window:
        return this.#invalidIf(channel.peerWindow(value));
    }
  }

  #payment(payload: Uint8Array): void {
    if (!this.#mayCome(payload)) return;
    if (this.#payments.push(payload) === 1) this.#events.paid();
  }

  #mayCome(message: Uint8Array): boolean {
    if (this.#messages.take() && this.#messageBytes.take(message.length)) return true;
    this.#events.fault('LINK_FLOODED', 'messages');
    return false;
  }

  #open(id: number, tag: number, header: Uint8Array): void {
    if (!this.#opens.take()) return this.#events.fault('LINK_FLOODED', 'opens');
    this.#granted -= OPEN_COST_BYTES;
    if (this.#granted < 0) return this.#events.fault('LINK_FLOODED', 'forward budget');
    const verdict = this.#table.peerOpens(id);
    if (verdict === 'fault') return this.malformed('channel');
    const channel = new MuxChannel(this.#host, id);
    this.#table.add(channel);
    if (verdict === 'full') return channel.reset(ResetCode.overloaded);
    this.#events.opened(channel, header, tag);
  }

  #invalidIf(reason: string | undefined): void {
    if (reason !== undefined) this.malformed(reason);
  }
}
