import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ResetCode } from '../link/link.ts';
import { lend, spent } from '../link/spent.ts';
import type { Flow } from './flow.ts';
import { resetCodeOf } from './reset-words.ts';
import type { Side, Stream } from './stream.ts';

/** A user's socket at the node where a stream begins, with the words in which its proxy protocol answers. */
export interface LocalSide {
  /** A connected socket that stays open for writing after the other end's last byte (`allowHalfOpen`). */
  readonly socket: Duplex;
  /** Tells the user that the way is open. Called at most once, before any data. */
  granted(): void;
  /** Tells the user why there is no way, and ends the socket. Called at most once, never after `granted`. */
  refused(code: ResetCode): void;
}

/**
 * The end of a stream that is a socket: a user's, or one to the internet. It reads one buffer ahead at most and stops
 * writing when the system does not take more, so it holds a few times 64 KiB however slow the other end is.
 */
export class SocketSide implements Side {
  readonly #socket: Duplex;
  readonly #local: LocalSide | undefined;
  /** What it reads nobody else has, and what it has written it keeps no more: a pipe in memory promises neither. */
  readonly #ofSystem: boolean;
  #inbound: Flow | undefined;
  #stream: Stream | undefined;
  #granted = false;
  #paused = false;
  #gone = false;

  /** `local` is given at a user's socket, whose proxy protocol wants an answer. */
  constructor(socket: Duplex, local?: LocalSide) {
    this.#socket = socket;
    this.#local = local;
    this.#ofSystem = socket instanceof Socket;
  }

  join(stream: Stream, inbound: Flow, outbound: Flow): void {
    this.#stream = stream;
    this.#inbound = inbound;
    const socket = this.#socket;
    socket.on('data', (bytes: Uint8Array) => this.#data(bytes));
    socket.on('end', () => this.#end(inbound));
    socket.on('drain', () => outbound.pump());
    socket.on('error', (error) => this.#lost(resetCodeOf(error)));
    socket.on('close', () => {
      // Both ends said their last byte: what was read may still wait here for a slow or unpaid neighbour.
      if (!inbound.sourceEnded || !outbound.ended) this.#lost(ResetCode.cancelled);
    });
    socket.resume();
  }

  write(bytes: Uint8Array, from: number): number {
    const socket = this.#socket;
    if (socket.writableNeedDrain || !socket.writable) return 0;
    const length = bytes.length - from;
    const rest = from === 0 ? bytes : bytes.subarray(from);
    if (this.#ofSystem) socket.write(rest, (error) => !error && spent(bytes, length));
    else socket.write(rest);
    return length;
  }

  end(): void {
    this.#socket.end();
  }

  release(): void {
    if (!this.#paused || this.#inbound?.bufferedBytes !== 0) return;
    this.#paused = false;
    this.#socket.resume();
  }

  accept(): void {
    this.#granted = true;
    this.#local?.granted();
  }

  abort(code: ResetCode): void {
    this.#gone = true;
    if (this.#local !== undefined && !this.#granted) this.#local.refused(code);
    else resetSocket(this.#socket);
  }

  #data(bytes: Uint8Array): void {
    const inbound = this.#inbound;
    if (this.#gone || inbound === undefined) return;
    if (this.#ofSystem) lend(bytes);
    inbound.push(bytes);
    if (inbound.bufferedBytes === 0) return;
    this.#paused = true;
    this.#socket.pause();
  }

  /** Nobody half-closes before the way is open: a user who ends by then has left, and nothing need be opened. */
  #end(inbound: Flow): void {
    if (this.#local !== undefined && !this.#granted) this.#lost(ResetCode.cancelled);
    else inbound.finish();
  }

  #lost(code: ResetCode): void {
    if (this.#gone || this.#stream === undefined) return;
    this.#gone = true;
    this.#stream.abort(code, this);
    // It may be half open still.
    resetSocket(this.#socket);
  }
}

/** Ends a TCP socket with a reset, so that a broken transfer is never taken for a complete one. */
export function resetSocket(socket: Duplex): void {
  if ('resetAndDestroy' in socket && typeof socket.resetAndDestroy === 'function') socket.resetAndDestroy();
  else socket.destroy();
}
