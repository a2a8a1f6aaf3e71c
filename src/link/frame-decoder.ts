import { FrameType, HEADER_BYTES, headerFault, readU24, readU32 } from './frame.ts';
import { lend, spent } from './spent.ts';

/** Where decoded frames go. Calls come in the order of the stream; any of them may stop the decoder. */
export interface FrameSink {
  /** Any frame but data, whole. The payload belongs to the receiver. */
  frame(type: FrameType, channel: number, value: number, payload: Uint8Array): void;
  /** A data frame begins; its `length` bytes follow in one or more calls of `data`. */
  dataFrame(channel: number, tag: number, length: number): void;
  data(bytes: Uint8Array): void;
  /** The stream breaks the format; nothing is called after this. */
  malformed(reason: string): void;
}

/** A data frame cut by the transport is passed on in pieces of at least this, so that no sender decides how many there are. */
const LEAST_PIECE_BYTES = 4096;
/** And gathered, where pieces arrive smaller, in pieces of this. */
const PIECE_BYTES = 16_384;
/** Pieces up to this are copied out of buffers 8 times as large, so that keeping them does not keep the buffer. */
const COPY_BYTES = 1024;
const COPY_RATIO = 8;
/** A buffer this small may be kept whole. */
const SMALL_BUFFER_BYTES = 1024;

const NOTHING = new Uint8Array();

/**
 * Cuts a stream of bytes, however it arrives, into frames. Holds at most one header and one message or piece (64 KiB).
 * Data is passed on as it comes, without copying where the pieces are large.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #head = new Uint8Array(HEADER_BYTES);
  #headFilled = 0;
  #inBody = false;
  #type: FrameType = FrameType.control;
  #channel = 0;
  #value = 0;
  /** Bytes of the frame still to come. */
  #left = 0;
  #part: Uint8Array | undefined;
  #partFilled = 0;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Forgets everything and ignores what comes from now on. */
  stop(): void {
    this.#stopped = true;
    this.#part = undefined;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (!this.#inBody) at = this.#readHead(chunk, at);
      else if (this.#type === FrameType.data) at = this.#readData(chunk, at);
      else at = this.#readWhole(chunk, at);
    }
  }

  #readHead(chunk: Uint8Array, at: number): number {
    if (this.#headFilled === 0 && chunk.length - at >= HEADER_BYTES) {
      this.#begin(chunk, at);
      spent(chunk, HEADER_BYTES);
      return at + HEADER_BYTES;
    }
    const count = Math.min(HEADER_BYTES - this.#headFilled, chunk.length - at);
    this.#head.set(chunk.subarray(at, at + count), this.#headFilled);
    spent(chunk, count);
    this.#headFilled += count;
    if (this.#headFilled === HEADER_BYTES) {
      this.#headFilled = 0;
      this.#begin(this.#head, 0);
    }
    return at + count;
  }

  #begin(bytes: Uint8Array, at: number): void {
    const type = (bytes[at] ?? 0) as FrameType;
    const length = readU24(bytes, at + 1);
    const channel = readU32(bytes, at + 4);
    const value = readU32(bytes, at + 8);
    const fault = headerFault(type, length, channel, value);
    if (fault !== undefined) {
      this.stop();
      this.#sink.malformed(fault);
      return;
    }
    if (length === 0) {
      this.#sink.frame(type, channel, value, NOTHING);
      return;
    }
    this.#type = type;
    this.#channel = channel;
    this.#value = value;
    this.#left = length;
    this.#inBody = true;
    if (type === FrameType.data) this.#sink.dataFrame(channel, value, length);
  }

  #readData(chunk: Uint8Array, at: number): number {
    const here = chunk.length - at;
    if (this.#part === undefined && (here >= this.#left || here >= LEAST_PIECE_BYTES)) {
      const count = Math.min(here, this.#left);
      this.#took(count);
      this.#sink.data(kept(chunk, at, count));
      return at + count;
    }
    const part = (this.#part ??= new Uint8Array(Math.min(this.#left, PIECE_BYTES)));
    const count = this.#gather(part, chunk, at);
    if (this.#partFilled === part.length) {
      this.#part = undefined;
      this.#took(part.length);
      lend(part);
      this.#sink.data(part);
    }
    return at + count;
  }

  #readWhole(chunk: Uint8Array, at: number): number {
    if (this.#part === undefined && chunk.length - at >= this.#left) {
      const count = this.#left;
      this.#took(count);
      this.#sink.frame(this.#type, this.#channel, this.#value, kept(chunk, at, count));
      return at + count;
    }
    const part = (this.#part ??= new Uint8Array(this.#left));
    const count = this.#gather(part, chunk, at);
    if (this.#partFilled === part.length) {
      this.#part = undefined;
      this.#took(part.length);
      this.#sink.frame(this.#type, this.#channel, this.#value, part);
    }
    return at + count;
  }

  /** Copies what fits into the unfinished part; returns how much that was. */
  #gather(part: Uint8Array, chunk: Uint8Array, at: number): number {
    const count = Math.min(part.length - this.#partFilled, chunk.length - at);
    part.set(chunk.subarray(at, at + count), this.#partFilled);
    spent(chunk, count);
    this.#partFilled += count;
    return count;
  }

  #took(count: number): void {
    this.#left -= count;
    this.#partFilled = 0;
    if (this.#left === 0) this.#inBody = false;
  }
}

/** The bytes, as a view where that is cheap to keep and as a copy where it is not. */
function kept(chunk: Uint8Array, at: number, count: number): Uint8Array {
  const bytes = chunk.subarray(at, at + count);
  const wasteful = chunk.length > SMALL_BUFFER_BYTES && count <= COPY_BYTES && count * COPY_RATIO < chunk.length;
  if (!wasteful) return bytes;
  const copy = new Uint8Array(bytes);
  spent(chunk, count);
  return copy;
}
