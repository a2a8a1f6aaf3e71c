import type { Clock, Timer } from '../core/clock.ts';
import { ERRORS, type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { ChannelTable } from './channel-table.ts';
import { Fifo } from './fifo.ts';
import { encodeFrame, FrameType } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { KeepAlive, type KeepAliveOptions } from './keep-alive.ts';
import {
  BATCH_BYTES,
  CLOSE_LINGER_MS,
  MAX_HEADER_BYTES,
  MAX_MESSAGE_BYTES,
  PIECE_BYTES,
  PIPE_BYTES,
  URGENT_QUEUE_BYTES,
} from './limits.ts';
import {
  type Channel,
  type ChannelHandlers,
  type Link,
  type LinkEnd,
  type LinkHandlers,
  type MessageClass,
  OPEN_COST_BYTES,
} from './link.ts';
import { type ChannelHost, MuxChannel } from './mux-channel.ts';
import { MuxReceiver } from './mux-receiver.ts';
import { Outbox } from './outbox.ts';
import type { BytePipe } from './pipe.ts';
import { WindowPool } from './window-pool.ts';

export interface MuxOptions {
  readonly pipe: BytePipe;
  readonly clock: Clock;
  readonly peer: NodeId;
  readonly peerKey: Uint8Array;
  readonly dialled: boolean;
  readonly remoteAddress: string;
  readonly keepAlive?: KeepAliveOptions;
}

/** The most a budget frame carries. */
const MAX_GRANT = 2 ** 32 - 1;

/** A link over any pipe of bytes. Who is at the other end was proved before. */
export class Mux implements Link {
  readonly peer: NodeId;
  readonly peerKey: Uint8Array;
  readonly dialled: boolean;
  readonly remoteAddress: string;
  readonly #pipe: BytePipe;
  readonly #clock: Clock;
  readonly #outbox = new Outbox(() => this.#schedule());
  readonly #table: ChannelTable;
  readonly #host: ChannelHost;
  readonly #receiver: MuxReceiver;
  readonly #decoder: FrameDecoder;
  readonly #keepAlive: KeepAlive;
  readonly #budgetWaiters = new Fifo<MuxChannel>();
  #handlers: LinkHandlers | undefined;
  readonly #tasks = new Fifo<() => void>();
  #scheduled = false;
  #end: LinkEnd | undefined;
  /** The end has been told to whoever was there to hear it. */
  #told = false;
  #faultReason: string | undefined;
  #watchers: ((end: LinkEnd) => void)[] = [];
  /** The last frame, while what stands before it is still being sent. */
  #farewell: Uint8Array | undefined;
  #linger: Timer | undefined;

  constructor(options: MuxOptions) {
    this.peer = options.peer;
    this.peerKey = options.peerKey;
    this.dialled = options.dialled;
    this.remoteAddress = options.remoteAddress;
    this.#pipe = options.pipe;
    this.#clock = options.clock;
    this.#table = new ChannelTable(options.dialled);
    this.#host = this.#makeHost();
    this.#receiver = this.#makeReceiver();
    this.#decoder = new FrameDecoder(this.#receiver);
    this.#keepAlive = this.#makeKeepAlive(options.keepAlive);
    this.#pipe.attach({
      data: (bytes) => this.#arrived(bytes),
      drained: () => this.#drained(),
      closed: () => this.#pipeClosed(),
    });
  }

  get forwardBudget(): number {
    return this.#host.budget;
  }

  get roundTripMs(): number | undefined {
    return this.#host.windows.roundTripMs;
  }

  /** For logs: the rule that was broken, in a few words, where the link ended by `fault`. */
  get faultReason(): string | undefined {
    return this.#faultReason;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    if (this.#end === undefined) this.#keepAlive.start();
    else if (this.#told) this.#host.later(() => handlers.closed(this.#end as LinkEnd));
    this.#pipe.resume();
  }

  send(kind: MessageClass, bytes: Uint8Array): void {
    if (bytes.length > MAX_MESSAGE_BYTES) throw new WayleaveError('FRAME_TOO_LARGE', { bytes: bytes.length });
    if (this.#end === undefined) this.#outbox.message(kind, bytes);
  }

  open(header: Uint8Array, tag: number, handlers: ChannelHandlers): Channel {
    if (this.#end !== undefined) throw new WayleaveError('LINK_CLOSED', { code: this.#end.code });
    if (header.length > MAX_HEADER_BYTES) throw new WayleaveError('FRAME_TOO_LARGE', { bytes: header.length });
    if (this.#host.budget < OPEN_COST_BYTES) throw new WayleaveError('LINK_BUDGET_SPENT', { left: this.#host.budget });
    const id = this.#table.takeId();
    if (id === undefined) throw new WayleaveError('LINK_CHANNELS_EXHAUSTED');
    this.#host.budget -= OPEN_COST_BYTES;
    this.#outbox.small({ type: FrameType.open, channel: id, value: tag }, header);
    const channel = new MuxChannel(this.#host, id, handlers);
    this.#table.add(channel);
    return channel;
  }

  grantForward(bytes: number): void {
    if (this.#end !== undefined) return;
    this.#receiver.grant(bytes);
    for (let left = bytes; left > 0; left -= MAX_GRANT) {
      this.#outbox.small({ type: FrameType.budget, value: Math.min(left, MAX_GRANT) });
    }
  }

  probe(answered: () => void): void {
    if (this.#end === undefined) this.#keepAlive.ask(answered);
  }

  watchEnd(ended: (end: LinkEnd) => void): void {
    if (this.#end !== undefined && this.#told) ended(this.#end);
    else this.#watchers.push(ended);
  }

  close(code?: ErrorCode): void {
    this.#finish(code === undefined ? { by: 'local' } : { by: 'local', code }, code ?? '');
  }

  destroy(): void {
    this.#cut({ by: 'local' });
  }

  // what arrives

  #arrived(bytes: Uint8Array): void {
    this.#keepAlive.heard();
    this.#handing(() => this.#decoder.push(bytes));
  }

  /** Where a handler throws, what arrived is lost in part, so the link cannot go on. */
  #handing(hand: () => void): void {
    let done = false;
    try {
      hand();
      done = true;
    } finally {
      if (!done) this.#fault('LINK_LOST', 'a handler failed');
    }
  }

  #makeReceiver(): MuxReceiver {
    return new MuxReceiver(this.#clock, this.#host, this.#table, {
      message: (kind, bytes) => this.#handlers?.message(kind, bytes),
      paid: () => this.#host.later(() => this.#handing(() => this.#receiver.handPayments())),
      opened: (channel, header, tag) => this.#handlers?.opened(channel, header, tag),
      granted: (bytes) => this.#granted(bytes),
      ping: (value) => this.#outbox.small({ type: FrameType.pong, value }),
      pong: (value) => this.#keepAlive.pong(value),
      closed: (word) => this.#cut(isErrorCode(word) ? { by: 'remote', code: word } : { by: 'remote' }),
      fault: (code, reason) => this.#fault(code, reason),
    });
  }

  #granted(bytes: number): void {
    this.#host.budget += bytes;
    if (!Number.isSafeInteger(this.#host.budget)) return this.#fault('LINK_FRAME_INVALID', 'budget');
    this.#handlers?.granted();
    for (let left = this.#budgetWaiters.length; left > 0 && this.#host.budget > 0; left--) {
      const channel = this.#budgetWaiters.shift();
      if (channel === undefined) return;
      channel.awaitingBudget = false;
      channel.budgetCame();
    }
  }

  #pipeClosed(): void {
    this.#linger?.cancel();
    this.#farewell = undefined;
    this.#cut({ by: 'fault', code: 'LINK_LOST' });
  }

  // what leaves

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#pipe.defer(() => this.#turn());
  }

  /** Most writes leave nothing behind that waited for room. */
  #drained(): void {
    if (this.#outbox.pending || this.#farewell !== undefined) this.#schedule();
  }

  #turn(): void {
    this.#scheduled = false;
    try {
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
    } finally {
      // One that throws stops no other.
      if (this.#tasks.length > 0) this.#schedule();
    }
    this.#flush();
  }

  #flush(): void {
    if (this.#outbox.urgentBytes > URGENT_QUEUE_BYTES) return this.#fault('LINK_STALLED', 'messages');
    while (this.#outbox.pending && this.#pipe.bufferedBytes + BATCH_BYTES <= PIPE_BYTES) {
      const { inPieces } = this.#outbox;
      if (inPieces && this.#pipe.bufferedBytes > 0) break;
      const size = this.#outbox.batchBytes(inPieces ? PIECE_BYTES : BATCH_BYTES);
      const batch = this.#pipe.buffer?.(size) ?? Buffer.allocUnsafe(size);
      const filled = this.#outbox.fill(batch);
      if (filled === 0) break;
      this.#pipe.write(filled === batch.length ? batch : batch.subarray(0, filled));
    }
    if (this.#end === undefined) this.#outbox.tellRoom();
    else this.#sayFarewell();
  }

  // the end

  #fault(code: ErrorCode, reason: string): void {
    if (this.#end !== undefined) return;
    this.#faultReason = reason;
    this.#outbox.clear();
    this.#finish({ by: 'fault', code }, code);
  }

  /** Ends the link, and sends `word` after all that is queued. */
  #finish(end: LinkEnd, word: string): void {
    if (this.#end !== undefined) return;
    this.#over(end);
    this.#farewell = encodeFrame({ type: FrameType.close }, Buffer.from(word, 'latin1'));
    this.#pipe.resume();
    this.#linger = this.#clock.after(CLOSE_LINGER_MS, () => this.#pipe.destroy());
    this.#schedule();
  }

  #sayFarewell(): void {
    if (this.#farewell === undefined || this.#outbox.pending) return;
    this.#pipe.write(this.#farewell);
    this.#farewell = undefined;
    this.#pipe.end();
  }

  /** Ends the link without another word. */
  #cut(end: LinkEnd): void {
    this.#outbox.clear();
    this.#over(end);
    this.#pipe.destroy();
  }

  /** From here on nothing is taken in; channels and handlers are told after the present event. */
  #over(end: LinkEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#host.ended = true;
    this.#decoder.stop();
    this.#keepAlive.stop();
    this.#host.later(() => {
      for (const channel of this.#table.all()) channel.linkLost();
      this.#tellEnd(end);
    });
  }

  #tellEnd(end: LinkEnd): void {
    this.#told = true;
    const watchers = this.#watchers;
    this.#watchers = [];
    this.#handlers?.closed(end);
    for (const ended of watchers) ended(end);
  }

  #makeHost(): ChannelHost {
    return {
      link: this,
      outbox: this.#outbox,
      windows: new WindowPool(this.#clock),
      budget: 0,
      ended: false,
      awaitBudget: (channel) => {
        if (channel.awaitingBudget) return;
        channel.awaitingBudget = true;
        this.#budgetWaiters.push(channel);
      },
      gone: (channel) => this.#table.remove(channel),
      later: (task) => {
        this.#tasks.push(task);
        this.#schedule();
      },
    };
  }

  #makeKeepAlive(options: KeepAliveOptions | undefined): KeepAlive {
    return new KeepAlive(
      this.#clock,
      {
        ping: (value) => this.#outbox.small({ type: FrameType.ping, value }),
        measured: (roundTripMs) => {
          this.#host.windows.roundTripMs = roundTripMs;
        },
        silent: () => this.#cut({ by: 'fault', code: 'LINK_SILENT' }),
      },
      options,
    );
  }
}

function isErrorCode(word: string): word is ErrorCode {
  return Object.hasOwn(ERRORS, word);
}
