import type { Clock } from '../core/clock.ts';
import type { EventKind, NodeEvent } from './node.ts';

/** What a node tells whoever listens. Nothing is made where nobody does. */
export class EventFeed {
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: NodeEvent) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns what ends it. */
  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(kind: EventKind, facts: Readonly<Record<string, unknown>>): void {
    if (this.#listeners.size === 0) return;
    const event = { kind, atMs: this.#clock.wallMs(), ...facts } as NodeEvent;
    for (const listener of [...this.#listeners]) listener(event);
  }
}
