const FIRST_SLOTS = 2 ** 10;
/** The most slots of a generation, half of them used: 2 generations × 10 MiB under a flood. */
export const MOST_SLOTS = 2 ** 19;

/** Words of an entry: half a cache line. */
const WORDS = 8;
const At = { idHigh: 0, idLow: 1, from: 2, to: 3, valueHigh: 4, valueLow: 5, toll: 6, notes: 7 } as const;

const TWO_32 = 2 ** 32;

/** What is noted of a packet: change for it is due, and a receipt for it passed. */
const Note = { change: 1, receipt: 2 } as const;

/** The packet was returned, or is here: its id is only remembered. */
const TAKEN = -9;

/** A slot holds the number of its entry, from 1, and above it what the hash has beyond the slot's own bits. */
const ENTRY = 2 ** 19 - 1;
const TAG = ~ENTRY;

/**
 * Packets in the order in which they came, and a small index of them: looking for an id that is new, as most are, touches
 * four bytes, and remembering it writes where the last one was written.
 */
class Generation {
  cells: Int32Array;
  /** Change that is due, by link: what nobody answers is forgotten with the generation. */
  readonly due = new Map<number, number>();
  slots: number;
  used = 0;
  index: Int32Array;

  constructor(slots: number) {
    this.slots = slots;
    this.cells = new Int32Array((slots / 2) * WORDS);
    this.index = new Int32Array(slots);
  }

  get isFull(): boolean {
    return this.used * 2 >= this.slots;
  }

  empty(): void {
    this.due.clear();
    this.used = 0;
    this.index.fill(0);
  }

