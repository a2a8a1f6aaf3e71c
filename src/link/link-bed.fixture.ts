import { createHash } from 'node:crypto';
import secp256k1 from 'secp256k1';
import type { Clock, Timer } from '../core/clock.ts';
import type { NodeKey } from './certificate.ts';
import { encodeFrame, type FrameHead, FrameType } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import type { Channel, ChannelHandlers, LinkEnd } from './link.ts';
import { Mux, type MuxOptions } from './mux.ts';
import type { BytePipe, PipeHandlers } from './pipe.ts';

/** For the tests of this room: time by hand, and one end of a link whose other end is written frame by frame. */

export class HandClock implements Clock {
  #nowMs = 1_000_000;
  #timers: { atMs: number; fire: () => void }[] = [];

  wallMs(): number {
    return 1_800_000_000_000 + this.#nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.fire();
    }
    this.#nowMs = endMs;
  }
}

/** A pipe whose bytes go nowhere until asked for, and whose turns are taken by hand. */
export class HandPipe implements BytePipe {
  handlers: PipeHandlers | undefined;
  bufferedBytes = 0;
  ended = false;
  destroyed = false;
  paused = true;
  #written: Uint8Array[] = [];
  #tasks: (() => void)[] = [];

  attach(handlers: PipeHandlers): void {
    this.handlers = handlers;
  }

  write(bytes: Uint8Array): void {
    if (this.destroyed) return;
    this.bufferedBytes += bytes.length;
    this.#written.push(bytes);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.defer(() => this.handlers?.closed());
  }

  defer(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Runs what was put off. */
  turn(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
  }

  /** Takes all that was written. */
  take(): Uint8Array {
    const all = Buffer.concat(this.#written);
    this.#written = [];
    this.bufferedBytes = 0;
    this.handlers?.drained();
    return all;
  }
}

export interface SeenFrame {
  readonly type: FrameType;
  readonly channel: number;
  readonly value: number;
  readonly length: number;
}

const typeNames = new Map<number, string>(Object.entries(FrameType).map(([name, type]) => [type, name]));

/** Cuts a stream into frames. */
export function framesIn(stream: Uint8Array): SeenFrame[] {
  const frames: SeenFrame[] = [];
  const decoder = new FrameDecoder({
    frame: (type, channel, value, payload) => frames.push({ type, channel, value, length: payload.length }),
    dataFrame: (channel, tag, length) => frames.push({ type: FrameType.data, channel, value: tag, length }),
    data: () => undefined,
    malformed: (reason) => {
      throw new Error(`malformed: ${reason}`);
    },
  });
  decoder.push(stream);
  return frames;
}

/** A link's near end; the test is the neighbour. */
export class Bed {
  readonly clock = new HandClock();
  readonly pipe = new HandPipe();
  readonly link: Mux;
  readonly log: string[] = [];
  /** Channels the neighbour opened. */
  readonly channels = new Map<number, Channel>();
  end: LinkEnd | undefined;

  constructor(options: Partial<MuxOptions> = {}) {
    this.link = new Mux({
      pipe: this.pipe,
      clock: this.clock,
      peer: `0x${'22'.repeat(20)}`,
      peerKey: new Uint8Array(33),
      dialled: true,
      remoteAddress: 'hand:0',
      ...options,
    });
    this.link.attach({
      message: (kind, bytes) => this.log.push(`${kind} ${bytes.length}`),
      opened: (channel) => {
        this.log.push(`opened ${channel.id}`);
        this.channels.set(channel.id, channel);
        channel.attach(this.handlers(channel.id));
        channel.accept();
      },
      granted: () => this.log.push('granted'),
      closed: (end) => {
        this.end = end;
        this.log.push('closed');
      },
    });
  }

  handlers(name: string | number): ChannelHandlers {
    return {
      data: (bytes) => this.log.push(`${name} data ${bytes.length}`),
      ended: () => this.log.push(`${name} ended`),
      reset: (code) => this.log.push(`${name} reset ${code}`),
      writable: () => this.log.push(`${name} writable`),
    };
  }

  /** The neighbour sends. */
  hear(head: Omit<FrameHead, 'length'>, payload?: Uint8Array): void {
    this.raw(encodeFrame(head, payload));
  }

  raw(bytes: Uint8Array): void {
    this.pipe.handlers?.data(bytes);
    this.pipe.turn();
  }

  /** What the neighbour receives. */
  said(): SeenFrame[] {
    this.pipe.turn();
    return framesIn(this.pipe.take());
  }

  /** The same, as words. */
  saidNames(): string[] {
    return this.said().map(({ type }) => typeNames.get(type) ?? '?');
  }
}

/** A node's key for tests, always the same for the same byte. */
export function testKey(byte: number): NodeKey {
  const key = new Uint8Array(32).fill(byte);
  return {
    publicKey: secp256k1.publicKeyCreate(key, true),
    signSha256: (message) =>
      secp256k1.signatureExport(secp256k1.ecdsaSign(createHash('sha256').update(message).digest(), key).signature),
  };
}
