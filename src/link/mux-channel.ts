import { WayleaveError } from '../core/errors.ts';
import { Fifo } from './fifo.ts';
import { FrameType, HEADER_BYTES, writeHead } from './frame.ts';
import { DATA_COST_BYTES, MAX_CREDIT_BYTES, MAX_DATA_BYTES, START_WINDOW_BYTES } from './limits.ts';
import { type Channel, type ChannelHandlers, type Link, ResetCode } from './link.ts';
import type { Outbox, Sender } from './outbox.ts';
import { spent } from './spent.ts';
import type { WindowPool } from './window-pool.ts';

/** What the channels of a link share. */
export interface ChannelHost {
  readonly link: Link;
  readonly outbox: Outbox;
  readonly windows: WindowPool;
  /** Forward budget this side may still use. */
  budget: number;
  /** Nothing more may be sent or opened. */
  ended: boolean;
  /** `budgetCame` will be called once when more is granted. */
  awaitBudget(channel: MuxChannel): void;
  /** Both sides have said their last word on the channel. */
  gone(channel: MuxChannel): void;
  /** Runs `task` after the present event. */
  later(task: () => void): void;
}

/** No batch ends with a frame smaller than this, unless that is all there is. Bytes. */
const LEAST_FRAME_BYTES = 1024;

/** One channel of a `Mux`: its two windows, and what it has queued. */
export class MuxChannel implements Channel, Sender {
  readonly id: number;
  readonly opener: boolean;
  inRing = false;
  waiting = false;
  awaitingBudget = false;
  readonly #host: ChannelHost;
  #handlers: ChannelHandlers | undefined;
  /** Reset or lost: nothing is taken from the user or told to it, but for what arrives late. What is queued still leaves. */
  #gone = false;
  /** A reset that waits for what is queued to leave. */
  #resetCode: number | undefined;
  #removed = false;

  /** What the neighbour lets this side send. */
  #credit = START_WINDOW_BYTES;
  readonly #parts = new Fifo<Uint8Array>();
  readonly #tags = new Fifo<number>();
  /** Of the first part, already written. */
  #offset = 0;
  #queued = 0;
  #accepted: boolean;
  #ending = false;
  #endWritten = false;
  /** `sendable()` was 0 when last looked at. */
  #starved = false;

  /** What the neighbour may still send. */
  #granted = START_WINDOW_BYTES;
  #window = START_WINDOW_BYTES;
  /** Payload debited and not released, and the part of it already delivered. */
  #held = 0;
  #delivered = 0;
  /** Overhead debited and not given back. */
  #overhead = 0;
  #tag = 0;
  #updatedMs = 0;
  #acceptSeen = false;
  #peerEnded = false;

  constructor(host: ChannelHost, id: number, handlers?: ChannelHandlers) {
    this.#host = host;
    this.id = id;
    this.#handlers = handlers;
    this.opener = handlers !== undefined;
    this.#accepted = this.opener;
    if (this.opener) this.#widen(host.windows.first());
    this.sendable();
  }

  get link(): Link {
    return this.#host.link;
  }

  attach(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
  }

  // sending

