import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { MAX_NEIGHBOURS } from './neighbours.ts';

/** Whom the operator has stopped paying, known here already or not. Forgotten when the process ends. */
export class Pauses {
  #all = false;
  /** For whom it is the other way than for all. */
  readonly #others = new Set<NodeId>();

  /** All payments are paused, but for those resumed since. */
  get all(): boolean {
    return this.#all;
  }

  /** Holds for everyone, or for one neighbour from now on. Throws `NEIGHBOURS_EXHAUSTED` for more than there can be. */
  set(paused: boolean, neighbour?: NodeId): void {
    if (neighbour === undefined) {
      this.#all = paused;
      this.#others.clear();
    } else if (paused === this.#all) {
      this.#others.delete(neighbour);
    } else if (this.#others.size < MAX_NEIGHBOURS) {
      this.#others.add(neighbour);
    } else {
      throw new WayleaveError('NEIGHBOURS_EXHAUSTED', { neighbours: MAX_NEIGHBOURS });
    }
  }

  of(neighbour: NodeId): boolean {
    return this.#others.has(neighbour) !== this.#all;
  }
}
