import { Fifo } from './fifo.ts';
import { encodeFrame, type FrameHead, FrameType, HEADER_BYTES, writeHead } from './frame.ts';
import {
  CHANNEL_QUEUE_BYTES,
  MAX_DATA_BYTES,
  PIECE_BYTES,
  QUEUE_BYTES,
  START_WINDOW_BYTES,
  TURN_BYTES,
} from './limits.ts';
import type { MessageClass } from './link.ts';

/** A channel as the outbox sees it: something that fills its turn. */
export interface Sender {
  /** Standing in the ring. Owned by the outbox. */
  inRing: boolean;
  /** Waiting for room in the queues of the link. Owned by the outbox. */
  waiting: boolean;
  /** True while it could write something. */
  hasWork(): boolean;
  /** Writes frames of at most `turn` bytes of payload into target[at…end); returns where it stopped. */
  write(target: Uint8Array, at: number, end: number, turn: number): number;
  /** Its queue became shorter, or others' did. */
  roomier(): void;
}

/** Small frames are collected in a buffer of this size at first. Bytes. */
const SMALL_BYTES = 256;

/**
 * Decides the order in which frames leave a link: control messages, payments, small frames (opens, accepts, windows …),
 * then the data of the channels in turns of equal size.
 */
export class Outbox {
  readonly #control = new Fifo<Uint8Array>();
  readonly #payment = new Fifo<Uint8Array>();
  #messageBytes = 0;
  /** Of a message larger than the last target, what is still to be written. */
  #rest: Uint8Array | undefined;
  #small = new Uint8Array(SMALL_BYTES);
  #smallFilled = 0;
  #smallTaken = 0;
  readonly #ring = new Fifo<Sender>();
  readonly #waiters = new Fifo<Sender>();
  #wrote: Sender[] = [];
  /** Bytes queued by all channels. Kept by the channels. */
  dataBytes = 0;
  readonly #schedule: () => void;

  /** `schedule` is called whenever something was added. */
  constructor(schedule: () => void) {
    this.#schedule = schedule;
  }

  /** Messages and small frames, with their headers. */
  get urgentBytes(): number {
    return this.#messageBytes + this.#smallFilled - this.#smallTaken;
  }

  get queuedBytes(): number {
    return this.urgentBytes + this.dataBytes;
  }

  /** True while something could be written. */
  get pending(): boolean {
    return this.urgentBytes > 0 || this.#ring.length > 0;
  }

  /** True while messages wait that are to leave in several small writes, and no data does. */
  get inPieces(): boolean {
    return this.#messageBytes > PIECE_BYTES && this.#ring.length === 0;
  }

  /** How much more a channel may queue that has `queued` already. */
  room(queued: number): number {
    return (this.dataBytes < QUEUE_BYTES ? CHANNEL_QUEUE_BYTES : START_WINDOW_BYTES) - queued;
  }

