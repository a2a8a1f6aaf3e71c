/** How often each fault and each cheat really happened, by name (`crash.store.commit`): a plan of faults proves nothing. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  count(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  /** How often it happened; 0 if it never did. */
  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Whether anything happened whose name begins so. */
  any(prefix: string): boolean {
    for (const [name, times] of this.#counts) if (times > 0 && name.startsWith(prefix)) return true;
    return false;
  }

  /** Adds what happened in another run. */
  add(other: Coverage): void {
    for (const [name, times] of other.counts) this.count(name, times);
  }

  /** In the order of the names. */
  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
