import type { StrandReason } from '../core/carrier/carrier-decision.ts';
import { PairQueue, type PairQueueLimits } from '../core/carrier/pair-queue.ts';
import type { Clock } from '../core/clock.ts';
import type { LinkRow } from '../core/ledger/ledger.ts';
import { Fifo } from '../link/fifo.ts';
import { type Channel, type Link, OPEN_COST_BYTES, ResetCode } from '../link/link.ts';
import { lend, spent } from '../link/spent.ts';
import { type Changed, patchPacket } from '../wire/packet.ts';
import type { PlacedPacket } from './packet-cutter.ts';
import type { Waiting, WaitingPool } from './waiting-pool.ts';

export interface MailBoxOptions {
  readonly link: Link;
  /** Of the link's account. */
  readonly row: LinkRow;
  readonly host: MailBoxHost;
  readonly clock: Clock;
  readonly limits: PairQueueLimits;
}

/** What all mailboxes of a node share: one object, which stays in the processor's cache however many links there are. */
export interface MailBoxHost {
  readonly pool: WaitingPool;
  /** What packets of a neighbour weigh in line. */
  weightOf(from: LinkRow, to: LinkRow): number;
  /** A packet carrying `value` was handed to the link. */
  left(to: LinkRow, value: number): void;
  /** A packet cannot leave any more. */
  stranded(to: LinkRow, packet: Stranded, reason: StrandReason): void;
  /** The neighbour gave up its mailbox, or opened a second one, while the link is up. */
  broken(link: Link): void;
  /** This node's own mailbox is open: packets arrive on `channel`. */
  received(row: LinkRow, channel: Channel, link: Link): void;
  /** Nothing new may be charged now; what is charged already may leave. */
  holds(row: LinkRow): boolean;
  /** The neighbour takes packets (again): `flush` what waits. */
  writable(row: LinkRow): void;
}

/** A packet with its bytes as they came in, from whom, and what it would have left with. Units. */
export interface Stranded {
  readonly packet: Buffer;
  readonly from: LinkRow;
  readonly value: number;
}

/** The header of a mailbox channel: version 1, service packets. */
export const MAIL_BOX_HEADER = Uint8Array.of(1, 2);

/** Whether a channel is opened as a mailbox. */
export function isMailBox(header: Uint8Array): boolean {
  return header.length === 2 && header[0] === MAIL_BOX_HEADER[0] && header[1] === MAIL_BOX_HEADER[1];
}

/**
 * Returned packets that a neighbour has not taken yet, most of them its own. From the first on nothing more is read from
 * one that dialled: of two that wait for each other one must go on. At the second the link ends. Bytes.
 */
const MOST_BACK_BYTES = 2 ** 18;
const STALLED_BACK_BYTES = 2 ** 22;

/** One write: as much as a data frame takes. */
const BATCH_BYTES = 65_536;
const LEAST_BATCH_BYTES = 256;
const SMALL_BATCH_BYTES = 4_096;
const NOTHING = Buffer.alloc(0);

/**
 * Packets to and from one neighbour. Each side opens a channel as its mailbox and the other sends into it, so that what
 * travels costs the sender no upload credit and the receiver's window pushes back on it. Packets that may leave at once
 * are copied into the next write; what must wait stands in the pair queue.
 */
export class MailBox {
  readonly link: Link;
  readonly queue: PairQueue<Waiting>;
  readonly #host: MailBoxHost;
  readonly #row: LinkRow;
  readonly #clock: Clock;
  #out: Channel | undefined;
  #in: Channel | undefined;
  /** What is put together for the next write; nothing on an idle link. */
  #batch: Buffer = NOTHING;
  #filled = 0;
  /** How much the last write was: the next may be as much. */
  #usual = LEAST_BATCH_BYTES;
  #sendable = 0;
  #closed = false;
  readonly #backs = new Fifo<Buffer>();
  #backBytes = 0;
  /** Read from it and not given back to its window. */
  #unread = 0;

  constructor(options: MailBoxOptions) {
    const { clock, host, limits, link, row } = options;
    this.#host = host;
    this.#row = row;
    this.#clock = clock;
    this.link = link;
    this.queue = new PairQueue<Waiting>({
      ...limits,
      weightOf: (from) => host.weightOf(from, row),
      dropped: (waiting) => host.stranded(row, stranded(waiting), 'CONGESTED'),
    });
    this.link.grantForward(OPEN_COST_BYTES);
    this.listen();
  }

