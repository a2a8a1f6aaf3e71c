import type { Timer } from '../core/clock.ts';

/** Called when its moment has come, with the number given to `post`; 0 for `after`. */
export type Fire = (argument: number) => void;

/**
 * Moments are whole multiples of 1/1024 ms, so that their differences are exact: a timer of 50 ms fires when 50 ms have
 * passed, never when 49.999… have.
 */
const TICKS_PER_MS = 1024;

/** Children of one entry of the heap. Four make it half as deep as two, and lie in one cache line. */
const FAN_OUT = 4;

const FIRST_SLOTS = 256;

/** Cancelled entries stay where they are until there are this many, and more of them than of the others. */
const MIN_SWEEP = 256;

/**
 * Virtual time: what will happen, in order of (moment, order of asking). Nothing happens between two events, and
 * everything one event does happens at one moment. The same calls give the same run.
 *
 * Columns instead of objects: an event is a slot number; setting and firing one allocates nothing but its Timer.
 */
export class Timeline {
  /** Milliseconds since the world began. Only `next` moves it. */
  nowMs = 0;
  /** Events fired so far. */
  steps = 0;
  #sequence = 0;
  #size = 0;
  #cancelled = 0;
  #asynchronous = false;
  // The heap, by position.
  #heapAt = new Float64Array(FIRST_SLOTS);
  #heapSequence = new Float64Array(FIRST_SLOTS);
  #heapSlot = new Int32Array(FIRST_SLOTS);
  // The events, by slot. A slot whose sequence is not that of its heap entry has been cancelled.
  #slotSequence = new Float64Array(FIRST_SLOTS).fill(-1);
  #slotArgument = new Float64Array(FIRST_SLOTS);
  readonly #slotFire: (Fire | undefined)[] = [];
  readonly #free: number[] = [];

  /** Events that are still to come. */
  get pending(): number {
    return this.#size - this.#cancelled;
  }

  /** When the next event comes; undefined when none will. */
  get nextAtMs(): number | undefined {
    return this.#dropCancelled() ? this.#heapAt[0] : undefined;
  }

