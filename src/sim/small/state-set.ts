/** Slots are at most this full: beyond it a lookup walks too far. */
const FULL = 0.6;

/** A set of 64-bit hashes in two typed arrays: sixteen bytes or so a state, however many there are. */
export class StateSet {
  #high: Int32Array;
  #low: Int32Array;
  size = 0;

  constructor(capacity = 1 << 12) {
    this.#high = new Int32Array(capacity);
    this.#low = new Int32Array(capacity);
  }

  /** True when it was not there. The all-zero hash stands for an empty slot and is read as another one. */
  add(high: number, low: number): boolean {
    if (this.size >= this.#high.length * FULL) this.#grow();
    if (!this.#put(high, high === 0 && low === 0 ? 1 : low)) return false;
    this.size += 1;
    return true;
  }

  #put(high: number, low: number): boolean {
    const mask = this.#high.length - 1;
    let slot = (low ^ (high * 31)) & mask;
    while (this.#high[slot] !== 0 || this.#low[slot] !== 0) {
      if (this.#high[slot] === high && this.#low[slot] === low) return false;
      slot = (slot + 1) & mask;
    }
    this.#high[slot] = high;
    this.#low[slot] = low;
    return true;
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low];
    this.#high = new Int32Array(high.length * 2);
    this.#low = new Int32Array(low.length * 2);
    for (let at = 0; at < high.length; at += 1) {
      if (high[at] !== 0 || low[at] !== 0) this.#put(high[at] as number, low[at] as number);
    }
  }
}
