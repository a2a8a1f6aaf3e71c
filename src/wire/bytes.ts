import { WayleaveError } from '../core/errors.ts';

/** Appends fields to a buffer that grows. Numbers are big-endian; lengths come first. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u32(value: number): this {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32BE(value, this.#length);
    return this;
  }

  /** A safe integer ≥ 0 in seven bytes. */
  u53(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new WayleaveError('AMOUNT_INVALID', { value });
    this.#room(7);
    this.#bytes.writeUIntBE(Math.floor(value / 2 ** 32), this.#length, 3);
    this.#bytes.writeUInt32BE(value % 2 ** 32, this.#length + 3);
    this.#length += 7;
    return this;
  }

  /** An integer from 0 to 2²⁵⁶−1, as one length byte and its minimal bytes. */
  u256(value: bigint): this {
    if (value < 0n || value >= LIMIT) throw new WayleaveError('AMOUNT_INVALID', { value });
    let hex = value === 0n ? '' : value.toString(16);
    if (hex.length % 2 === 1) hex = `0${hex}`;
    return this.u8(hex.length / 2).#hex(hex, 0);
  }

  /** A node id or contract address: 20 bytes. */
  address(id: string): this {
    return this.#hex(id, 2);
  }

  #hex(digits: string, from: number): this {
    this.#room((digits.length - from) / 2);
    const [bytes, end] = [this.#bytes, digits.length - 1];
    let at = this.#length;
    for (let digit = from; digit < end; digit += 2) {
      bytes[at++] = (valueOf(digits.charCodeAt(digit)) << 4) | valueOf(digits.charCodeAt(digit + 1));
    }
    this.#length = at;
    return this;
  }

  /** At most 255 bytes of text. */
  text(value: string): this {
    if (value === '') return this.u8(0);
    const bytes = Buffer.from(value, 'utf8').subarray(0, 255);
    return this.u8(bytes.length).raw(bytes);
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** What was written so far. The writer must not be used afterwards. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Takes fields off a message. Every method throws `WIRE_MALFORMED` where the bytes do not fit; nothing else. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  u53(): number {
    const at = this.#take(7);
    const value = this.#bytes.readUIntBE(at, 3) * 2 ** 32 + this.#bytes.readUInt32BE(at + 3);
    if (!Number.isSafeInteger(value)) throw malformed('integer');
    return value;
  }

  u256(): bigint {
    const length = this.u8();
    if (length > 32) throw malformed('integer');
    const at = this.#take(length);
    if (length === 0) return 0n;
    if (this.#bytes[at] === 0) throw malformed('integer');
    return length <= 6 ? BigInt(this.#bytes.readUIntBE(at, length)) : BigInt(`0x${this.#hex(at, length)}`);
  }

  address(): string {
    return `0x${this.#hex(this.#take(20), 20)}`;
  }

  #hex(at: number, count: number): string {
    return this.#bytes.toString('hex', at, at + count);
  }

  text(): string {
    const count = this.u8();
    const at = this.#take(count);
    try {
      return count === 0 ? '' : UTF8.decode(this.#bytes.subarray(at, at + count));
    } catch {
      throw malformed('text');
    }
  }

  /** A copy of the next `count` bytes. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return new Uint8Array(this.#bytes.subarray(at, at + count));
  }

  /** A byte that must be 0 or 1. */
  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw malformed('flag');
    return value === 1;
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed('trailing bytes');
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw malformed('too short');
    this.#at += count;
    return at;
  }
}

const LIMIT = 1n << 256n;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Of a hexadecimal digit, small or large. */
function valueOf(digit: number): number {
  return (digit & 15) + (digit > 64 ? 9 : 0);
}

function malformed(what: string): WayleaveError {
  return new WayleaveError('WIRE_MALFORMED', { what });
}