  /** The slot of the id, or the free one where it would stand. */
  slotOf(hash: number, idHigh: number, idLow: number): number {
    const index = this.index;
    const mask = this.slots - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const held = index[slot] as number;
      if (held === 0) return slot;
      if ((held & TAG) !== (hash & TAG)) continue;
      const at = ((held & ENTRY) - 1) * WORDS;
      if (this.cells[at] === (idHigh | 0) && this.cells[at + At.idLow] === (idLow | 0)) return slot;
    }
  }

  /** Where the entry of a slot begins; negative: the slot is free. */
  entryAt(slot: number): number {
    return (((this.index[slot] as number) & ENTRY) - 1) * WORDS;
  }

  /** Where a new entry begins, which is the slot's from now on. */
  addAt(slot: number, hash: number): number {
    this.used += 1;
    this.index[slot] = (hash & TAG) | this.used;
    return (this.used - 1) * WORDS;
  }

  double(hashOf: (idHigh: number, idLow: number) => number): void {
    const { cells, used } = this;
    this.slots *= 2;
    this.cells = new Int32Array((this.slots / 2) * WORDS);
    this.cells.set(cells);
    this.index = new Int32Array(this.slots);
    this.used = 0;
    for (let at = 0; at < used * WORDS; at += WORDS) {
      const [idHigh, idLow] = [cells[at] as number, cells[at + At.idLow] as number];
      const hash = hashOf(idHigh, idLow);
      this.addAt(this.slotOf(hash, idHigh, idLow), hash);
    }
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
  /** When the young become old; the first look at the clock says when that is. */
  #rotateMs = Number.NEGATIVE_INFINITY;
  /** The id that was asked for last, its hash, and where it would stand. */
  #idHigh = 0;
  #idLow = 0;
  #hash = 0;
  #place = 0;
  /** What `foresee` read: kept, or a compiler would leave out the reading. */
  seen = 0;
  readonly #found: Passed = { from: 0, to: 0, valueIn: 0, toll: 0, wantsChange: false };

  constructor(windowMs: number, salt: number) {
    this.#windowMs = windowMs;
    this.#salt = salt | 0;
  }

  /** Forgets what is older than the window. Call it before the first is added. */
  age(nowMs: number): void {
    if (nowMs < this.#rotateMs) return;
    // Nothing passed for two windows: both generations are old.
    if (nowMs >= this.#rotateMs + this.#windowMs) this.#rotate();
    this.#rotate();
    this.#rotateMs = nowMs + this.#windowMs;
  }

  #rotate(): void {
    const [oldest, old] = [this.#old, this.#young];
    const slots = old.used === 0 ? FIRST_SLOTS : old.slots;
    this.#old = old;
    this.#young = oldest.slots === slots ? oldest : new Generation(slots);
    this.#young.empty();
  }

  /**
   * Reads where `has` will look, and uses it for nothing: it is in the processor's caches by then. For many packets in a row
   * the waits for memory overlap; else each packet waits for its own, a tenth of all it costs.
   */
  foresee(ids: Int32Array, count: number): void {
    const salt = this.#salt;
    const [young, old] = [this.#young.index, this.#old.index];
    const [youngMask, oldMask] = [young.length - 1, old.length - 1];
    let seen = 0;
    for (let at = 0; at < count * 2; at += 2) {
      const hash = hashOf(ids[at] as number, ids[at + 1] as number, salt);
      seen |= (young[hash & youngMask] as number) | (old[hash & oldMask] as number);
    }
    this.seen = seen;
  }

  /** True when the id passed lately. */
  has(idHigh: number, idLow: number): boolean {
    const hash = this.#hashOf(idHigh, idLow);
    this.#hash = hash;
    this.#place = this.#young.slotOf(hash, idHigh, idLow);
    this.#idHigh = idHigh;
    this.#idLow = idLow;
    if (this.#young.entryAt(this.#place) >= 0) return true;
    return this.#old.entryAt(this.#old.slotOf(hash, idHigh, idLow)) >= 0;
  }

  /** Remembers the packet whose id `has` was asked of last and did not know; call it once, and nothing between them. */
  add(passed: Passed): void {
    const [idHigh, idLow, hash] = [this.#idHigh, this.#idLow, this.#hash];
    const full = this.#young.isFull;
    if (full) this.#enlarge();
    const young = this.#young;
    const { cells } = young;
    const at = young.addAt(full ? young.slotOf(hash, idHigh, idLow) : this.#place, hash);
    cells[at] = idHigh;
    cells[at + At.idLow] = idLow;
    cells[at + At.from] = passed.from;
    cells[at + At.to] = passed.to;
    cells[at + At.valueHigh] = Math.floor(passed.valueIn / TWO_32);
    cells[at + At.valueLow] = passed.valueIn | 0;
    cells[at + At.toll] = passed.toll | 0;
    cells[at + At.notes] = passed.wantsChange ? Note.change : 0;
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
      const notes = cells[at + At.notes] as number;
      if ((notes & Note.receipt) !== 0) return undefined;
      cells[at + At.notes] = notes | Note.receipt;
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
    if (((cells[at + At.notes] as number) & Note.receipt) !== 0) return undefined;
    const found = this.#found;
    found.from = cells[at + At.from] as number;
    found.to = sentTo;
    found.valueIn = (cells[at + At.valueHigh] as number) * TWO_32 + ((cells[at + At.valueLow] as number) >>> 0);
    found.toll = (cells[at + At.toll] as number) >>> 0;
    found.wantsChange = ((cells[at + At.notes] as number) & Note.change) !== 0;
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
    if (this.#young.slots >= MOST_SLOTS) return this.#rotate();
    this.#young.double((idHigh, idLow) => this.#hashOf(idHigh, idLow));
  }

  /** Where the id's entry begins; negative: it is not there. */
  #seek(generation: Generation, idHigh: number, idLow: number): number {
    return generation.entryAt(generation.slotOf(this.#hashOf(idHigh, idLow), idHigh, idLow));
  }

  #hashOf(idHigh: number, idLow: number): number {
    return hashOf(idHigh, idLow, this.#salt);
  }
}

function hashOf(idHigh: number, idLow: number, salt: number): number {
  const hash = Math.imul((idLow ^ salt) | 0, 0x9e3779b1) ^ Math.imul(idHigh | 0, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}

function addDue(due: Map<number, number>, link: number, value: number): void {
  due.set(link, Math.max(0, (due.get(link) ?? 0) + value));
}