  /** Calls `fire` in `delayMs` (0 for anything below), after everything that was set for that moment before. */
  after(delayMs: number, fire: () => void): Timer {
    if (delayMs === Number.POSITIVE_INFINITY) return NEVER;
    const sequence = this.#sequence;
    return new Cancel(this, this.#push(delayMs, fire, 0), sequence);
  }

  /** As `after`, for what is never cancelled: nothing is allocated where `fire` is not. */
  post(delayMs: number, fire: Fire, argument: number): void {
    if (delayMs !== Number.POSITIVE_INFINITY) this.#push(delayMs, fire, argument);
  }

  /** Fires the next event and moves the time to it; false when none is left. */
  next(): boolean {
    if (!this.#dropCancelled()) return false;
    const slot = this.#heapSlot[0] as number;
    this.nowMs = this.#heapAt[0] as number;
    this.steps += 1;
    const fire = this.#slotFire[slot];
    const argument = this.#slotArgument[slot] as number;
    this.#release(slot);
    this.#pop();
    fire?.(argument);
    return true;
  }

  /** To be called by every port that returns or resolves a promise: code waits outside this timeline. */
  asynchronous(): void {
    this.#asynchronous = true;
  }

  /** Whether promises must run out before the next event, and forgets it. */
  takeAsynchronous(): boolean {
    const was = this.#asynchronous;
    this.#asynchronous = false;
    return was;
  }

  /** Takes back what was set under this number; called by its Timer. */
  cancel(slot: number, sequence: number): void {
    if (this.#slotSequence[slot] !== sequence) return;
    this.#release(slot);
    this.#cancelled += 1;
    if (this.#cancelled > MIN_SWEEP && this.#cancelled * 2 > this.#size) this.#sweep();
  }

  #push(delayMs: number, fire: Fire, argument: number): number {
    const slot = this.#free.pop() ?? this.#slotFire.length;
    if (slot === this.#slotSequence.length) this.#growSlots();
    this.#slotFire[slot] = fire;
    this.#slotArgument[slot] = argument;
    this.#slotSequence[slot] = this.#sequence;
    if (this.#size === this.#heapAt.length) this.#growHeap();
    // `>` is false for NaN too, which a system timer takes as 0.
    const delay = delayMs > 0 ? Math.ceil(delayMs * TICKS_PER_MS) / TICKS_PER_MS : 0;
    this.#up(this.#size++, this.nowMs + delay, this.#sequence++, slot);
    return slot;
  }

  #release(slot: number): void {
    this.#slotFire[slot] = undefined;
    this.#slotSequence[slot] = -1;
    this.#free.push(slot);
  }

  /** Makes the top of the heap a live event; false when there is none. */
  #dropCancelled(): boolean {
    while (this.#size > 0) {
      if (this.#slotSequence[this.#heapSlot[0] as number] === this.#heapSequence[0]) return true;
      this.#pop();
      this.#cancelled -= 1;
    }
    return false;
  }

  #pop(): void {
    const last = --this.#size;
    if (last > 0) {
      this.#down(0, this.#heapAt[last] as number, this.#heapSequence[last] as number, this.#heapSlot[last] as number);
    }
  }

  /** Throws all cancelled entries out at once, which costs a constant for each that was cancelled. */
  #sweep(): void {
    let kept = 0;
    for (let from = 0; from < this.#size; from += 1) {
      const slot = this.#heapSlot[from] as number;
      if (this.#slotSequence[slot] !== this.#heapSequence[from]) continue;
      this.#put(kept++, this.#heapAt[from] as number, this.#heapSequence[from] as number, slot);
    }
    this.#size = kept;
    this.#cancelled = 0;
    for (let at = Math.floor((kept - 2) / FAN_OUT); at >= 0; at -= 1) {
      this.#down(at, this.#heapAt[at] as number, this.#heapSequence[at] as number, this.#heapSlot[at] as number);
    }
  }

  /** Puts an entry at `position` or as far above as it belongs. */
  #up(position: number, at: number, sequence: number, slot: number): void {
    let here = position;
    while (here > 0) {
      const parent = (here - 1) >> 2;
      // What is pushed is the youngest, so it never passes one of the same moment.
      if ((this.#heapAt[parent] as number) <= at) break;
      this.#move(parent, here);
      here = parent;
    }
    this.#put(here, at, sequence, slot);
  }

  /** Puts an entry at `position` or as far below as it belongs. */
  #down(position: number, at: number, sequence: number, slot: number): void {
    const size = this.#size;
    const ats = this.#heapAt;
    const sequences = this.#heapSequence;
    let here = position;
    for (;;) {
      const first = here * FAN_OUT + 1;
      if (first >= size) break;
      let best = first;
      let bestAt = ats[first] as number;
      const end = Math.min(first + FAN_OUT, size);
      for (let child = first + 1; child < end; child += 1) {
        const childAt = ats[child] as number;
        if (childAt > bestAt) continue;
        if (childAt === bestAt && (sequences[child] as number) > (sequences[best] as number)) continue;
        best = child;
        bestAt = childAt;
      }
      if (bestAt > at || (bestAt === at && (sequences[best] as number) > sequence)) break;
      this.#move(best, here);
      here = best;
    }
    this.#put(here, at, sequence, slot);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#heapAt[from] as number, this.#heapSequence[from] as number, this.#heapSlot[from] as number);
  }

  #put(position: number, at: number, sequence: number, slot: number): void {
    this.#heapAt[position] = at;
    this.#heapSequence[position] = sequence;
    this.#heapSlot[position] = slot;
  }

  #growHeap(): void {
    this.#heapAt = doubled(this.#heapAt);
    this.#heapSequence = doubled(this.#heapSequence);
    const slots = new Int32Array(this.#heapSlot.length * 2);
    slots.set(this.#heapSlot);
    this.#heapSlot = slots;
  }

  #growSlots(): void {
    const used = this.#slotSequence.length;
    this.#slotSequence = doubled(this.#slotSequence).fill(-1, used);
    this.#slotArgument = doubled(this.#slotArgument);
  }
}

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(column.length * 2);
  longer.set(column);
  return longer;
}

/** A timer that was set to fire at no time. */
const NEVER: Timer = { cancel: () => {} };

class Cancel implements Timer {
  readonly #timeline: Timeline;
  readonly #slot: number;
  readonly #sequence: number;

  constructor(timeline: Timeline, slot: number, sequence: number) {
    this.#timeline = timeline;
    this.#slot = slot;
    this.#sequence = sequence;
  }

  cancel(): void {
    this.#timeline.cancel(this.#slot, this.#sequence);
  }
}
