/** Slots are at most this full: beyond it a lookup walks too far. */
const FULL = 0.6;

/** 64-bit hashes, each with the number it was given when it came: in typed arrays, twenty bytes or so a state. */
export class StateSet {
  #high: Int32Array;
  #low: Int32Array;
  #numbers: Int32Array;
  size = 0;

  constructor(capacity = 1 << 12) {
    this.#high = new Int32Array(capacity);
    this.#low = new Int32Array(capacity);
    this.#numbers = new Int32Array(capacity);
  }

  /** Its number: that of the set's size before it came, if it is new. The all-zero hash is read as another one. */
  number(high: number, low: number): number {
    if (this.size >= this.#high.length * FULL) this.#grow();
    const number = this.#put(high, high === 0 && low === 0 ? 1 : low, this.size);
    if (number === this.size) this.size += 1;
    return number;
  }

  #put(high: number, low: number, number: number): number {
    const mask = this.#high.length - 1;
    let slot = (low ^ (high * 31)) & mask;
    while (this.#high[slot] !== 0 || this.#low[slot] !== 0) {
      if (this.#high[slot] === high && this.#low[slot] === low) return this.#numbers[slot] as number;
      slot = (slot + 1) & mask;
    }
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#numbers[slot] = number;
    return number;
  }

  #grow(): void {
    const [high, low, numbers] = [this.#high, this.#low, this.#numbers];
    this.#high = new Int32Array(high.length * 2);
    this.#low = new Int32Array(low.length * 2);
    this.#numbers = new Int32Array(high.length * 2);
    for (let at = 0; at < high.length; at += 1) {
      if (high[at] !== 0 || low[at] !== 0) this.#put(high[at] as number, low[at] as number, numbers[at] as number);
    }
  }
}
