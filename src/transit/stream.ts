import type { NodeId } from '../core/node-id.ts';
import type { ResetCode } from '../link/link.ts';
import type { Destination } from '../wire/open-request.ts';
import { Flow } from './flow.ts';

/** One end of a stream at this node: a socket of a user or of the internet, or a channel to a neighbour. */
export interface Side {
  /** Called once, before anything else: `inbound` takes what this side delivers, `outbound` brings what it must send. */
  join(stream: Stream, inbound: Flow, outbound: Flow): void;
  /**
   * Sends on a piece of `bytes` beginning at `from` and says how long the piece was. 0 means not now: the side then
   * calls `outbound.pump()` as soon as it may be otherwise.
   */
  write(bytes: Uint8Array, from: number): number;
  /** No more bytes will be written. */
  end(): void;
  /** `bytes` of what this side delivered have moved on: it may deliver as many more. */
  release(bytes: number): void;
  /** The way to the destination is open. */
  accept(): void;
  /** Drops the side at once. Called at most once, and last. */
  abort(code: ResetCode): void;
}

/** How a stream ended: `ok` when both directions were ended in order. */
export type StreamResult = ResetCode | 'ok';

export interface StreamOptions {
  readonly destination: Destination;
  /** The neighbour that asked for it; undefined for a user of this node. */
  readonly buyer: NodeId | undefined;
  /** The end towards the user. */
  readonly userSide: Side;
  /** Called exactly once. */
  readonly over: (stream: Stream, result: StreamResult) => void;
}

/** A flow of bytes each way between a user's end and a destination's end, of which the second is joined later. */
export class Stream {
  readonly destination: Destination;
  readonly buyer: NodeId | undefined;
  /** Bytes from the user towards the destination. */
  readonly up: Flow;
  /** Bytes from the destination towards the user. */
  readonly down: Flow;
  /** Takes back whatever is still being tried or timed to open the way; called when it is open, or the stream over. */
  cancelOpening: (() => void) | undefined;
  readonly #userSide: Side;
  readonly #over: (stream: Stream, result: StreamResult) => void;
  #farSide: Side | undefined;
  #result: StreamResult | undefined;
  #accepted = false;

  constructor(options: StreamOptions) {
    this.destination = options.destination;
    this.buyer = options.buyer;
    this.#userSide = options.userSide;
    this.#over = options.over;
    this.up = new Flow(this);
    this.down = new Flow(this);
    this.up.source = options.userSide;
    this.down.sink = options.userSide;
    options.userSide.join(this, this.up, this.down);
  }

  get over(): boolean {
    return this.#result !== undefined;
  }

  /** Bytes held here, both ways. */
  get bufferedBytes(): number {
    return this.up.bufferedBytes + this.down.bufferedBytes;
  }

  /** Joins the end towards the destination. What the user sent early goes on at once, as far as that end takes it. */
  joinFarSide(side: Side): void {
    this.#farSide = side;
    this.down.source = side;
    this.up.sink = side;
    side.join(this, this.down, this.up);
    this.up.pump();
  }

  /** The far end says that the way is open; saying so again does nothing. */
  accepted(): void {
    if (this.#accepted || this.over) return;
    this.#accepted = true;
    this.cancelOpening?.();
    this.cancelOpening = undefined;
    this.#userSide.accept();
  }

  /** Ends the stream at once; every side but `except` (the one that is gone already) is told. */
  abort(code: ResetCode, except?: Side): void {
    if (!this.#finish(code)) return;
    this.cancelOpening?.();
    if (this.#farSide !== except) this.#farSide?.abort(code);
    if (this.#userSide !== except) this.#userSide.abort(code);
    this.#over(this, code);
  }

  /** A flow has ended in order; the stream is over when both have. */
  flowEnded(): void {
    if (this.up.ended && this.down.ended && this.#finish('ok')) this.#over(this, 'ok');
  }

  #finish(result: StreamResult): boolean {
    if (this.#result !== undefined) return false;
    this.#result = result;
    this.up.close();
    this.down.close();
    return true;
  }
}
