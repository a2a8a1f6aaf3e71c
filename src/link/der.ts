/**
 * The part of DER (ITU-T X.690) that one certificate needs. Strict on purpose: an element has one spelling, so that what
 * is read here is what every other reader of the same bytes sees.
 */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element; its content (the parts, one after another) is below 64 KiB. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length > 0xffff) throw new RangeError('a DER element of more than two length bytes');
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >>> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from(head), content]);
}

/** The content of an object identifier, of the dotted form. */
export function oidBytes(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift(0x80 | (left & 0x7f));
    return groups;
  });
  return Uint8Array.from(bytes);
}

/** A date of a certificate, to the second: RFC 5280 §4.1.2.5 wants two digits for the years 1950 to 2049. */
export function encodeTime(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\D/g, '').slice(0, 14);
  const year = date.getUTCFullYear();
  const short = year >= 1950 && year < 2050;
  return encodeDer(short ? TAG.utcTime : TAG.generalizedTime, Buffer.from(`${short ? digits.slice(2) : digits}Z`));
}

/** Reads elements one after another. Every method throws an Error for bytes that do not begin with what it wants. */
export class DerReader {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get done(): boolean {
    return this.#rest.length === 0;
  }

  /** Whether an element with this tag comes next. */
  nextIs(tag: number): boolean {
    return this.#rest[0] === tag;
  }

  /** The content of the next element. A length of more than two bytes is refused. */
  read(tag: number): Uint8Array {
    return this.#next(tag).content;
  }

  /** The next element with its tag and length. */
  readWhole(tag: number): Uint8Array {
    return this.#next(tag).whole;
  }

  /** A reader of the next element's content. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag));
  }

  /** Unix time, ms. Only the forms that RFC 5280 §4.1.2.5 allows. */
  readTimeMs(): number {
    const short = this.nextIs(TAG.utcTime);
    const text = Buffer.from(this.read(short ? TAG.utcTime : TAG.generalizedTime)).toString('latin1');
    const full = short ? `${text >= '50' ? '19' : '20'}${text}` : text;
    const iso = full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
    const ms = iso === full ? Number.NaN : Date.parse(iso);
    // 31 February would be taken for a day in March
    if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso) throw new Error('malformed time');
    return ms;
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.done) throw new Error('trailing bytes');
  }

  #next(tag: number): { content: Uint8Array; whole: Uint8Array } {
    const bytes = this.#rest;
    const first = bytes[1];
    if (bytes[0] !== tag || first === undefined) throw new Error('another element expected');
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    if (lengthBytes > 2 || (first >= 0x80 && lengthBytes === 0)) throw new Error('no length of at most two bytes');
    let length = lengthBytes === 0 ? first : 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[2 + i] ?? 0);
    const start = 2 + lengthBytes;
    const shortest = lengthBytes === 0 || length >= (lengthBytes === 1 ? 0x80 : 0x100);
    if (!shortest || bytes.length < start + length) throw new Error('length too long, or written too long');
    this.#rest = bytes.subarray(start + length);
    return { content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
  }
}
