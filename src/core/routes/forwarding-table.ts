import type { AddressWords } from '../carrier/packet.ts';

/** The packet is for this node. */
export const HERE = -1;
/** No way is known. */
export const NOWHERE = -2;

const WORDS = 6;
/** Links are stored with this added, so that a cell never used reads as free. */
const LINK_BASE = 4;

/**
 * Which link leads to which node: open addressing over one typed array, so that a look-up costs a cache line or two
 * however many routes there are, and makes no strings. `salt` keeps outsiders from choosing ids that collide.
 */
export class ForwardingTable {
  #cells = new Int32Array(16 * WORDS);
  #used = 0;
  readonly #salt: number;

  constructor(salt: number) {
    this.#salt = salt | 0;
  }

  /** Leads packets for `address` to `link`, a row ≥ 0, or `HERE`; `NOWHERE` takes the entry out of use. */
  set(address: AddressWords, link: number): void {
    if ((this.#used + 1) * 2 * WORDS > this.#cells.length) this.#grow();
    const at = this.#find(address);
    if (this.#isFree(at)) this.#used += 1;
    this.#cells.set(address, at);
    this.#cells[at + 5] = link + LINK_BASE;
  }

  /** A row ≥ 0, `HERE` or `NOWHERE`. */
  get(address: AddressWords): number {
    const at = this.#find(address);
    return this.#isFree(at) ? NOWHERE : (this.#cells[at + 5] as number) - LINK_BASE;
  }

  /** Entries, those out of use included. */
  get size(): number {
    return this.#used;
  }

  #isFree(at: number): boolean {
    return this.#cells[at + 5] === 0;
  }

  #find(address: AddressWords): number {
    const cells = this.#cells;
    const mask = cells.length / WORDS - 1;
    let slot = this.#hash(address) & mask;
    for (;;) {
      const at = slot * WORDS;
      if (cells[at + 5] === 0) return at;
      if (
        cells[at] === ((address[0] as number) | 0) &&
        cells[at + 1] === ((address[1] as number) | 0) &&
        cells[at + 2] === ((address[2] as number) | 0) &&
        cells[at + 3] === ((address[3] as number) | 0) &&
        cells[at + 4] === ((address[4] as number) | 0)
      ) {
        return at;
      }
      slot = (slot + 1) & mask;
    }
  }

  #hash(address: AddressWords): number {
    let hash = this.#salt;
    for (let word = 0; word < 5; word += 1) {
      hash = Math.imul(hash ^ (address[word] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  #grow(): void {
    const old = this.#cells;
    // Entries out of use are left behind here.
    this.#cells = new Int32Array(old.length * 2);
    this.#used = 0;
    for (let at = 0; at < old.length; at += WORDS) {
      const link = (old[at + 5] as number) - LINK_BASE;
      if (old[at + 5] === 0 || link === NOWHERE) continue;
      this.set(Uint32Array.from(old.subarray(at, at + 5)), link);
    }
  }
}