  accept(): void {
    if (this.#gone || this.#accepted) return;
    this.#accepted = true;
    this.#host.outbox.small({ type: FrameType.accept, channel: this.id });
    this.#widen(this.#host.windows.first());
    this.#host.later(() => this.#wake());
  }

  sendable(): number {
    const room = this.#room();
    this.#starved = room <= 0;
    return room <= 0 ? 0 : room;
  }

  send(bytes: Uint8Array, tag: number): void {
    const length = bytes.length;
    if (length === 0) return;
    if (length > MAX_DATA_BYTES || length > this.#room()) {
      throw new WayleaveError('LINK_WINDOW_EXCEEDED', { channel: this.id, bytes: length, sendable: this.sendable() });
    }
    this.#parts.push(bytes);
    this.#tags.push(tag);
    this.#queued += length;
    this.#host.outbox.dataBytes += length;
    if (this.opener) this.#host.budget -= length;
    this.#host.outbox.ready(this);
    this.sendable();
  }

  end(): void {
    if (this.#gone || this.#ending) return;
    this.#ending = true;
    this.#host.outbox.ready(this);
  }

  reset(code: number): void {
    if (this.#gone) return;
    this.#leave();
    this.#resetCode = code;
    this.#host.outbox.ready(this);
    this.#host.later(() => this.#handlers?.reset(code));
  }

  hasWork(): boolean {
    if (this.#queued > 0) return this.#credit > DATA_COST_BYTES;
    return this.#resetCode !== undefined || (this.#ending && !this.#endWritten);
  }

  write(target: Uint8Array, from: number, end: number, turn: number): number {
    let at = from;
    let left = turn;
    while (this.#queued > 0 && left > 0) {
      const most = Math.min(left, this.#credit - DATA_COST_BYTES, end - at - HEADER_BYTES);
      if (most <= 0 || (most < LEAST_FRAME_BYTES && end - at < HEADER_BYTES + LEAST_FRAME_BYTES && most < this.#queued))
        return at;
      const length = this.#writeFrame(target, at, most);
      left -= length;
      at += HEADER_BYTES + length;
    }
    return this.#queued === 0 && end - at >= HEADER_BYTES ? this.#writeLast(target, at) : at;
  }

  /** The last word of this side, when it is due and everything before it was written. */
  #writeLast(target: Uint8Array, at: number): number {
    const code = this.#resetCode;
    if (code === undefined && (!this.#ending || this.#endWritten)) return at;
    this.#resetCode = undefined;
    this.#endWritten = true;
    this.#finish();
    if (code === undefined) return writeHead(target, at, { type: FrameType.end, channel: this.id });
    return writeHead(target, at, { type: FrameType.reset, channel: this.id, value: code });
  }

  roomier(): void {
    this.#wake();
  }

  // receiving

  release(bytes: number): void {
    if (this.#gone) return;
    if (!(bytes >= 0 && bytes <= this.#delivered)) {
      throw new WayleaveError('LINK_WINDOW_EXCEEDED', { channel: this.id, released: bytes, held: this.#delivered });
    }
    this.#overhead -= this.#held === bytes ? this.#overhead : Math.floor((this.#overhead * bytes) / this.#held);
    this.#held -= bytes;
    this.#delivered -= bytes;
    const missing = this.#window - this.#granted - this.#held - this.#overhead;
    if (missing * 2 >= this.#window && !this.#peerEnded) this.#turnOver();
  }

  // what the neighbour does; a returned word is a broken rule

  peerAccepted(): string | undefined {
    if (!this.opener || this.#acceptSeen) return 'accept';
    this.#acceptSeen = true;
    this.#handlers?.accepted?.();
    return undefined;
  }

  peerFrame(tag: number, length: number): string | undefined {
    if (this.#peerEnded) return 'data after end';
    if (this.opener && !this.#acceptSeen) return 'data before accept';
    const cost = length + DATA_COST_BYTES;
    if (cost > this.#granted) return 'window';
    this.#granted -= cost;
    this.#held += length;
    this.#overhead += DATA_COST_BYTES;
    this.#tag = tag;
    return undefined;
  }

  peerData(bytes: Uint8Array): void {
    if (this.#gone) {
      this.#handlers?.late?.(bytes.length, this.#tag);
      return;
    }
    this.#delivered += bytes.length;
    this.#handlers?.data(bytes, this.#tag);
  }

  peerEnd(): string | undefined {
    if (this.#peerEnded) return 'end after end';
    this.#peerEnded = true;
    if (!this.#gone) this.#handlers?.ended();
    this.#finish();
    return undefined;
  }

  /** What this side has queued was charged, so it still leaves; then it answers, and the neighbour knows that was all. */
  peerReset(code: number): void {
    this.#peerEnded = true;
    if (!this.#gone) {
      this.#leave();
      this.#handlers?.reset(code);
    }
    if (!this.#endWritten && this.#resetCode === undefined) this.#resetCode = code;
    this.#finish();
    this.#host.outbox.ready(this);
  }

  peerWindow(bytes: number): string | undefined {
    this.#credit += bytes;
    if (this.#credit > MAX_CREDIT_BYTES) return 'credit';
    this.#host.outbox.ready(this);
    this.#wake();
    return undefined;
  }

  budgetCame(): void {
    this.#wake();
  }

  /** The link is gone. What is queued may still be written while it closes. */
  linkLost(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#handlers?.reset(ResetCode.linkLost);
  }

  /** What may be sent now, 0 or less for nothing. Sees to it that `#wake` is called when that may have changed. */
  #room(): number {
    if (this.#gone || this.#ending || !this.#accepted || this.#host.ended) return 0;
    // Frames may be as small as 1 KiB, each with its overhead: what is queued must always be covered by the credit.
    const window = Math.floor(((this.#credit - 2 * DATA_COST_BYTES) * 16) / 17) - this.#queued;
    const queue = this.#host.outbox.room(this.#queued);
    if (queue <= 0 && window > 0) this.#host.outbox.awaitRoom(this);
    const room = window < queue ? window : queue;
    if (!this.opener || this.#host.budget >= room) return room;
    if (this.#host.budget <= 0 && room > 0) this.#host.awaitBudget(this);
    return this.#host.budget;
  }

  #wake(): void {
    if (this.#starved && !this.#gone && this.sendable() > 0) this.#handlers?.writable();
  }

  #writeFrame(target: Uint8Array, at: number, most: number): number {
    const tag = this.#tags.peek() ?? 0;
    let to = at + HEADER_BYTES;
    const stop = to + most;
    while (to < stop && this.#queued > 0 && this.#tags.peek() === tag) {
      const part = this.#parts.peek() as Uint8Array;
      const count = Math.min(part.length - this.#offset, stop - to);
      const whole = count === part.length;
      target.set(whole ? part : part.subarray(this.#offset, this.#offset + count), to);
      to += count;
      this.#queued -= count;
      this.#offset += count;
      if (this.#offset === part.length) {
        this.#parts.shift();
        this.#tags.shift();
        this.#offset = 0;
      }
      spent(part, count);
    }
    const length = to - at - HEADER_BYTES;
    writeHead(target, at, { type: FrameType.data, channel: this.id, value: tag, length });
    this.#credit -= length + DATA_COST_BYTES;
    this.#host.outbox.dataBytes -= length;
    return length;
  }

  #turnOver(): void {
    const nowMs = this.#host.windows.nowMs;
    const window = this.#host.windows.next(this.#window, nowMs - this.#updatedMs);
    this.#updatedMs = nowMs;
    this.#widen(window);
  }

  /** Sets the window and tells the neighbour what is missing to it. */
  #widen(window: number): void {
    this.#window = window;
    const missing = window - this.#granted - this.#held - this.#overhead;
    if (missing <= 0) return;
    this.#granted += missing;
    this.#host.outbox.small({ type: FrameType.window, channel: this.id, value: missing });
  }

  #finish(): void {
    if (this.#removed || !this.#endWritten || !this.#peerEnded || this.#queued > 0) return;
    this.#removed = true;
    this.#resetCode = undefined;
    this.#leave();
    this.#host.gone(this);
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#ending = false;
    this.#host.windows.free(this.#window);
  }
}
