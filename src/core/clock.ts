/**
 * The doors to time and chance. Rules never open them: they are told `nowMs`. Rooms on floors 1 to 3 receive them as
 * ports, so that the simulator can put virtual time and a seeded generator behind the same names.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, an integer; used for records that outlive the process. */
  wallMs(): number;
  /** Milliseconds that never go back, with an arbitrary origin; used for every interval. */
  nowMs(): number;
  /** Calls `fire` once, `delayMs` from now. */
  after(delayMs: number, fire: () => void): Timer;
}

/** A timer that has been set; `cancel` after it fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** A source of random bytes fit for keys and ids. */
export type RandomBytes = (count: number) => Uint8Array;
