import type { NodeId } from '../../core/node-id.ts';
import type { Channel, Link, LinkEnd, LinkHandlers, MessageClass } from '../../link/link.ts';

interface Item {
  /** Its place among all that was ever sent. */
  readonly at: number;
}

export interface MessageItem extends Item {
  readonly bytes: Uint8Array;
}

/** Bytes on their way under a tag: delivered by the seller, or sent through it by the buyer (`upload`). */
export interface DataFrame extends Item {
  readonly bytes: number;
  readonly tag: number;
  readonly upload: boolean;
  /** What the tag stands for, as its sender has it; only looked at by the laws. */
  readonly price: number;
}

/** Forward budget granted and not yet known to the other end. */
export interface Grant extends Item {
  readonly bytes: number;
}

/** What travels in one direction. Each class keeps its order; an earlier class may overtake a later one (`link/outbox.ts`). */
export interface Flight {
  readonly control: MessageItem[];
  readonly payment: MessageItem[];
  readonly grants: Grant[];
  readonly data: DataFrame[];
}

/** In the order in which they leave a link. */
export const CLASSES = ['control', 'payment', 'grants', 'data'] as const satisfies readonly (keyof Flight)[];

/** May the oldest item of this class arrive next? Not before what was sent earlier in a class that leaves first. */
export function mayArrive(flight: Flight, kind: keyof Flight): boolean {
  const head = flight[kind][0];
  if (head === undefined) return false;
  const before = CLASSES.slice(0, CLASSES.indexOf(kind));
  return before.every((each) => (flight[each][0]?.at ?? Number.POSITIVE_INFINITY) > head.at);
}

/** Nothing on its way. */
export function emptyFlight(): Flight {
  return { control: [], payment: [], data: [], grants: [] };
}

/** One end of a link between two small nodes. It carries messages; data goes past it, straight into the flight. */
export class SmallLink implements Link {
  readonly peer: NodeId;
  readonly peerKey = new Uint8Array(33);
  readonly dialled: boolean;
  readonly remoteAddress = 'small:1';
  readonly forwardBudget = 0;
  readonly roundTripMs = undefined;
  /** Something waits to leave, if a story says so. */
  queuedBytes = 0;
  /** What leaves here. Undefined once nobody can receive it. */
  out: Flight;
  handlers: LinkHandlers | undefined;
  /** Set when this end was closed by its own node, and not told of it yet. */
  ending: LinkEnd | undefined;
  ended = false;

  readonly #sent: (kind: MessageClass, bytes: Uint8Array) => number;

  /** `sent` is told of each message that leaves, and says its place among all that was sent. */
  constructor(peer: NodeId, out: Flight, sent: (kind: MessageClass, bytes: Uint8Array) => number) {
    this.peer = peer;
    this.dialled = peer.endsWith('b');
    this.out = out;
    this.#sent = sent;
  }

  attach(handlers: LinkHandlers): void {
    this.handlers = handlers;
  }

  send(kind: MessageClass, bytes: Uint8Array): void {
    if (!this.ended && this.ending === undefined) this.out[kind].push({ bytes, at: this.#sent(kind, bytes) });
  }

  close(code?: LinkEnd['code']): void {
    this.ending ??= { by: 'local', ...(code !== undefined && { code }) };
  }

  destroy(): void {
    this.ending ??= { by: 'local' };
  }

  /** Tells the node that the connection is gone. */
  end(end: LinkEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.handlers?.closed(end);
  }

  open(): Channel {
    throw new Error('a small world opens no channels');
  }

  grantForward(): void {}

  watchEnd(): void {}

  probe(): void {}
}
