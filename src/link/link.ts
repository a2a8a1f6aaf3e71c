import type { ErrorCode } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';

/**
 * The link port: an authenticated, encrypted, ordered connection to one neighbour, cut into messages and channels.
 * TLS and the simulated link both pass `test/conformance/link.ts`. Nothing here knows about money or TLS.
 */

/** Where a neighbour listens. */
export interface LinkAddress {
  readonly host: string;
  readonly port: number;
}

/** Makes links. One per process; owns the node key's proof of possession. */
export interface Transport {
  /** Accepts links until closed. Port 0 lets the system choose. Throws `PORT_IN_USE`, `LISTEN_FAILED`. */
  listen(address: LinkAddress, accept: (link: Link) => void): Promise<Listener>;
  /** Dials once. `expected` refuses anyone else (`LINK_WRONG_PEER`). Throws `LINK_UNREACHABLE`, `LINK_HANDSHAKE_FAILED`, `LINK_SELF`. */
  dial(address: LinkAddress, expected?: NodeId): Promise<Link>;
  /**
   * Decides whether one more connection with `peer` is wanted, so that two nodes that dial each other end with one link.
   * Asked only on the end with the lower node id, before either end has the link; the other end gets what this end
   * chose, or `LINK_DUPLICATE`. Undefined takes all. `LinkKeeper` sets it.
   */
  admit: ((peer: NodeId) => boolean | Promise<boolean>) | undefined;
}

export interface Listener {
  readonly address: LinkAddress;
  /** Stops accepting; links already made live on. */
  close(): Promise<void>;
}

/** What one `open` takes from the forward budget, so that asking is never free (DESIGN §10, egress policy). */
export const OPEN_COST_BYTES = 1024;

/** Short messages travel in one of two classes; both leave before any channel data, control first. */
export type MessageClass = 'control' | 'payment';

/** Why a link ended: `local` we closed it, `remote` they did, `fault` a broken rule of framing or of the connection. */
export interface LinkEnd {
  readonly by: 'local' | 'remote' | 'fault';
  readonly code?: ErrorCode;
}

export interface LinkHandlers {
  /** A whole message, at most `MAX_MESSAGE_BYTES`. The bytes belong to the receiver. */
  message(kind: MessageClass, bytes: Uint8Array): void;
  /**
   * The neighbour opened a channel. Call `channel.attach` before returning; answer later with `accept` or `reset`.
   * `header` says what for; `tag` is the number given to `open`.
   */
  opened(channel: Channel, header: Uint8Array, tag: number): void;
  /** The neighbour granted forward budget: `forwardBudget` rose. */
  granted(): void;
  /** Called exactly once, after which nothing else is called on the link or on its channels. */
  closed(end: LinkEnd): void;
}

export interface Link {
  readonly peer: NodeId;
  /** The neighbour's compressed secp256k1 public key, 33 bytes. */
  readonly peerKey: Uint8Array;
  /** True on the side that dialled. */
  readonly dialled: boolean;
  /** For logs: the address of the other end as this side saw it. */
  readonly remoteAddress: string;
  /** Nothing is delivered before this is called. */
  attach(handlers: LinkHandlers): void;
  /** Queues a message ahead of all channel data. Ignored on a closed link. Throws `FRAME_TOO_LARGE`. */
  send(kind: MessageClass, bytes: Uint8Array): void;
  /**
   * Opens a channel. `tag` travels with the request, as with every data frame (services put the epoch of the terms
   * there) and takes `OPEN_COST_BYTES` of the forward budget. Throws `LINK_CLOSED`, `LINK_CHANNELS_EXHAUSTED`,
   * `LINK_BUDGET_SPENT`, `FRAME_TOO_LARGE` (header over `MAX_HEADER_BYTES`).
   */
  open(header: Uint8Array, tag: number, handlers: ChannelHandlers): Channel;
  /**
   * Lets the neighbour send `bytes` more, over all channels *it* opened. It starts at 0: what an opener sends is served
   * on credit, so whoever serves decides how much may come (the reservation of DESIGN §3). Sending more is a fault.
   */
  grantForward(bytes: number): void;
  /** What the neighbour still lets this side send on channels opened here, opens included. */
  readonly forwardBudget: number;
  /** Measures the round trip now and then for keep-alive; milliseconds, undefined before the first answer. */
  readonly roundTripMs: number | undefined;
  /**
   * Bytes queued here and not yet handed to the system. While it is 0, a message sent now arrives after everything that
   * was sent before, on whatever channel, and before everything that is sent later: statements rest on that.
   */
  readonly queuedBytes: number;
  /** For whoever keeps links, beside the handlers: called once, after the link has ended, also without `attach`. */
  watchEnd(ended: (end: LinkEnd) => void): void;
  /** Asks the neighbour for a sign of life; `answered` is called when it comes. Needs `attach`. */
  probe(answered: () => void): void;
  /** Sends what is queued, tells the neighbour `code` if given, then ends. Safe to call twice. */
  close(code?: ErrorCode): void;
  /** Ends at once; what is queued is lost. */
  destroy(): void;
}

export interface ChannelHandlers {
  /** The other side accepted (only on the side that opened). */
  accepted?(): void;
  /** Bytes in order, with the tag they were sent under. They stay inside the flow-control window until `release`d. */
  data(bytes: Uint8Array, tag: number): void;
  /** The other side will send no more. */
  ended(): void;
  /**
   * Gone at once, by either side (also by `reset` on this one, then after the present event) or because the link
   * closed; `code` is one of `ResetCode`. Called at most once, and last.
   */
  reset(code: number): void;
  /** `sendable()` rose from 0. */
  writable(): void;
  /**
   * Data (and how much) that the other side had sent before it knew that this side reset the channel. The bytes are
   * dropped, but they travelled, used up forward budget and were charged: a service books them, so that both ends agree.
   * The only call that may follow a reset.
   */
  late?(bytes: number, tag: number): void;
}

/** One flow of bytes, each way, within a link. Ends by `end` from both sides, or by `reset` from one. */
export interface Channel {
  readonly link: Link;
  readonly id: number;
  /** True on the side that opened it. */
  readonly opener: boolean;
  attach(handlers: ChannelHandlers): void;
  /** Tells the opener that the service was granted. Only on the side that did not open it. */
  accept(): void;
  /** How many bytes may be sent now: window, forward budget and queue space together. 0 after `end` or `reset`. */
  sendable(): number;
  /** Sends at most `sendable()` bytes, at most `MAX_DATA_BYTES`; more throws `LINK_WINDOW_EXCEEDED`. They are the channel's afterwards. */
  send(bytes: Uint8Array, tag: number): void;
  /** Half-close: no more bytes from this side. What was sent still arrives. */
  end(): void;
  /**
   * Drops the channel both ways. What `send` took is charged already, so it still leaves, before the reset; and so it
   * does when the other side resets. Only the end of the link loses it.
   */
  reset(code: number): void;
  /** Gives `bytes` of received data back to the sender's window. */
  release(bytes: number): void;
}

/** Reasons of a reset, as they travel. Faces translate them to SOCKS and HTTP replies. */
export const ResetCode = {
  cancelled: 0,
  refusedByPolicy: 1,
  noRoute: 2,
  nameNotFound: 3,
  connectionRefused: 4,
  hostUnreachable: 5,
  timedOut: 6,
  unpaid: 7,
  overloaded: 8,
  protocol: 9,
  linkLost: 10,
  internal: 11,
} as const;
export type ResetCode = (typeof ResetCode)[keyof typeof ResetCode];
