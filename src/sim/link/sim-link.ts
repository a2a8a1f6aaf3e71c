import type { ErrorCode } from '../../core/errors.ts';
import { ERRORS, WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import {
  MAX_CHANNELS,
  MAX_HEADER_BYTES,
  MAX_MESSAGE_BYTES,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
} from '../../link/limits.ts';
import {
  type Channel,
  type ChannelHandlers,
  type Link,
  type LinkEnd,
  type LinkHandlers,
  type MessageClass,
  OPEN_COST_BYTES,
} from '../../link/link.ts';
import { TokenBucket } from '../../link/token-bucket.ts';
import type { Life } from '../life.ts';
import type { Timeline } from '../timeline.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { WireTap } from './packet-tap.ts';
import { SimChannel, type SimChannelHost } from './sim-channel.ts';
import { type Parcel, ParcelKind, type SimWire } from './sim-wire.ts';

/** What a cheat does to the messages of its own links. It sees bytes, as a man with a debugger would. */
export interface LinkTamper {
  /** What leaves instead of this message; undefined leaves it alone. */
  outgoing?(peer: NodeId, kind: MessageClass, bytes: Uint8Array): readonly Uint8Array[] | undefined;
  /** What its node is told instead of this message; undefined leaves it alone. */
  incoming?(peer: NodeId, kind: MessageClass, bytes: Uint8Array): readonly Uint8Array[] | undefined;
  /** What it changes, in place, in data of channels as it arrives, or as it leaves. */
  dataIn?(peer: NodeId, bytes: Uint8Array): void;
  dataOut?(peer: NodeId, bytes: Uint8Array): void;
  /** The tag its data travels under. */
  dataTag?(peer: NodeId, tag: number): number;
}

export interface SimLinkOptions {
  readonly timeline: Timeline;
  readonly life: Life;
  readonly clock: VirtualClock;
  readonly peer: NodeId;
  readonly peerKey: Uint8Array;
  readonly dialled: boolean;
  readonly remoteAddress: string;
  readonly tamper: LinkTamper | undefined;
  /** Reads what this end sends and is given, cheating included. */
  readonly tap?: WireTap | undefined;
  /** This end has ended; the connection is to be taken apart. */
  readonly over: () => void;
}

/** One end of a simulated connection: what `Mux` does, without bytes. One process of one machine holds it. */
export class SimLink implements Link {
  readonly peer: NodeId;
  readonly peerKey: Uint8Array;
  readonly dialled: boolean;
  readonly remoteAddress: string;
  roundTripMs: number | undefined;
  readonly #options: SimLinkOptions;
  readonly #life: Life;
  readonly #host: SimChannelHost;
  readonly #channels = new Map<number, SimChannel>();
  readonly #messages: TokenBucket;
  #wire: SimWire | undefined;
  #handlers: LinkHandlers | undefined;
  /** What came before `attach`. */
  #early: Parcel[] = [];
  #nextId: number;
  /** Channels opened here that are not over. */
  #own = 0;
  #forward = 0;
  #end: LinkEnd | undefined;
  #told = false;
  #watchers: ((end: LinkEnd) => void)[] = [];
  #asking: { sinceMs: number; answered: () => void }[] = [];

  constructor(options: SimLinkOptions) {
    this.#options = options;
    this.#life = options.life;
    this.peer = options.peer;
    this.peerKey = options.peerKey;
    this.dialled = options.dialled;
    this.remoteAddress = options.remoteAddress;
    this.#nextId = options.dialled ? 1 : 2;
    this.#messages = new TokenBucket(options.clock, MESSAGES_PER_SECOND, MESSAGES_BURST);
    this.#host = {
      link: this,
      budget: 0,
      ended: false,
      put: (kind, channel, value, bytes) => this.#put(kind, channel, value, bytes),
      gone: (channel) => this.#gone(channel),
      later: (task) => this.#later(task),
    };
  }

  #gone(channel: SimChannel): void {
    if (this.#channels.delete(channel.id) && channel.opener) this.#own -= 1;
  }

  /** The wire that leads to the other end. */
  connect(wire: SimWire): void {
    this.#wire = wire;
  }

  get forwardBudget(): number {
    return this.#host.budget;
  }

  get queuedBytes(): number {
    return this.#wire?.queuedBytes ?? 0;
  }

  /** It has ended, or its process has. */
  get ended(): boolean {
    return this.#end !== undefined || !this.#life.alive;
  }

  attach(handlers: LinkHandlers): void {
    if (this.#end !== undefined && this.#told) return this.#later(() => handlers.closed(this.#end as LinkEnd));
    if (this.#early.length === 0) this.#handlers = handlers;
    else this.#later(() => this.#deliverEarly(handlers));
    // A first round trip is measured at once.
    this.probe(() => {});
  }

  #deliverEarly(handlers: LinkHandlers): void {
    const early = this.#early;
    this.#early = [];
    this.#handlers = handlers;
    for (const parcel of early) this.arrived(parcel);
  }

  send(kind: MessageClass, bytes: Uint8Array): void {
    if (bytes.length > MAX_MESSAGE_BYTES) throw new WayleaveError('FRAME_TOO_LARGE', { bytes: bytes.length });
    const leaving = this.#options.tamper?.outgoing?.(this.peer, kind, bytes);
    if (leaving === undefined) return this.sendRaw(kind, bytes);
    for (const each of leaving) this.sendRaw(kind, each);
  }

  /** Sends a message as it is: for cheats. */
  sendRaw(kind: MessageClass, bytes: Uint8Array): void {
    this.#put(kind === 'payment' ? ParcelKind.payment : ParcelKind.control, 0, 0, bytes);
  }

  open(header: Uint8Array, tag: number, handlers: ChannelHandlers): Channel {
    if (this.#end !== undefined) throw new WayleaveError('LINK_CLOSED', { code: this.#end.code });
    if (header.length > MAX_HEADER_BYTES) throw new WayleaveError('FRAME_TOO_LARGE', { bytes: header.length });
    if (this.#own >= MAX_CHANNELS) throw new WayleaveError('LINK_CHANNELS_EXHAUSTED', { channels: MAX_CHANNELS });
    if (this.#host.budget < OPEN_COST_BYTES) throw new WayleaveError('LINK_BUDGET_SPENT', { left: this.#host.budget });
    this.#host.budget -= OPEN_COST_BYTES;
    const id = this.#nextId;
    this.#nextId += 2;
    this.#own += 1;
    this.#options.tap?.opened(id, header);
    this.#put(ParcelKind.open, id, tag, header);
    const channel = new SimChannel(this.#host, id, handlers);
    this.#channels.set(id, channel);
    return channel;
  }

  grantForward(bytes: number): void {
    if (this.#end !== undefined) return;
    this.#forward += bytes;
    this.#put(ParcelKind.budget, 0, bytes);
  }

  probe(answered: () => void): void {
    if (this.#end !== undefined) return;
    this.#asking.push({ sinceMs: this.#options.timeline.nowMs, answered });
    this.#put(ParcelKind.ping, 0, 0);
  }

  watchEnd(ended: (end: LinkEnd) => void): void {
    if (this.#end !== undefined && this.#told) ended(this.#end);
    else this.#watchers.push(ended);
  }

  close(code?: ErrorCode): void {
    if (this.#end !== undefined || !this.#life.touch('link.close')) return;
    this.#wire?.putClose(code ?? '');
    this.#over(code === undefined ? { by: 'local' } : { by: 'local', code });
  }

  destroy(): void {
    if (this.#end !== undefined || !this.#life.touch('link.destroy')) return;
    this.#wire?.break(0);
    this.#over({ by: 'local' });
  }

  #put(kind: ParcelKind, channel: number, value: number, bytes?: Uint8Array): void {
    if (this.#end !== undefined || !this.#life.touch('link.send')) return;
    const tamper = this.#options.tamper;
    const tag = kind === ParcelKind.data && tamper?.dataTag !== undefined ? tamper.dataTag(this.peer, value) : value;
    if (kind === ParcelKind.data && bytes !== undefined) {
      tamper?.dataOut?.(this.peer, bytes);
      this.#options.tap?.sent(channel, bytes);
    }
    this.#wire?.put(kind, channel, tag, bytes);
  }

  /** From the other end. */
  arrived(parcel: Parcel): void {
    if (this.#end !== undefined || !this.#life.alive) return;
    const handlers = this.#handlers;
    if (handlers === undefined) {
      this.#early.push({ ...parcel });
      return;
    }
    let broken: string | undefined = 'a handler failed';
    try {
      broken = parcel.kind === ParcelKind.data ? this.#data(parcel) : this.#frame(parcel, handlers);
    } finally {
      if (broken !== undefined) this.cut({ by: 'fault', code: 'LINK_FRAME_INVALID' });
    }
  }

  #data(parcel: Parcel): string | undefined {
    const channel = this.#channels.get(parcel.channel);
    const bytes = parcel.bytes as Uint8Array;
    if (channel === undefined) return 'no such channel';
    this.#options.tamper?.dataIn?.(this.peer, bytes);
    this.#options.tap?.arrived(parcel.channel, bytes);
    if (!channel.opener) {
      this.#forward -= bytes.length;
      if (this.#forward < 0) return 'forward budget';
    }
    return channel.peerData(bytes, parcel.value);
  }

  #frame(parcel: Parcel, handlers: LinkHandlers): string | undefined {
    switch (parcel.kind) {
      case ParcelKind.control:
      case ParcelKind.payment:
        return this.#message(parcel, handlers);
      case ParcelKind.open:
        return this.#opened(parcel, handlers);
      case ParcelKind.budget:
        this.#host.budget += parcel.value;
        handlers.granted();
        for (const channel of this.#channels.values()) if (channel.opener) channel.wake();
        return undefined;
      case ParcelKind.ping:
        this.#put(ParcelKind.pong, 0, 0);
        return undefined;
      case ParcelKind.pong:
        return this.#answered();
      case ParcelKind.close:
        this.cut(parcel.word in ERRORS ? { by: 'remote', code: parcel.word as ErrorCode } : { by: 'remote' });
        return undefined;
      case ParcelKind.lost:
        this.cut({ by: 'fault', code: 'LINK_LOST' });
        return undefined;
      default:
        return this.#channelFrame(parcel);
    }
  }

  #channelFrame(parcel: Parcel): string | undefined {
    const channel = this.#channels.get(parcel.channel);
    if (parcel.kind === ParcelKind.accept) channel?.peerAccepted();
    else if (parcel.kind === ParcelKind.end) channel?.peerEnd();
    else if (parcel.kind === ParcelKind.reset) channel?.peerReset(parcel.value);
    else if (parcel.kind === ParcelKind.window) channel?.peerWindow(parcel.value);
    return undefined;
  }

  #message(parcel: Parcel, handlers: LinkHandlers): string | undefined {
    if (!this.#messages.take()) return 'messages';
    const kind = parcel.kind === ParcelKind.payment ? 'payment' : 'control';
    const bytes = parcel.bytes as Uint8Array;
    const heard = this.#options.tamper?.incoming?.(this.peer, kind, bytes) ?? [bytes];
    for (const each of heard) handlers.message(kind, each);
    return undefined;
  }

  #opened(parcel: Parcel, handlers: LinkHandlers): string | undefined {
    this.#forward -= OPEN_COST_BYTES;
    if (this.#forward < 0) return 'forward budget';
    const channel = new SimChannel(this.#host, parcel.channel);
    this.#channels.set(parcel.channel, channel);
    this.#options.tap?.opened(parcel.channel, parcel.bytes as Uint8Array);
    handlers.opened(channel, parcel.bytes as Uint8Array, parcel.value);
    return undefined;
  }

  #answered(): undefined {
    const asking = this.#asking;
    this.#asking = [];
    this.#options.timeline.asynchronous();
    for (const { sinceMs, answered } of asking) {
      this.roundTripMs = this.#options.timeline.nowMs - sinceMs;
      answered();
    }
    return undefined;
  }

  /** Ends this end because of the other, of the wire, or of a broken rule. */
  cut(end: LinkEnd): void {
    if (this.#end !== undefined || !this.#life.alive) return;
    if (end.by === 'fault' && end.code !== 'LINK_LOST' && end.code !== 'LINK_SILENT')
      this.#wire?.putClose(end.code ?? '');
    this.#over(end);
  }

  /** From here on nothing is taken in; channels and handlers are told after the present event. */
  #over(end: LinkEnd): void {
    this.#end = end;
    this.#host.ended = true;
    this.#later(() => {
      for (const channel of [...this.#channels.values()]) channel.linkLost();
      this.#told = true;
      const watchers = this.#watchers;
      this.#watchers = [];
      this.#options.timeline.asynchronous();
      this.#handlers?.closed(end);
      for (const ended of watchers) ended(end);
      this.#options.over();
    });
  }

  #later(task: () => void): void {
    this.#options.timeline.after(0, () => {
      if (this.#life.alive) task();
    });
  }
}
