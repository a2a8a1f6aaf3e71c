import type { Clock, Timer } from '../core/clock.ts';
import { KEEP_ALIVE_MS, SILENT_MS } from './limits.ts';

export interface KeepAliveOptions {
  /** Between pings, milliseconds. */
  readonly everyMs?: number;
  /** Silence after which the neighbour is taken for dead, milliseconds; at least `everyMs`. */
  readonly silentMs?: number;
}

interface KeepAliveEvents {
  ping(value: number): void;
  measured(roundTripMs: number): void;
  silent(): void;
}

/** Pings now and then, measures the round trip, and notices when nothing is heard any more. */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #events: KeepAliveEvents;
  readonly #everyMs: number;
  readonly #silentMs: number;
  #timer: Timer | undefined;
  #value = 0;
  #sentMs: number | undefined;
  #quietMs = 0;
  #heard = true;
  #asking: (() => void)[] = [];

  constructor(clock: Clock, events: KeepAliveEvents, options: KeepAliveOptions = {}) {
    this.#clock = clock;
    this.#events = events;
    this.#everyMs = options.everyMs ?? KEEP_ALIVE_MS;
    this.#silentMs = options.silentMs ?? SILENT_MS;
  }

  start(): void {
    this.#ping();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#asking = [];
  }

  /** Anything arrived. */
  heard(): void {
    this.#heard = true;
  }

  /** Pings now; `answered` is called with the next answer, or never. */
  ask(answered: () => void): void {
    this.#asking.push(answered);
    this.#ping();
  }

  /** An answer to an older ping than the last says nothing. */
  pong(value: number): void {
    if (value !== this.#value || this.#sentMs === undefined) return;
    this.#events.measured(this.#clock.nowMs() - this.#sentMs);
    this.#sentMs = undefined;
    const asking = this.#asking;
    this.#asking = [];
    for (const answered of asking) answered();
  }

  #ping(): void {
    this.#value = (this.#value + 1) >>> 0;
    this.#sentMs = this.#clock.nowMs();
    this.#events.ping(this.#value);
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#everyMs, () => {
      this.#quietMs = this.#heard ? 0 : this.#quietMs + this.#everyMs;
      this.#heard = false;
      if (this.#quietMs >= this.#silentMs) return this.#events.silent();
      this.#ping();
      this.#arm();
    });
  }
}
