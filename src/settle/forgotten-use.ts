import type { NodeId } from '../core/node-id.ts';
import type { Units } from '../core/units.ts';
import type { NoteRecord } from '../store/store.ts';

const PREFIX = 'forgotten-use:';

/**
 * What neighbours say to have had from this node since the copy of its books was made that it runs on, less what payments
 * made meanwhile were booked for it. So much of what chequebooks have paid out unbooked is theirs, and no more: by
 * saying less a neighbour would only keep less.
 */
export class ForgottenUse {
  readonly #restored: boolean;
  readonly #units = new Map<NodeId, Units>();

  /** `restored`: the books are a copy, or were begun anew. */
  constructor(restored: boolean, notes: readonly NoteRecord[]) {
    this.#restored = restored;
    for (const { name, text } of notes)
      if (name.startsWith(PREFIX)) this.#units.set(name.slice(PREFIX.length), Number(text));
  }

  /** Undefined where no books were lost. */
  of(neighbour: NodeId): Units | undefined {
    return this.#restored ? (this.#units.get(neighbour) ?? 0) : undefined;
  }

  /** So much more, or less where it was paid; the note to store. */
  add(neighbour: NodeId, units: number): NoteRecord {
    const left = Math.max(0, (this.#units.get(neighbour) ?? 0) + units);
    this.#units.set(neighbour, left);
    return { kind: 'note', name: PREFIX + neighbour, text: String(left) };
  }
}
