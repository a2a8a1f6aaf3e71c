import type { NodeId } from '../core/node-id.ts';
import { type Channel, type ChannelHandlers, ResetCode } from '../link/link.ts';
import type { Flow } from './flow.ts';
import type { Gate } from './gate.ts';
import { resetCodeFrom } from './reset-words.ts';
import type { Side, Stream } from './stream.ts';
import type { Turn } from './waiting-line.ts';

/** The largest piece given to a channel at once: what one frame carries, and the step in which a throttled stream moves. */
export const PIECE_BYTES = 65_536;

/** The end of a stream that is a channel to a neighbour. Subclasses say who pays whom for what. */
export abstract class ChannelSide implements Side, ChannelHandlers, Turn {
  queued = false;
  protected readonly gate: Gate;
  protected channel: Channel | undefined;
  protected inbound: Flow | undefined;
  #outbound: Flow | undefined;
  #stream: Stream | undefined;
  #broken = false;

  constructor(gate: Gate) {
    this.gate = gate;
  }

  /** The neighbour whose stream this is, also once it is over; undefined for this node's own users. */
  protected get buyer(): NodeId | undefined {
    return this.#stream?.buyer;
  }

  join(stream: Stream, inbound: Flow, outbound: Flow): void {
    this.#stream = stream;
    this.inbound = inbound;
    this.#outbound = outbound;
  }

  /** Sends at most `length` bytes if the account allows; returns how many. Called with 0 < length ≤ what the channel takes. */
  protected abstract sendPaid(channel: Channel, bytes: Uint8Array, from: number, length: number): number;

  /** Books what the neighbour sent. Throws when its tag breaks the rules. */
  protected abstract book(bytes: number, tag: number): void;

  abstract release(bytes: number): void;

  write(bytes: Uint8Array, from: number): number {
    const channel = this.channel;
    if (channel === undefined) return 0;
    const length = Math.min(bytes.length - from, channel.sendable(), PIECE_BYTES);
    if (length <= 0) return 0;
    try {
      return this.sendPaid(channel, bytes, from, length);
    } catch (error) {
      this.broken(error, ResetCode.internal);
      return 0;
    }
  }

  turn(): boolean {
    return this.#outbound?.pump() ?? false;
  }

  end(): void {
    this.channel?.end();
  }

  accept(): void {
    this.channel?.accept();
  }

  abort(code: ResetCode): void {
    this.channel?.reset(code);
  }

  accepted(): void {
    this.#stream?.accepted();
  }

  data(bytes: Uint8Array, tag: number): void {
    try {
      this.book(bytes.length, tag);
    } catch (error) {
      this.broken(error, ResetCode.protocol);
      return;
    }
    this.inbound?.push(bytes);
  }

  ended(): void {
    this.inbound?.finish();
  }

  reset(code: number): void {
    this.#stream?.abort(resetCodeFrom(code), this);
  }

  writable(): void {
    this.#outbound?.pump();
  }

  late(bytes: number, tag: number): void {
    try {
      this.book(bytes, tag);
    } catch (error) {
      // Once is enough: a broken tag repeats on every frame that is still on its way.
      if (!this.#broken) this.broken(error, ResetCode.protocol);
    }
  }

  /** Ends the whole stream because a rule was broken here, and reports it. */
  protected broken(error: unknown, code: ResetCode): void {
    this.#broken = true;
    this.gate.fault(error);
    this.#stream?.abort(code);
  }
}

/** A channel that the neighbour opened: it buys, so every byte to it and from it is provided by this node. */
export class ProviderSide extends ChannelSide {
  constructor(gate: Gate, channel: Channel) {
    super(gate);
    this.channel = channel;
  }

  protected sendPaid(channel: Channel, bytes: Uint8Array, from: number, length: number): number {
    const { door, serving, clock } = this.gate;
    if (!serving.mayTry(this)) return 0;
    const nowMs = clock.nowMs();
    const allowance = door.servable(length, nowMs);
    if (allowance.bytes <= 0) {
      serving.refuse(this, allowance.retryMs);
      return 0;
    }
    const allowed = Math.min(length, allowance.bytes);
    const hold = door.serve(allowed, nowMs);
    try {
      channel.send(bytes.subarray(from, from + allowed), door.sellEpoch);
    } catch (error) {
      door.release(hold);
      throw error;
    }
    door.commit(hold);
    return allowed;
  }

  protected book(bytes: number, tag: number): void {
    this.gate.grants.arrived(bytes, tag);
  }

  release(bytes: number): void {
    this.channel?.release(bytes);
  }
}

/** A channel that this node opened: it buys, so every byte to it and from it is used here. */
export class BuyerSide extends ChannelSide {
  #unreleased = 0;
  readonly #releaseTurn: Turn = { queued: false, turn: () => this.#giveBack() };

  /** The channel exists once the open was allowed. */
  opened(channel: Channel): void {
    this.channel = channel;
  }

  protected sendPaid(channel: Channel, bytes: Uint8Array, from: number, length: number): number {
    const { door, using } = this.gate;
    if (!using.mayTry(this)) return 0;
    const allowed = Math.min(length, door.usable(length));
    if (allowed <= 0) {
      using.refuse(this, undefined);
      return 0;
    }
    const hold = door.use(allowed);
    try {
      channel.send(bytes.subarray(from, from + allowed), door.buyEpoch);
    } catch (error) {
      door.release(hold);
      throw error;
    }
    door.commit(hold, this.buyer);
    return allowed;
  }

  protected book(bytes: number, tag: number): void {
    this.gate.door.delivered(bytes, tag, this.buyer);
    this.accepted();
  }

  /** More is asked for only while more may be used: else the neighbour would deliver what this node may not owe. */
  release(bytes: number): void {
    this.#unreleased += bytes;
    if (!this.#releaseTurn.queued) this.#giveBack();
  }

  #giveBack(): boolean {
    if (this.inbound?.closed !== false) return false;
    if (this.gate.door.usable(1) <= 0) {
      this.gate.using.refuse(this.#releaseTurn, undefined);
      return false;
    }
    const bytes = this.#unreleased;
    this.#unreleased = 0;
    if (bytes > 0) this.channel?.release(bytes);
    return bytes > 0;
  }
}
