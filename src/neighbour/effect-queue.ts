import type { SessionEffect } from '../core/session/session-effect.ts';

export interface EffectQueueOptions {
  /** Does what the session asked for; a promise where that takes time. */
  readonly perform: (effect: SessionEffect) => Promise<void> | undefined;
  readonly failed: (effect: SessionEffect, error: unknown) => void;
}

/** What a session asked for, done in that order, one after another. */
export class EffectQueue {
  readonly #options: EffectQueueOptions;
  readonly #waiting: SessionEffect[] = [];
  #draining = false;
  #idle: (() => void)[] = [];

  constructor(options: EffectQueueOptions) {
    this.#options = options;
  }

  /** They wait until `drain`, or for those that are being performed. */
  add(effects: readonly SessionEffect[]): void {
    this.#waiting.push(...effects);
  }

  drain(): void {
    if (!this.#draining) void this.#drain();
  }

  async #drain(): Promise<void> {
    const { failed, perform } = this.#options;
    this.#draining = true;
    for (let effect = this.#waiting.shift(); effect !== undefined; effect = this.#waiting.shift()) {
      try {
        const done = perform(effect);
        if (done !== undefined) await done;
      } catch (error) {
        failed(effect, error);
      }
    }
    this.#draining = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** True while an effect is being performed that takes time. */
  get busy(): boolean {
    return this.#draining;
  }

  /** Effects that wait for the one being performed. */
  get waiting(): readonly SessionEffect[] {
    return this.#waiting;
  }

  /** Nothing is being performed, and nothing waits. */
  get empty(): boolean {
    return !this.#draining && this.#waiting.length === 0;
  }

  /**
   * What was still to be said on a connection that is over must not be said on the next one. What is to be written stays: a
   * payment the account counts as under way is written, or told of as failed.
   */
  keepSilent(): void {
    const kept = this.#waiting.filter(({ kind }) => kind !== 'send' && kind !== 'close');
    this.#waiting.splice(0, Number.POSITIVE_INFINITY, ...kept);
  }

  /** Resolves when every effect so far was performed. */
  settled(): Promise<void> {
    if (!this.#draining) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
