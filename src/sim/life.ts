/**
 * One life of one simulated process, from its start to its end. Every simulated port asks `touch` before it does
 * anything: once the process is dead nothing happens any more, promises are never settled, timers never fire. Since only
 * ports have effects outside a process, dying at its n-th call of a port is a crash between any two effects.
 */
export class Life {
  /** Calls of ports so far, in this life. */
  calls = 0;
  /** The port at whose call it died, if it died at one. That call had no effect. */
  diedAt: string | undefined;
  #alive = true;
  #killAt = Number.POSITIVE_INFINITY;
  #listeners: (() => void)[] = [];

  get alive(): boolean {
    return this.#alive;
  }

  /** True when the call may go on; false when the process is dead, or dies right here. */
  touch(port: string): boolean {
    if (!this.#alive) return false;
    this.calls += 1;
    if (this.calls < this.#killAt) return true;
    this.diedAt = port;
    this.kill();
    return false;
  }

  /** Lets it die in place of its n-th call, counted from its start; at the next call, if there have been as many. */
  killAtCall(n: number): void {
    this.#killAt = n;
  }

  /** Ends it at once. Its code may still be on the stack: whatever that does has no effect any more. */
  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const tell of listeners) tell();
  }

  /** Calls `fn` when it dies, in the middle of whatever it was doing; at once, if it is dead. */
  onDeath(fn: () => void): void {
    if (this.#alive) this.#listeners.push(fn);
    else fn();
  }
}
