import { WayleaveError } from '../../core/errors.ts';
import { MAX_DATA_BYTES } from '../../link/limits.ts';
import { type Channel, type ChannelHandlers, type Link, ResetCode } from '../../link/link.ts';
import { ParcelKind } from './sim-wire.ts';

/** Window of each direction of a channel, bytes. Given back when half of it was released, as the real link does. */
export const SIM_WINDOW_BYTES = 256 * 1024;

/** What the channels of one end of a simulated link share. */
export interface SimChannelHost {
  readonly link: Link;
  /** What this side may still send on channels it opened. */
  budget: number;
  ended: boolean;
  put(kind: ParcelKind, channel: number, value: number, bytes?: Uint8Array): void;
  /** Both sides have said their last word. */
  gone(channel: SimChannel): void;
  /** Runs `task` after the present event. */
  later(task: () => void): void;
}

/** One channel of a `SimLink`: the rules of `link/mux-channel.ts` without frames, queues or bytes. */
export class SimChannel implements Channel {
  readonly id: number;
  readonly opener: boolean;
  readonly #host: SimChannelHost;
  #handlers: ChannelHandlers | undefined;
  #credit = SIM_WINDOW_BYTES;
  #granted = SIM_WINDOW_BYTES;
  #released = 0;
  #accepted: boolean;
  #ended = false;
  #peerEnded = false;
  /** Reset or lost: nothing is taken from the user or told to it, but for what arrives late. */
  #left = false;
  #starved = false;

  constructor(host: SimChannelHost, id: number, handlers?: ChannelHandlers) {
    this.#host = host;
    this.id = id;
    this.#handlers = handlers;
    this.opener = handlers !== undefined;
    this.#accepted = this.opener;
  }

  get link(): Link {
    return this.#host.link;
  }

  attach(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
  }

  accept(): void {
    if (this.#left || this.#accepted) return;
    this.#accepted = true;
    this.#host.put(ParcelKind.accept, this.id, 0);
    if (this.#starved) this.#host.later(() => this.wake());
  }

  sendable(): number {
    const room = this.#room();
    this.#starved = room <= 0;
    return room;
  }

  #room(): number {
    if (this.#left || this.#ended || !this.#accepted || this.#host.ended) return 0;
    const room = this.opener && this.#host.budget < this.#credit ? this.#host.budget : this.#credit;
    return room > 0 ? room : 0;
  }

  send(bytes: Uint8Array, tag: number): void {
    const length = bytes.length;
    if (length === 0) return;
    if (length > MAX_DATA_BYTES || length > this.#room()) {
      throw new WayleaveError('LINK_WINDOW_EXCEEDED', { channel: this.id, bytes: length, sendable: this.sendable() });
    }
    this.#credit -= length;
    if (this.opener) this.#host.budget -= length;
    this.#host.put(ParcelKind.data, this.id, tag, bytes);
  }

  end(): void {
    if (this.#left || this.#ended) return;
    this.#ended = true;
    this.#host.put(ParcelKind.end, this.id, 0);
    this.#finish();
  }

  reset(code: number): void {
    if (this.#left || (this.#ended && this.#peerEnded)) return;
    this.#leave(code);
    this.#host.later(() => this.#handlers?.reset(code));
  }

  #leave(code: number): void {
    this.#left = true;
    if (!this.#ended) this.#host.put(ParcelKind.reset, this.id, code);
    this.#ended = true;
    this.#finish();
  }

  release(bytes: number): void {
    if (this.#left) return;
    const held = SIM_WINDOW_BYTES - this.#granted - this.#released;
    if (bytes > held) throw new WayleaveError('LINK_WINDOW_EXCEEDED', { channel: this.id, bytes, held });
    this.#released += bytes;
    if (this.#released * 2 < SIM_WINDOW_BYTES) return;
    this.#granted += this.#released;
    this.#host.put(ParcelKind.window, this.id, this.#released);
    this.#released = 0;
  }

  // what the neighbour does; a returned word is a broken rule

  peerAccepted(): void {
    if (!this.#left) this.#handlers?.accepted?.();
  }

  peerData(bytes: Uint8Array, tag: number): string | undefined {
    if (this.#peerEnded) return 'data after end';
    this.#granted -= bytes.length;
    if (this.#granted < 0) return 'window';
    if (this.#left) this.#handlers?.late?.(bytes.length, tag);
    else this.#handlers?.data(bytes, tag);
    return undefined;
  }

  peerEnd(): void {
    this.#peerEnded = true;
    if (!this.#left) this.#handlers?.ended();
    this.#finish();
  }

  peerReset(code: number): void {
    this.#peerEnded = true;
    if (!this.#left) {
      this.#leave(code);
      this.#handlers?.reset(code);
    }
    this.#finish();
  }

  peerWindow(bytes: number): void {
    this.#credit += bytes;
    this.wake();
  }

  /** The budget or the window grew. */
  wake(): void {
    if (this.#starved && !this.#left && this.sendable() > 0) this.#handlers?.writable();
  }

  linkLost(): void {
    if (this.#left) return;
    this.#left = true;
    this.#handlers?.reset(ResetCode.linkLost);
  }

  #finish(): void {
    if (this.#ended && this.#peerEnded) this.#host.gone(this);
  }
}
