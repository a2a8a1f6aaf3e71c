const FIRST_SLOTS = 2 ** 10;
/** The most slots of a generation: 2 generations × 2¹⁹ × 32 bytes = 32 MiB under a flood. Half of them are used. */
export const MOST_SLOTS = 2 ** 19;

/** Words of a slot: one half of a cache line, so that a packet costs one miss for each generation. */
const WORDS = 8;
const At = { idHigh: 0, idLow: 1, from: 2, to: 3, valueHigh: 4, valueLow: 5, toll: 6, change: 7 } as const;

const TWO_32 = 2 ** 32;

/** The packet was returned, or is here: its id is only remembered. */
const TAKEN = -9;

class Generation {
  readonly cells: Int32Array;
  /** Change that is due, by link: what nobody answers is forgotten with the generation. */
  readonly due = new Map<number, number>();
  readonly slots: number;
  used = 0;

  constructor(slots: number) {
    this.slots = slots;
    this.cells = new Int32Array(slots * WORDS);
  }
}

/** What is known of a packet that passed: where from, where to, what it brought and what it left with. */
export interface Passed {
  from: number;
  to: number;
  /** Units, below 2⁴⁸. */
  valueIn: number;
  /** Kept here: below 2³². */
  toll: number;
  /** What it left with may come back as change, and must not be settled away meanwhile. */
  wantsChange: boolean;
}

/**
 * The ids of packets that passed lately, with where they came from, so that a packet is applied once, and one that
 * cannot go on finds its way back. Two generations: a packet is remembered for at least `windowMs`, or for the last quarter
 * million packets where there are more than that.
 */
export class PacketWindow {
  readonly #windowMs: number;
  readonly #salt: number;
  #young = new Generation(FIRST_SLOTS);
  #old = new Generation(FIRST_SLOTS);
  #rotateMs: number | undefined;
  readonly #found: Passed = { from: 0, to: 0, valueIn: 0, toll: 0, wantsChange: false };

  constructor(windowMs: number, salt: number) {
    this.#windowMs = windowMs;
    this.#salt = salt | 0;
  }

  /** Forgets what is older than the window. */
  age(nowMs: number): void {
    this.#rotateMs ??= nowMs + this.#windowMs;
    if (nowMs < this.#rotateMs) return;
    // Nothing passed for two windows: both generations are old.
    if (nowMs >= this.#rotateMs + this.#windowMs) this.#rotate();
    this.#rotate();
    this.#rotateMs = nowMs + this.#windowMs;
  }

  #rotate(): void {
    this.#old = this.#young;
    this.#young = new Generation(Math.max(FIRST_SLOTS, this.#old.used === 0 ? 0 : this.#old.slots));
  }

  /** True when the id passed lately. */
  has(idHigh: number, idLow: number): boolean {
    return this.#seek(this.#young, idHigh, idLow) >= 0 || this.#seek(this.#old, idHigh, idLow) >= 0;
  }

  /** Remembers a packet whose id `has` does not know. */
  add(idHigh: number, idLow: number, passed: Passed): void {
    if ((this.#young.used + 1) * 2 > this.#young.slots) this.#enlarge();
    const young = this.#young;
    const { cells } = young;
    const at = this.#probe(young, idHigh, idLow);
    young.used += 1;
    cells[at] = idHigh;
    cells[at + At.idLow] = idLow;
    cells[at + At.from] = passed.from;
    cells[at + At.to] = passed.to;
    cells[at + At.valueHigh] = Math.floor(passed.valueIn / TWO_32);
    cells[at + At.valueLow] = passed.valueIn | 0;
    cells[at + At.toll] = passed.toll | 0;
    cells[at + At.change] = passed.wantsChange ? 1 : 0;
    if (passed.wantsChange) addDue(young.due, passed.to, passed.valueIn - passed.toll);
  }

  /** Takes a packet's facts out: whoever gets them has the right to return it, once. Valid until the next call. */
  take(idHigh: number, idLow: number, sentTo: number): Passed | undefined {
    return this.#takeFrom(this.#young, idHigh, idLow, sentTo) ?? this.#takeFrom(this.#old, idHigh, idLow, sentTo);
  }

  #takeFrom(generation: Generation, idHigh: number, idLow: number, sentTo: number): Passed | undefined {
    const { cells, due } = generation;
    const at = this.#seek(generation, idHigh, idLow);
    if (at < 0 || cells[at + At.to] !== sentTo) return undefined;
    const found = this.#found;
    found.from = cells[at + At.from] as number;
    found.to = sentTo;
    found.valueIn = (cells[at + At.valueHigh] as number) * TWO_32 + ((cells[at + At.valueLow] as number) >>> 0);
    found.toll = (cells[at + At.toll] as number) >>> 0;
    found.wantsChange = cells[at + At.change] === 1;
    // The id stays known, so that a copy is still a copy; nobody is its next hop any more.
    cells[at + At.to] = TAKEN;
    if (found.wantsChange) addDue(due, sentTo, found.toll - found.valueIn);
    return found;
  }

  /** `value` came back on link `from` in answer to a packet: that much less is due. */
  answered(idHigh: number, idLow: number, from: number, value: number): void {
    for (const generation of [this.#young, this.#old]) {
      const at = this.#seek(generation, idHigh, idLow);
      if (at >= 0 && generation.cells[at + At.to] === from) addDue(generation.due, from, -value);
    }
  }

  /** What may still come back as change on a link. Units. */
  changeDue(link: number): number {
    return (this.#young.due.get(link) ?? 0) + (this.#old.due.get(link) ?? 0);
  }

  #enlarge(): void {
    const young = this.#young;
    if (young.slots >= MOST_SLOTS) return this.#rotate();
    const larger = new Generation(young.slots * 2);
    for (let at = 0; at < young.cells.length; at += WORDS) {
      const [high, low] = [young.cells[at] as number, young.cells[at + 1] as number];
      if ((high | low) === 0) continue;
      larger.cells.set(young.cells.subarray(at, at + WORDS), this.#probe(larger, high, low));
    }
    larger.used = young.used;
    for (const [link, value] of young.due) larger.due.set(link, value);
    this.#young = larger;
  }

  /** Where the id's slot begins; negative: it is not there. */
  #seek(generation: Generation, idHigh: number, idLow: number): number {
    const at = this.#probe(generation, idHigh, idLow);
    return ((generation.cells[at] as number) | (generation.cells[at + 1] as number)) === 0 ? -1 : at;
  }

  /** The slot of the id, or the free one where it would stand. */
  #probe(generation: Generation, idHigh: number, idLow: number): number {
    const { cells } = generation;
    const mask = generation.slots - 1;
    let hash = Math.imul((idLow ^ this.#salt) | 0, 0x9e3779b1) ^ Math.imul(idHigh | 0, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      const high = cells[at] as number;
      const low = cells[at + 1] as number;
      if ((high === (idHigh | 0) && low === (idLow | 0)) || (high | low) === 0) return at;
    }
  }
}

function addDue(due: Map<number, number>, link: number, value: number): void {
  due.set(link, Math.max(0, (due.get(link) ?? 0) + value));
}