  /** A good size for the next `fill`, at most `most`. */
  batchBytes(most: number): number {
    return Math.min(most, this.queuedBytes + HEADER_BYTES * (this.#ring.length + 2));
  }

  message(kind: MessageClass, bytes: Uint8Array): void {
    (kind === 'control' ? this.#control : this.#payment).push(bytes);
    this.#messageBytes += HEADER_BYTES + bytes.length;
    this.#schedule();
  }

  small(head: FrameHead, payload?: Uint8Array): void {
    const length = payload?.length ?? 0;
    this.#reserve(HEADER_BYTES + length);
    const at = writeHead(this.#small, this.#smallFilled, { ...head, length });
    if (payload !== undefined) this.#small.set(payload, at);
    this.#smallFilled = at + length;
    this.#schedule();
  }

  /** Puts a channel in the ring unless it stands there or has nothing to write. */
  ready(sender: Sender): void {
    if (sender.inRing || !sender.hasWork()) return;
    sender.inRing = true;
    this.#ring.push(sender);
    this.#schedule();
  }

  /** `roomier` will be called when there is room again: after its own next frame, or, where all are short, in turn. */
  awaitRoom(sender: Sender): void {
    if (sender.waiting || this.dataBytes < QUEUE_BYTES) return;
    sender.waiting = true;
    this.#waiters.push(sender);
  }

  /** Writes as much as fits; returns how many bytes that was. A message is cut only where the target is too small for it alone. */
  fill(target: Uint8Array): number {
    let at = this.#fillRest(target);
    if (this.#rest !== undefined) return at;
    at = this.#fillMessages(FrameType.control, this.#control, target, at);
    if (this.#control.length > 0) return at;
    at = this.#fillMessages(FrameType.payment, this.#payment, target, at);
    if (this.#payment.length > 0) return at;
    at = this.#fillSmall(target, at);
    return this.#smallFilled > 0 ? at : this.#fillData(target, at);
  }

  /** Tells those who wait for room, after a `fill`. */
  tellRoom(): void {
    const wrote = this.#wrote;
    if (wrote.length > 0) {
      this.#wrote = [];
      for (const sender of wrote) sender.roomier();
    }
    for (let left = this.#waiters.length; left > 0 && this.dataBytes < QUEUE_BYTES; left--) {
      const sender = this.#waiters.shift();
      if (sender === undefined) return;
      sender.waiting = false;
      sender.roomier();
    }
  }

  /** Forgets what is queued, but for the rest of what is half written. */
  clear(): void {
    this.#control.clear();
    this.#payment.clear();
    this.#ring.clear();
    this.#waiters.clear();
    this.#wrote = [];
    this.#messageBytes = this.#rest?.length ?? 0;
    this.#smallFilled = 0;
    this.#smallTaken = 0;
    this.dataBytes = 0;
  }

  #fillRest(target: Uint8Array): number {
    if (this.#rest === undefined) return 0;
    const part = this.#rest.subarray(0, target.length);
    target.set(part);
    this.#messageBytes -= part.length;
    this.#rest = part.length === this.#rest.length ? undefined : this.#rest.subarray(part.length);
    return part.length;
  }

  #fillMessages(type: FrameType, queue: Fifo<Uint8Array>, target: Uint8Array, from: number): number {
    let at = from;
    for (let next = queue.peek(); next !== undefined; next = queue.peek()) {
      if (target.length - at < HEADER_BYTES + next.length) {
        if (at > 0) return at;
        queue.shift();
        this.#rest = encodeFrame({ type }, next);
        return this.#fillRest(target);
      }
      at = writeHead(target, at, { type, length: next.length });
      target.set(next, at);
      at += next.length;
      this.#messageBytes -= HEADER_BYTES + next.length;
      queue.shift();
    }
    return at;
  }

  #fillSmall(target: Uint8Array, at: number): number {
    if (this.#smallFilled === 0) return at;
    const count = Math.min(this.#smallFilled - this.#smallTaken, target.length - at);
    target.set(this.#small.subarray(this.#smallTaken, this.#smallTaken + count), at);
    this.#smallTaken += count;
    if (this.#smallTaken === this.#smallFilled) {
      this.#smallTaken = 0;
      this.#smallFilled = 0;
      if (this.#small.length > 16 * SMALL_BYTES) this.#small = new Uint8Array(SMALL_BYTES);
    }
    return at + count;
  }

  #fillData(target: Uint8Array, from: number): number {
    let at = from;
    while (true) {
      const sender = this.#ring.peek();
      if (sender === undefined) return at;
      const turn = this.#ring.length > 1 ? TURN_BYTES : MAX_DATA_BYTES;
      const stopped = sender.write(target, at, target.length, turn);
      if (stopped > at) this.#wrote.push(sender);
      const full = stopped === at && sender.hasWork();
      at = stopped;
      if (full) return at;
      this.#ring.shift();
      sender.inRing = false;
      if (sender.hasWork()) {
        sender.inRing = true;
        this.#ring.push(sender);
      }
    }
  }

  #reserve(count: number): void {
    const needed = this.#smallFilled + count;
    if (needed <= this.#small.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#small.length * 2));
    larger.set(this.#small.subarray(0, this.#smallFilled));
    this.#small = larger;
  }
}
