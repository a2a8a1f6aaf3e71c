import { StateSet } from './state-set.ts';

const FIRST_STATES = 1 << 16;
const FRESH = 255;

/** Every state that was found, by number: where it was met first, how deep, and what is still to be tried there. */
export class StateTable {
  readonly #numbers = new StateSet(FIRST_STATES);
  #parents = new Int32Array(FIRST_STATES);
  #actions = new Uint8Array(FIRST_STATES);
  #depths = new Uint8Array(FIRST_STATES).fill(FRESH);
  /** A bit per action: what can happen next, and what of it was not tried yet. */
  #able = new Float64Array(FIRST_STATES);
  #untried = new Float64Array(FIRST_STATES);

  get size(): number {
    return this.#numbers.size;
  }

  number(high: number, low: number): number {
    const number = this.#numbers.number(high, low);
    if (number === this.#parents.length) this.#grow();
    return number;
  }

  /** Actions from the first state to here, at the most; `FRESH` where it was just found. */
  depth(state: number): number {
    return this.#depths[state] as number;
  }

  parent(state: number): number {
    return this.#parents[state] as number;
  }

  /** The action that led from its parent here. */
  action(state: number): number {
    return this.#actions[state] as number;
  }

  able(state: number): number {
    return this.#able[state] as number;
  }

  untried(state: number): number {
    return this.#untried[state] as number;
  }

  /** A shorter way to this state, or the first one. */
  met(state: number, way: { parent: number; action: number; depth: number; able: number; untried: number }): void {
    this.#parents[state] = way.parent;
    this.#actions[state] = way.action;
    this.#depths[state] = way.depth;
    this.#able[state] = way.able;
    this.#untried[state] = way.untried;
  }

  /** The lowest action that was not tried here, which is from now on; -1 when none is left. */
  take(state: number): number {
    const untried = this.#untried[state] as number;
    if (untried === 0) return -1;
    const action = lowest(untried);
    this.#untried[state] = untried - 2 ** action;
    return action;
  }

  history(state: number): number[] {
    const history: number[] = [];
    for (let at = state; at > 0; at = this.parent(at)) history.push(this.action(at));
    return history.reverse();
  }

  #grow(): void {
    const size = this.#parents.length * 2;
    this.#parents = grown(new Int32Array(size), this.#parents);
    this.#actions = grown(new Uint8Array(size), this.#actions);
    this.#depths = grown(new Uint8Array(size).fill(FRESH), this.#depths);
    this.#able = grown(new Float64Array(size), this.#able);
    this.#untried = grown(new Float64Array(size), this.#untried);
  }
}

/** The lowest bit that is set, of at most 53. */
function lowest(bits: number): number {
  const low = (bits % 2 ** 32) | 0;
  return low === 0 ? 32 + lowest(Math.floor(bits / 2 ** 32)) : 31 - Math.clz32(low & -low);
}

/** Is this action among them? */
export function has(actions: number, action: number): boolean {
  return Math.floor(actions / 2 ** action) % 2 === 1;
}

function grown<T extends Int32Array | Uint8Array | Float64Array>(larger: T, old: T): T {
  larger.set(old);
  return larger;
}
