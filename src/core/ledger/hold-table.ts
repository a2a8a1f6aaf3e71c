import { WayleaveError } from '../errors.ts';

/** Why a hold was refused: negative, so that it shares a number with handles. */
export const Refusal = { limit: -1, lease: -2, halted: -3 } as const;

/** A handle ≥ 0, or one of `Refusal`. */
export type HoldResult = number;

/** Slots addressable by a handle: 2²⁰. More holds at once than that is a leak, not a load. */
const SLOT_LIMIT = 2 ** 20;
const SLOT_MASK = SLOT_LIMIT - 1;
/** One generation later. With the slot a handle has 31 bits, which V8 keeps in a register: a larger one would be allocated. */
const GENERATION = SLOT_LIMIT;
const HANDLE_MASK = 2 ** 31 - 1;
/** Few links have more than one hold open at a moment, and an array this small costs no allocation outside the heap. */
const FIRST_SLOTS = 8;
/** Of a slot never used: no handle, and none that has ended. */
const UNUSED = -1;

/**
 * Reservations in flight. A handle is a slot number with a generation, so that ending a hold twice, or ending one that
 * was never made, is noticed at once instead of ending somebody else's.
 */
export class HoldTable {
  #units = new Float64Array(FIRST_SLOTS);
  /** Twice the row, plus the side. */
  #rows = new Int32Array(FIRST_SLOTS);
  /** The handle while the hold is open, and its complement, below zero, from then on. */
  #marks = new Int32Array(FIRST_SLOTS).fill(UNUSED);
  #free = new Int32Array(FIRST_SLOTS);
  #freeCount = 0;
  #used = 0;

  /** Makes a hold and returns its handle, ≥ 0. Throws `HOLDS_EXHAUSTED`. */
  take(row: number, units: number, side: 0 | 1): number {
    let slot: number;
    let handle: number;
    if (this.#freeCount > 0) {
      this.#freeCount -= 1;
      slot = this.#free[this.#freeCount] as number;
      handle = (~(this.#marks[slot] as number) + GENERATION) & HANDLE_MASK;
    } else {
      if (this.#used === this.#units.length) this.#grow();
      slot = this.#used;
      this.#used += 1;
      handle = GENERATION | slot;
    }
    this.#marks[slot] = handle;
    this.#units[slot] = units;
    this.#rows[slot] = (row << 1) | side;
    return handle;
  }

  /** The slot of a hold that is still open. Throws `HOLD_UNKNOWN`. */
  find(handle: number): number {
    const slot = handle & SLOT_MASK;
    if (this.#marks[slot] !== handle || handle < 0) throw new WayleaveError('HOLD_UNKNOWN', { handle });
    return slot;
  }

  /** Ends the hold and returns its slot, whose facts stay readable until the next `take`. Throws `HOLD_UNKNOWN`. */
  end(handle: number): number {
    const slot = this.find(handle);
    this.#marks[slot] = ~handle;
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
    return slot;
  }

  units(slot: number): number {
    return this.#units[slot] as number;
  }

  /** Makes an open hold larger or smaller. */
  setUnits(slot: number, units: number): void {
    this.#units[slot] = units;
  }

  row(slot: number): number {
    return (this.#rows[slot] as number) >>> 1;
  }

  /** 0: a hold for providing; 1: for consuming. */
  side(slot: number): 0 | 1 {
    return ((this.#rows[slot] as number) & 1) as 0 | 1;
  }

  get live(): number {
    return this.#used - this.#freeCount;
  }

  #grow(): void {
    const size = this.#units.length * 2;
    if (size > SLOT_LIMIT) throw new WayleaveError('HOLDS_EXHAUSTED', { holds: this.#used });
    const copy = <T extends Float64Array | Int32Array>(larger: T, old: T): T => {
      larger.set(old);
      return larger;
    };
    this.#units = copy(new Float64Array(size), this.#units);
    this.#rows = copy(new Int32Array(size), this.#rows);
    this.#marks = copy(new Int32Array(size).fill(UNUSED), this.#marks);
    this.#free = copy(new Int32Array(size), this.#free);
  }
}