  /** Opens this node's mailbox, as soon as the neighbour granted what an open costs. */
  listen(): void {
    if (this.#in !== undefined || this.link.forwardBudget < OPEN_COST_BYTES) return;
    this.#in = this.link.open(MAIL_BOX_HEADER, 0, {
      data: () => undefined,
      ended: () => undefined,
      reset: () => undefined,
      writable: () => undefined,
    });
    this.#host.received(this.#row, this.#in, this.link);
  }

  /** The neighbour's mailbox: one for as long as the link lasts, since what is charged has to arrive there. */
  open(channel: Channel): void {
    if (this.#out !== undefined) {
      channel.reset(ResetCode.protocol);
      return this.#host.broken(this.link);
    }
    this.#out = channel;
    channel.attach({
      data: () => undefined,
      ended: () => undefined,
      reset: (code) => {
        if (code !== ResetCode.linkLost && !this.#closed) this.#host.broken(this.link);
      },
      writable: () => this.#host.writable(this.#row),
    });
    channel.accept();
    this.#host.writable(this.#row);
  }

  /** Sends a packet, or puts it in line behind what came before it from everybody. */
  put(from: LinkRow, { at, bytes, length }: PlacedPacket, changed: Changed): void {
    if (this.queue.packets === 0 && !this.#host.holds(this.#row) && this.#room()) {
      this.#append(bytes, at, length);
      patchPacket(this.#batch, this.#filled - length, changed);
      this.queue.passed(from, length);
      this.#host.left(this.#row, changed.value);
      return;
    }
    const waiting = this.#host.pool.take(bytes, at, length);
    waiting.from = from;
    waiting.sinceMs = this.#clock.nowMs();
    waiting.changed.value = changed.value;
    waiting.changed.hops = changed.hops;
    waiting.changed.lifeMs = changed.lifeMs;
    this.queue.push(from, waiting, length);
  }

  /** A packet that goes back: before all others, and never dropped: what it carries was this neighbour's. */
  putBack(packet: Buffer): void {
    this.#backs.push(packet);
    this.#backBytes += packet.length;
    if (this.#backBytes > STALLED_BACK_BYTES) this.link.close('LINK_STALLED');
  }

  /** A receipt: goes back as a packet would, where not too much waits to go back already. It carries no money. */
  putReceipt(packet: Buffer): void {
    if (this.#backBytes <= MOST_BACK_BYTES) this.putBack(packet);
  }

  /**
   * True while the neighbour takes more than is put together already. The last packet may be cut in two: a window that is
   * never used up is never given back.
   */
  #room(): boolean {
    if (this.#filled >= BATCH_BYTES && this.#sendable > 0) this.#write();
    if (this.#filled === 0) this.#sendable = this.#out?.sendable() ?? 0;
    return this.#filled < this.#sendable;
  }

  #append(bytes: Buffer, at: number, length: number): void {
    if (this.#filled + length > this.#batch.length) this.#grow(this.#filled + length);
    bytes.copy(this.#batch, this.#filled, at, at + length);
    this.#filled += length;
  }

  #grow(least: number): void {
    const wanted = this.#filled === 0 ? this.#usual : least * 4;
    const larger = Buffer.allocUnsafe(Math.max(least, Math.min(BATCH_BYTES, wanted)));
    this.#batch.copy(larger, 0, 0, this.#filled);
    this.#batch = larger;
  }

  /** Sends what the channel takes; the rest of a packet that was cut leads the next write. */
  #write(): void {
    const count = Math.min(this.#filled, this.#sendable, BATCH_BYTES);
    const left = this.#filled - count;
    this.#usual = Math.max(LEAST_BATCH_BYTES, count);
    // A buffer mostly full goes as it is, and a small one; otherwise what is in it is copied and the buffer used again.
    if (count * 2 < this.#batch.length && this.#batch.length > SMALL_BATCH_BYTES) {
      this.#out?.send(Buffer.from(this.#batch.subarray(0, count)), 0);
      this.#batch.copy(this.#batch, 0, count, this.#filled);
    } else {
      const batch = this.#batch;
      this.#batch = left === 0 ? NOTHING : Buffer.from(batch.subarray(count, this.#filled));
      // Whoever writes it spends what is sent; the rest is nobody's.
      lend(batch);
      spent(batch, batch.length - count);
      this.#out?.send(batch.subarray(0, count), 0);
    }
    this.#filled = left;
    this.#sendable = this.#out?.sendable() ?? 0;
  }

  /** Writes what may leave now. True when the line is shorter for it: the account of the link has moved. */
  flush(): boolean {
    const before = this.queue.packets;
    this.#sendable = this.#out?.sendable() ?? 0;
    while (this.#backs.length > 0 && this.#room()) {
      const packet = this.#backs.shift() as Buffer;
      this.#backBytes -= packet.length;
      this.#append(packet, 0, packet.length);
    }
    this.#readOn();
    while (this.queue.packets > 0 && !this.#host.holds(this.#row) && this.#room())
      this.#leave(this.queue.shift() as Waiting);
    while (this.#filled > 0 && this.#sendable > 0) this.#write();
    return this.queue.packets < before;
  }

  #leave(waiting: Waiting): void {
    const { bytes, changed, length, sinceMs } = waiting;
    changed.lifeMs -= Math.floor(this.#clock.nowMs() - sinceMs);
    if (changed.lifeMs < 1) return this.#host.stranded(this.#row, stranded(waiting), 'EXPIRED');
    this.#append(bytes, 0, length);
    patchPacket(this.#batch, this.#filled - length, changed);
    this.#host.left(this.#row, changed.value);
    this.#host.pool.give(waiting);
  }

  /** `bytes` of what it sent were dealt with: it may send as much again, once it took what went back to it. */
  read(bytes: number): void {
    this.#unread += bytes;
    this.#readOn();
  }

  #readOn(): void {
    if (this.#unread === 0 || (!this.link.dialled && this.#backBytes > MOST_BACK_BYTES)) return;
    const bytes = this.#unread;
    this.#unread = 0;
    this.#in?.release(bytes);
  }

  /** Bytes that are charged already and wait for the neighbour to take them. */
  get unsent(): number {
    return this.#backBytes + this.#filled;
  }

  /** The link is gone: what waited goes back to where it came from. */
  close(): void {
    this.#closed = true;
    this.#out = undefined;
    for (let waiting = this.queue.shift(); waiting !== undefined; waiting = this.queue.shift()) {
      this.#host.stranded(this.#row, stranded(waiting), 'NO_ROUTE');
    }
  }
}

/** Its bytes go with it. */
function stranded({ bytes, from, changed, length }: Waiting): Stranded {
  return { packet: bytes.subarray(0, length), from, value: changed.value };
}
