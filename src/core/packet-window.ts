const FIRST_SLOTS = 2 ** 10;
/** The most slots of a generation: 2 generations × 2¹⁹ × 32 bytes = 32 MiB under a flood. Half of them are used. */
export const MOST_SLOTS = 2 ** 19;

/** Words of a slot: one half of a cache line, so that a packet costs one miss for each generation. */
const WORDS = 8;
const At = { idHigh: 0, idLow: 1, from: 2, to: 3, valueHigh: 4, valueLow: 5, toll: 6, state: 7 } as const;

const TWO_32 = 2 ** 32;

/** What is noted of a packet beside its generation's life: change for it is due, and a receipt for it passed. */
const Note = { change: 1, receipt: 2 } as const;
const NOTE_BITS = 2;

/** Lives of a generation, above those bits. */
const MOST_LIVES = 2 ** (31 - NOTE_BITS) - 1;

/** The packet was returned, or is here: its id is only remembered. */
const TAKEN = -9;

class Generation {
  readonly cells: Int32Array;
  /** Change that is due, by link: what nobody answers is forgotten with the generation. */
  readonly due = new Map<number, number>();
  readonly slots: number;
  used = 0;
  /** Slots marked with another life are free: emptying millions of them costs nothing. */
  life = 1;

  constructor(slots: number) {
    this.slots = slots;
    this.cells = new Int32Array(slots * WORDS);
  }

  empty(): void {
    this.due.clear();
    this.used = 0;
    this.life += 1;
    if (this.life > MOST_LIVES) {
      this.life = 1;
      this.cells.fill(0);
    }
  }

  isFree(at: number): boolean {
    return (this.cells[at + At.state] as number) >> NOTE_BITS !== this.life;
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
  /** Where the id that was asked for last would stand; ids of zeros name nothing. */
  #place = 0;
  readonly #placeOf = { high: 0, low: 0 };
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
    this.#placeOf.high = 0;
    this.#placeOf.low = 0;
    const [oldest, old] = [this.#old, this.#young];
    const slots = old.used === 0 ? FIRST_SLOTS : old.slots;
    this.#old = old;
    this.#young = oldest.slots === slots ? oldest : new Generation(slots);
    this.#young.empty();
  }

  /** True when the id passed lately. */
  has(idHigh: number, idLow: number): boolean {
    this.#place = this.#probe(this.#young, idHigh, idLow);
    this.#placeOf.high = idHigh;
    this.#placeOf.low = idLow;
    return !this.#young.isFree(this.#place) || this.#seek(this.#old, idHigh, idLow) >= 0;
  }

  /** Remembers a packet whose id `has` does not know. */
  add(idHigh: number, idLow: number, passed: Passed): void {
    const full = (this.#young.used + 1) * 2 > this.#young.slots;
    if (full) this.#enlarge();
    const young = this.#young;
    const { cells } = young;
    const known = !full && this.#placeOf.high === idHigh && this.#placeOf.low === idLow;
    const at = known ? this.#place : this.#probe(young, idHigh, idLow);
    this.#placeOf.high = 0;
    this.#placeOf.low = 0;
    young.used += 1;
    cells[at] = idHigh;
    cells[at + At.idLow] = idLow;
    cells[at + At.from] = passed.from;
    cells[at + At.to] = passed.to;
    cells[at + At.valueHigh] = Math.floor(passed.valueIn / TWO_32);
    cells[at + At.valueLow] = passed.valueIn | 0;
    cells[at + At.toll] = passed.toll | 0;
    cells[at + At.state] = (young.life << NOTE_BITS) + (passed.wantsChange ? Note.change : 0);
    if (passed.wantsChange) addDue(young.due, passed.to, passed.valueIn - passed.toll);
  }

  /**
   * A receipt came from `sentTo`: where the packet had come from, once. Undefined: it was never sent there, came back, is
   * forgotten, or has its receipt. Whoever sends one may not return the packet any more.
   */
  receipted(idHigh: number, idLow: number, sentTo: number): number | undefined {
    for (const generation of [this.#young, this.#old]) {
      const { cells } = generation;
      const at = this.#seek(generation, idHigh, idLow);
      if (at < 0 || cells[at + At.to] !== sentTo) continue;
      const state = cells[at + At.state] as number;
      if ((state & Note.receipt) !== 0) return undefined;
      cells[at + At.state] = state | Note.receipt;
      return cells[at + At.from];
    }
    return undefined;
  }

  /** Takes a packet's facts out: whoever gets them has the right to return it, once. Valid until the next call. */
  take(idHigh: number, idLow: number, sentTo: number): Passed | undefined {
    return this.#takeFrom(this.#young, idHigh, idLow, sentTo) ?? this.#takeFrom(this.#old, idHigh, idLow, sentTo);
  }

  #takeFrom(generation: Generation, idHigh: number, idLow: number, sentTo: number): Passed | undefined {
    const { cells, due } = generation;
    const at = this.#seek(generation, idHigh, idLow);
    if (at < 0 || cells[at + At.to] !== sentTo) return undefined;
    if (((cells[at + At.state] as number) & Note.receipt) !== 0) return undefined;
    const found = this.#found;
    found.from = cells[at + At.from] as number;
    found.to = sentTo;
    found.valueIn = (cells[at + At.valueHigh] as number) * TWO_32 + ((cells[at + At.valueLow] as number) >>> 0);
    found.toll = (cells[at + At.toll] as number) >>> 0;
    found.wantsChange = ((cells[at + At.state] as number) & Note.change) !== 0;
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
    larger.life = young.life;
    for (let at = 0; at < young.cells.length; at += WORDS) {
      if (young.isFree(at)) continue;
      const [high, low] = [young.cells[at] as number, young.cells[at + 1] as number];
      larger.cells.set(young.cells.subarray(at, at + WORDS), this.#probe(larger, high, low));
    }
    larger.used = young.used;
    for (const [link, value] of young.due) larger.due.set(link, value);
    this.#young = larger;
  }

  /** Where the id's slot begins; negative: it is not there. */
  #seek(generation: Generation, idHigh: number, idLow: number): number {
    const at = this.#probe(generation, idHigh, idLow);
    return generation.isFree(at) ? -1 : at;
  }

  /** The slot of the id, or the free one where it would stand. */
  #probe(generation: Generation, idHigh: number, idLow: number): number {
    const { cells, life } = generation;
    const mask = generation.slots - 1;
    let hash = Math.imul((idLow ^ this.#salt) | 0, 0x9e3779b1) ^ Math.imul(idHigh | 0, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      if ((cells[at + At.state] as number) >> NOTE_BITS !== life) return at;
      if (cells[at] === (idHigh | 0) && cells[at + At.idLow] === (idLow | 0)) return at;
    }
  }
}

function addDue(due: Map<number, number>, link: number, value: number): void {
  due.set(link, Math.max(0, (due.get(link) ?? 0) + value));
}
