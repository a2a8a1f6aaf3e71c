import type { NodeId } from '../../core/node-id.ts';
import type { Channel, ChannelHandlers, Link, Transport } from '../../link/link.ts';
import { isMailBox } from '../../packets/mail-box.ts';
import { PacketCutter } from '../../packets/packet-cutter.ts';

/** Given what arrives in a told node's mailboxes, instead of its own programs. */
export type Arrived = (from: NodeId, packet: Buffer) => void;

/** What one neighbour sends into one mailbox. */
interface Box {
  readonly release: (bytes: number) => void;
  handlers: ChannelHandlers | undefined;
  /** Bytes that a story put in: nothing of them is the neighbour's to have back. */
  foreign: number;
}

/** The way out to one neighbour's mailbox. */
interface Way {
  handlers: ChannelHandlers | undefined;
  /** How much it takes more; no end unless a story says so. Bytes. */
  allowance: number;
}

/** The mailboxes of one node of a story: what arrives in them, and whether anything leaves. By id of the neighbour. */
export class ToldMail {
  readonly #boxes = new Map<NodeId, Box>();
  readonly #ways = new Map<NodeId, Way>();
  readonly #arrived: Arrived | undefined;

  /** `arrived` only for a told node. */
  constructor(arrived?: Arrived) {
    this.#arrived = arrived;
  }

  /** All links that this transport makes from now on. */
  listenTo(transport: Transport): void {
    const [dial, listen] = [transport.dial.bind(transport), transport.listen.bind(transport)];
    transport.dial = async (address, expected) => this.#watched(await dial(address, expected));
    transport.listen = (address, accept) => listen(address, (link) => accept(this.#watched(link)));
  }

  #watched(link: Link): Link {
    const [attach, open] = [link.attach.bind(link), link.open.bind(link)];
    link.open = (header, tag, handlers) => {
      const channel = open(header, tag, handlers);
      if (isMailBox(header)) this.#box(channel);
      return channel;
    };
    link.attach = (handlers) =>
      attach({
        message: (kind, bytes) => handlers.message(kind, bytes),
        granted: () => handlers.granted(),
        closed: (end) => handlers.closed(end),
        opened: (channel, header, tag) => {
          if (isMailBox(header)) this.#way(channel);
          handlers.opened(channel, header, tag);
        },
      });
    return link;
  }

  #box(channel: Channel): void {
    const [attach, release] = [channel.attach.bind(channel), channel.release.bind(channel)];
    const from = channel.link.peer;
    const box: Box = { release, handlers: undefined, foreign: 0 };
    this.#boxes.set(from, box);
    channel.release = (bytes) => {
      const foreign = Math.min(bytes, box.foreign);
      box.foreign -= foreign;
      release(bytes - foreign);
    };
    channel.attach = (handlers) => {
      box.handlers = handlers;
      attach(this.#arrived === undefined ? handlers : { ...handlers, data: this.#reader(from, box, this.#arrived) });
    };
  }

  /** What arrives at a told node is cut into packets, which the story is told, and its own programs are not. */
  #reader(from: NodeId, box: Box, arrived: Arrived): (bytes: Uint8Array) => void {
    const cutter = new PacketCutter(({ at, bytes, length }) =>
      arrived(from, Buffer.from(bytes.subarray(at, at + length))),
    );
    return (bytes) => {
      cutter.feed(Uint8Array.from(bytes));
      box.release(bytes.length);
    };
  }

  #way(channel: Channel): void {
    const [attach, send, sendable] = [
      channel.attach.bind(channel),
      channel.send.bind(channel),
      channel.sendable.bind(channel),
    ];
    const way: Way = {
      handlers: undefined,
      allowance: this.#ways.get(channel.link.peer)?.allowance ?? Number.POSITIVE_INFINITY,
    };
    this.#ways.set(channel.link.peer, way);
    channel.attach = (handlers) => {
      way.handlers = handlers;
      attach(handlers);
    };
    channel.sendable = () => Math.min(sendable(), way.allowance);
    channel.send = (bytes, tag) => {
      way.allowance -= bytes.length;
      send(bytes, tag);
    };
  }

  /** These bytes arrive in the mailbox as if `from` had sent them. */
  put(from: NodeId, bytes: Uint8Array): void {
    const box = this.#boxes.get(from);
    if (box?.handlers === undefined) throw new Error(`no mailbox for ${from}`);
    box.foreign += bytes.length;
    box.handlers.data(Uint8Array.from(bytes), 0);
  }

  /** So much may leave to a neighbour from now on. Bytes. */
  allow(to: NodeId, bytes: number): void {
    const way = this.#ways.get(to);
    if (way === undefined) throw new Error(`no way to ${to}`);
    way.allowance = bytes;
    if (bytes > 0) way.handlers?.writable();
  }
}
