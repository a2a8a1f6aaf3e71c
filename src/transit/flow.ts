import { spent } from '../link/spent.ts';
import type { Side, Stream } from './stream.ts';

/**
 * Pieces up to this size are gathered when they must wait: each waiting piece costs an object and keeps alive the
 * buffer it was cut from, so a neighbour sending single bytes could hold many times its window of memory.
 */
const GATHER_BELOW_BYTES = 4096;

/** Size of the buffer in which small pieces are gathered. */
const GATHER_BUFFER_BYTES = 16_384;

/**
 * One direction of a stream. It keeps what the sink does not take yet; the source is given room again only for what
 * the sink took, so a flow never holds more than the source's window. No promises and no closures per piece.
 */
export class Flow {
  source: Side | undefined;
  sink: Side | undefined;
  /** Bytes received and not yet sent on. */
  bufferedBytes = 0;
  /** Bytes sent on, ever. */
  movedBytes = 0;
  /** The source ended, everything was sent on, and the sink was told. */
  ended = false;
  readonly #stream: Stream;
  readonly #waiting: Uint8Array[] = [];
  /** Bytes of the first waiting piece that are sent already. */
  #from = 0;
  #gather: Uint8Array | undefined;
  #gathered = 0;
  #sourceEnded = false;
  #pumping = false;
  #closed = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** The stream is over: nothing moves any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The source has ended; what it sent may still be waiting. */
  get sourceEnded(): boolean {
    return this.#sourceEnded;
  }

  /** Bytes from the source. They are not copied unless they must wait and are few. */
  push(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return;
    this.bufferedBytes += bytes.length;
    if (this.#waiting.length > 0 && bytes.length < GATHER_BELOW_BYTES) this.#append(bytes);
    else {
      this.#gather = undefined;
      this.#waiting.push(bytes);
    }
    this.pump();
  }

  /** The source will send no more. */
  finish(): void {
    this.#sourceEnded = true;
    this.pump();
  }

  /** Sends on as much as the sink takes. Returns whether anything moved. */
  pump(): boolean {
    const sink = this.sink;
    if (sink === undefined || this.#pumping || this.#closed || this.ended) return false;
    this.#pumping = true;
    const before = this.movedBytes;
    let head = this.#waiting[0];
    while (head !== undefined) {
      const sent = sink.write(head, this.#from);
      if (sent === 0 || this.#closed) break;
      this.#advance(head, sent);
      this.source?.release(sent);
      head = this.#waiting[0];
    }
    this.#pumping = false;
    if (this.#sourceEnded && !this.#closed && this.#waiting.length === 0) {
      this.ended = true;
      sink.end();
      this.#stream.flowEnded();
    }
    return this.movedBytes > before;
  }

  /** Drops what is held; nothing moves any more. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#gather = undefined;
    this.bufferedBytes = 0;
  }

  #advance(head: Uint8Array, sent: number): void {
    this.movedBytes += sent;
    this.bufferedBytes -= sent;
    this.#from += sent;
    if (this.#from < head.length) return;
    this.#waiting.shift();
    this.#from = 0;
    if (this.#waiting.length === 0) this.#gather = undefined;
  }

  #append(bytes: Uint8Array): void {
    let gather = this.#gather;
    if (gather === undefined || this.#gathered + bytes.length > gather.length) {
      gather = new Uint8Array(GATHER_BUFFER_BYTES);
      this.#gather = gather;
      this.#gathered = 0;
      this.#waiting.push(gather.subarray(0, 0));
    }
    gather.set(bytes, this.#gathered);
    this.#gathered += bytes.length;
    this.#waiting[this.#waiting.length - 1] = gather.subarray(0, this.#gathered);
    spent(bytes, bytes.length);
  }
}
