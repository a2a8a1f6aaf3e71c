/** Below this a fresh buffer costs less than keeping one. Bytes. */
const LEAST_BYTES = 4096;

/**
 * Buffers for gathered writes, used again when the system has taken them: at gigabytes a second, fresh ones keep the
 * garbage collector and the page tables busy. Shared by all links of a transport; holds at most `most` of them.
 */
export class BufferPool {
  readonly #bytes: number;
  readonly #most: number;
  readonly #free: Buffer[] = [];
  readonly #lent = new WeakMap<ArrayBufferLike, Buffer>();

  constructor(bytes: number, most: number) {
    this.#bytes = bytes;
    this.#most = most;
  }

  /** A buffer of `bytes`. What it holds is arbitrary. */
  take(bytes: number): Buffer {
    if (bytes < LEAST_BYTES || bytes > this.#bytes) return Buffer.allocUnsafe(bytes);
    const whole = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
    this.#lent.set(whole.buffer, whole);
    return whole.subarray(0, bytes);
  }

  /** Gives back a buffer, or a part of one, that nobody uses any more. Others are left alone. */
  give(part: Uint8Array): void {
    const whole = this.#lent.get(part.buffer);
    if (whole === undefined) return;
    this.#lent.delete(part.buffer);
    if (this.#free.length < this.#most) this.#free.push(whole);
  }

  get size(): number {
    return this.#free.length;
  }
}
