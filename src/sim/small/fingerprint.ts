/** A 64-bit hash over a sequence of plain values, in two 32-bit halves: what tells two states of a small world apart. */
export class Fingerprint {
  high = 0x9e3779b9;
  low = 0x85ebca6b;

  /** An integer of up to 53 bits, or any other number. */
  number(value: number): this {
    this.#word(value | 0);
    if ((value | 0) !== value) {
      this.#word(Math.floor(value / 4_294_967_296) | 0);
      if (!Number.isSafeInteger(value)) this.text(String(value));
    }
    return this;
  }

  text(value: string): this {
    this.#word(value.length);
    for (let at = 0; at < value.length; at += 1) this.#word(value.charCodeAt(at));
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#word(value.length);
    for (const byte of value) this.#word(byte);
    return this;
  }

  value(value: string | number | boolean | bigint | undefined): this {
    if (typeof value === 'number') return this.number(value);
    return this.text(value === undefined ? '?' : String(value));
  }

  /** Two multiplications a word, each half fed by the other (after MurmurHash3's finaliser). */
  #word(word: number): void {
    let h = Math.imul(this.high ^ word, 0xcc9e2d51);
    h = (h << 15) | (h >>> 17);
    let l = Math.imul(this.low + word, 0x1b873593) ^ h;
    l = Math.imul(l ^ (l >>> 16), 0x85ebca6b);
    this.high = (Math.imul(h ^ (h >>> 13), 0xc2b2ae35) + l) | 0;
    this.low = l ^ (l >>> 13);
  }
}
