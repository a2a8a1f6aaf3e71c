import assert from 'node:assert/strict';
import { createSigner, type Signer } from '../../src/chain/signer.ts';
import type { Clock } from '../../src/core/clock.ts';
import { codeOf } from '../../src/core/errors.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import type {
  Channel,
  ChannelHandlers,
  Link,
  LinkAddress,
  LinkEnd,
  Listener,
  MessageClass,
  Transport,
} from '../../src/link/link.ts';

/** For tests of links: real time, node keys, and what happened on a link, written down. */

export const realClock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Node keys in the order of their ids, lowest first. */
export const signers: readonly Signer[] = [1, 2, 3, 4, 5]
  .map((byte) => createSigner(new Uint8Array(32).fill(byte)))
  .toSorted((a, b) => (a.id < b.id ? -1 : 1));

export function signer(index: number): Signer {
  const found = signers[index];
  if (found === undefined) throw new Error(`no key ${index}`);
  return found;
}

/** Two nodes' transports over one network. `a` has the lower id. */
export interface LinkWorld {
  readonly a: Transport;
  readonly b: Transport;
  readonly idA: NodeId;
  readonly idB: NodeId;
  /** Breaks every connection without a word to anybody above. */
  cut(): void;
  close(): Promise<void>;
}

/** Only what never comes waits so long: a busy machine must not look like that. */
const GIVE_UP_MS = 60_000;

/** Waits until something is so. */
export async function until(condition: () => boolean, what = 'condition'): Promise<void> {
  const startMs = performance.now();
  while (!condition()) {
    if (performance.now() - startMs > GIVE_UP_MS) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Lets everything that is under way arrive. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 4));
}

/** A channel that writes down what happens to it. */
export class ChannelLog implements ChannelHandlers {
  channel: Channel | undefined;
  readonly events: string[] = [];
  readonly pieces: { bytes: Uint8Array; tag: number }[] = [];
  header = '';
  tag = 0;
  received = 0;
  lateBytes = 0;
  /** Gives every byte back at once. */
  releasing = true;
  onData: ((bytes: Uint8Array, tag: number) => void) | undefined;
  onWritable: (() => void) | undefined;

  get own(): Channel {
    if (this.channel === undefined) throw new Error('no channel');
    return this.channel;
  }

  get text(): string {
    return Buffer.concat(this.pieces.map(({ bytes }) => bytes)).toString();
  }

  accepted(): void {
    this.events.push('accepted');
  }

  data(bytes: Uint8Array, tag: number): void {
    this.pieces.push({ bytes, tag });
    this.received += bytes.length;
    if (this.releasing) this.own.release(bytes.length);
    this.onData?.(bytes, tag);
  }

  ended(): void {
    this.events.push('ended');
  }

  reset(code: number): void {
    this.events.push(`reset ${code}`);
  }

  writable(): void {
    this.events.push('writable');
    this.onWritable?.();
  }

  late(bytes: number): void {
    this.lateBytes += bytes;
  }
}

/** One end of a link that writes down what happens to it, and accepts every channel unless told otherwise. */
export class LinkLog {
  readonly link: Link;
  readonly messages: { kind: MessageClass; text: string }[] = [];
  readonly opened: ChannelLog[] = [];
  readonly events: string[] = [];
  end: LinkEnd | undefined;
  ends = 0;
  accepting = true;
  onOpened: ((log: ChannelLog) => void) | undefined;
  onMessage: ((text: string) => void) | undefined;

  constructor(link: Link, attach = true) {
    this.link = link;
    if (attach) this.attach();
  }

  attach(): void {
    this.link.attach({
      message: (kind, bytes) => {
        this.messages.push({ kind, text: Buffer.from(bytes).toString() });
        this.events.push(kind);
        this.onMessage?.(Buffer.from(bytes).toString());
      },
      opened: (channel, header, tag) => this.#opened(channel, header, tag),
      granted: () => this.events.push('granted'),
      closed: (end) => {
        this.end = end;
        this.ends++;
        this.events.push('closed');
      },
    });
  }

  open(header = '', tag = 0): ChannelLog {
    const log = new ChannelLog();
    log.channel = this.link.open(Buffer.from(header), tag, log);
    return log;
  }

  /** The channel the neighbour opened at this place in its row. */
  async got(index = 0): Promise<ChannelLog> {
    await until(() => this.opened.length > index, 'a channel');
    return this.opened[index] as ChannelLog;
  }

  #opened(channel: Channel, header: Uint8Array, tag: number): void {
    const log = new ChannelLog();
    log.channel = channel;
    log.header = Buffer.from(header).toString();
    log.tag = tag;
    channel.attach(log);
    this.opened.push(log);
    this.onOpened?.(log);
    if (this.accepting) channel.accept();
  }
}

/** A link between the two nodes of a world, both ends attached. */
export interface LinkPair {
  /** The end that dialled. */
  readonly near: LinkLog;
  readonly far: LinkLog;
  close(): Promise<void>;
}

/** Joins two transports: the first dials the second. */
export async function join(
  from: Transport,
  to: Transport,
  attach = true,
): Promise<LinkPair & { address: LinkAddress }> {
  let far: Link | undefined;
  const listener: Listener = await to.listen({ host: '127.0.0.1', port: 0 }, (link) => {
    far = link;
  });
  const near = await from.dial(listener.address).catch(async (error: unknown) => {
    await listener.close();
    throw error;
  });
  await until(() => far !== undefined, 'the accepted link');
  const ends = { near: new LinkLog(near, attach), far: new LinkLog(far as Link, attach) };
  const close = async (): Promise<void> => {
    near.destroy();
    far?.destroy();
    await listener.close();
  };
  return { ...ends, address: listener.address, close };
}

/** Forward budget for tests that are about something else. */
export const BUDGET = 10_000_000;

/** Bytes that tell their place. */
export function bytes(count: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * seed + (i >> 8)) & 255);
}

export function throwsCode(code: string, act: () => unknown): void {
  assert.throws(act, (error) => codeOf(error) === code);
}

export function rejectsCode(code: string, act: Promise<unknown>): Promise<void> {
  return assert.rejects(act, (error) => codeOf(error) === code);
}

/** Runs a test in a world of its own. */
export type InWorld = (act: (world: LinkWorld) => Promise<void>) => () => Promise<void>;
/** Runs a test on a link of its own; the lower id dialled. */
export type Joined = (act: (pair: LinkPair, world: LinkWorld) => Promise<void>) => () => Promise<void>;
