/** Entries a generation holds at first, and at most: at most 2²⁰ × 2 generations × 40 bytes = 84 MB under a flood. */
const FIRST_SLOTS = 2 ** 10;
export const MOST_SLOTS = 2 ** 21;

/** Facts of a packet that went through here. `slot` numbers of one generation. */
class Generation {
  ids: Int32Array;
  links: Int32Array;
  values: Float64Array;
  used = 0;

  constructor(slots: number) {
    this.ids = new Int32Array(slots * 2);
    this.links = new Int32Array(slots * 2);
    this.values = new Float64Array(slots * 2);
  }

  get slots(): number {
    return this.ids.length / 2;
  }
}

/** What is known of a packet that passed: where from, where to, what it brought and what it left with. */
export interface Passed {
  from: number;
  to: number;
  valueIn: number;
  valueOut: number;
  /** What may still come back of it as change: value that must not be settled away meanwhile. */
  changeDue: number;
}

/**
 * The ids of packets that passed lately, with where they came from, so that a packet is applied once, and one that
 * cannot go on finds its way back. Two generations: a packet is remembered for at least one rotation, that is for
 * `windowMs`, or for the last 2²⁰ packets where there are more than that.
 */
export class PacketWindow {
  readonly #windowMs: number;
  readonly #salt: number;
  #young = new Generation(FIRST_SLOTS);
  #old = new Generation(FIRST_SLOTS);
  /** Change due by link, of each generation: what nobody answers is forgotten with its generation. */
  #youngDue = new Map<number, number>();
  #oldDue = new Map<number, number>();
  #rotateMs: number | undefined;
  readonly #found: Passed = { from: 0, to: 0, valueIn: 0, valueOut: 0, changeDue: 0 };

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
    this.#oldDue = this.#youngDue;
    this.#young = new Generation(Math.max(FIRST_SLOTS, this.#old.slots / 2));
    this.#youngDue = new Map();
  }

  /** Remembers a packet. False, and nothing is remembered, where its id is known. */
  add(idHigh: number, idLow: number, passed: Passed): boolean {
    if (this.#seek(this.#old, idHigh, idLow) >= 0) return false;
    let young = this.#young;
    if ((young.used + 1) * 2 > young.slots) young = this.#enlarge();
    const slot = this.#probe(young, idHigh, idLow);
    if (young.ids[slot * 2] === (idHigh | 0) && young.ids[slot * 2 + 1] === (idLow | 0)) return false;
    young.used += 1;
    young.ids[slot * 2] = idHigh;
    young.ids[slot * 2 + 1] = idLow;
    young.links[slot * 2] = passed.from;
    young.links[slot * 2 + 1] = passed.to;
    young.values[slot * 2] = passed.valueIn;
    // One number for what left and what may come back of it: the sign says whether change is due.
    young.values[slot * 2 + 1] = passed.changeDue > 0 ? -passed.valueOut - 1 : passed.valueOut;
    if (passed.changeDue > 0) addDue(this.#youngDue, passed.to, passed.changeDue);
    return true;
  }

  /** True when the id passed lately. */
  has(idHigh: number, idLow: number): boolean {
    return this.#seek(this.#young, idHigh, idLow) >= 0 || this.#seek(this.#old, idHigh, idLow) >= 0;
  }

  /** Takes a packet's facts out: whoever gets them has the right to return it, once. Valid until the next call. */
  take(idHigh: number, idLow: number, sentTo: number): Passed | undefined {
    return (
      this.#takeFrom(this.#young, this.#youngDue, { idHigh, idLow, sentTo }) ??
      this.#takeFrom(this.#old, this.#oldDue, { idHigh, idLow, sentTo })
    );
  }

  #takeFrom(
    generation: Generation,
    due: Map<number, number>,
    { idHigh, idLow, sentTo }: { idHigh: number; idLow: number; sentTo: number },
  ): Passed | undefined {
    const slot = this.#seek(generation, idHigh, idLow);
    if (slot < 0 || generation.links[slot * 2 + 1] !== sentTo) return undefined;
    const found = this.#found;
    const out = generation.values[slot * 2 + 1] as number;
    found.from = generation.links[slot * 2] as number;
    found.to = sentTo;
    found.valueIn = generation.values[slot * 2] as number;
    found.valueOut = out < 0 ? -out - 1 : out;
    found.changeDue = out < 0 ? found.valueOut : 0;
    // The id stays known, so that a copy is still a copy; nobody is its next hop any more.
    generation.links[slot * 2 + 1] = TAKEN;
    addDue(due, sentTo, -found.changeDue);
    return found;
  }

  /** `value` came back on link `from` in answer to a packet: that much less is due. */
  answered(idHigh: number, idLow: number, from: number, value: number): void {
    for (const [generation, due] of [
      [this.#young, this.#youngDue],
      [this.#old, this.#oldDue],
    ] as const) {
      const slot = this.#seek(generation, idHigh, idLow);
      if (slot >= 0 && generation.links[slot * 2 + 1] === from) addDue(due, from, -value);
    }
  }

  /** What may still come back as change on a link. Units. */
  changeDue(link: number): number {
    return (this.#youngDue.get(link) ?? 0) + (this.#oldDue.get(link) ?? 0);
  }

  #enlarge(): Generation {
    const old = this.#young;
    if (old.slots >= MOST_SLOTS) {
      this.#rotate();
      return this.#young;
    }
    const larger = new Generation(old.slots * 2);
    for (let slot = 0; slot < old.slots; slot += 1) {
      const [high, low] = [old.ids[slot * 2] as number, old.ids[slot * 2 + 1] as number];
      if (high === 0 && low === 0) continue;
      const at = this.#probe(larger, high, low);
      for (const side of [0, 1]) {
        larger.ids[at * 2 + side] = old.ids[slot * 2 + side] as number;
        larger.links[at * 2 + side] = old.links[slot * 2 + side] as number;
        larger.values[at * 2 + side] = old.values[slot * 2 + side] as number;
      }
    }
    larger.used = old.used;
    this.#young = larger;
    return larger;
  }

  #seek(generation: Generation, idHigh: number, idLow: number): number {
    const slot = this.#probe(generation, idHigh, idLow);
    return generation.ids[slot * 2] === 0 && generation.ids[slot * 2 + 1] === 0 ? -1 : slot;
  }

  /** The slot of the id, or the free one where it would stand. */
  #probe(generation: Generation, idHigh: number, idLow: number): number {
    const { ids } = generation;
    const mask = generation.slots - 1;
    let hash = Math.imul((idLow ^ this.#salt) | 0, 0x9e3779b1) ^ Math.imul(idHigh | 0, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const high = ids[slot * 2] as number;
      const low = ids[slot * 2 + 1] as number;
      if ((high === (idHigh | 0) && low === (idLow | 0)) || (high === 0 && low === 0)) return slot;
    }
  }
}

/** The packet was returned, or delivered: its id is only remembered. */
const TAKEN = -9;

function addDue(due: Map<number, number>, link: number, value: number): void {
  if (value !== 0) due.set(link, Math.max(0, (due.get(link) ?? 0) + value));
}
