/**
 * A generator that gives the same numbers for the same seed, on every machine: sfc32 (Chris Doty-Humphrey, PractRand),
 * 128 bits of state. Nothing cryptographic. Give each concern a fork of its own: a consumer that is added, or draws more,
 * then shifts nobody else's numbers.
 */
export class SeededRandom {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number | string) {
    this.#seed = String(seed);
    this.#a = hash(this.#seed, 0x9e3779b9);
    this.#b = hash(this.#seed, 0x85ebca6b);
    this.#c = hash(this.#seed, 0xc2b2ae35);
    // The author's count of rounds after which two seeds that differ in one bit have nothing in common.
    for (let round = 0; round < 12; round += 1) this.#word();
  }

  /** 0 ≤ x < 1, in steps of 2⁻³². */
  next(): number {
    return this.#word() / 2 ** 32;
  }

  /** A whole number, 0 ≤ x < n; n from 1 to 2³². */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** A whole number, low ≤ x ≤ high. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with this probability. */
  chance(p: number): boolean {
    return this.next() < p;
  }

  /** One of a list that must not be empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('nothing to pick from');
    return list[this.below(list.length)] as T;
  }

  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.#word() & 0xff);
  }

  /** The same things in another order. */
  shuffled<T>(things: readonly T[]): T[] {
    const order = [...things];
    for (let at = order.length - 1; at > 0; at -= 1) {
      const other = this.below(at + 1);
      const here = order[at] as T;
      order[at] = order[other] as T;
      order[other] = here;
    }
    return order;
  }

  /** A generator of its own for one concern: it depends on the seed and the label only, not on what was drawn here. */
  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${label}`);
  }

  #word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}

/** FNV-1a over the characters, then the finaliser of MurmurHash3, so that seeds 1 and 2 start far apart. */
function hash(text: string, basis: number): number {
  let state = basis ^ 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return state ^ (state >>> 16);
}
