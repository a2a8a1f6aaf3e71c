import type { Clock, Timer } from '../core/clock.ts';

/** Something that waits for a neighbour's account to allow it. */
export interface Turn {
  /** Owned by the line: whether it stands in it. */
  queued: boolean;
  /** Tries again. Returns whether anything moved. Whatever is still refused calls `WaitingLine.refuse` again. */
  turn(): boolean;
}

/**
 * The streams that wait for one neighbour's account, first come first served: without it the stream that happens to
 * receive data most often would take all that a throttled neighbour is still allowed. Who moved and is refused
 * again goes to the end; who could not move at all stays first, and the line stops there.
 */
export class WaitingLine {
  readonly #clock: Clock;
  #waiting: Turn[] = [];
  #serving: Turn | undefined;
  #refused = false;
  #waking = false;
  #again = false;
  #timer: Timer | undefined;
  #dueMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** True when `turn` may ask the account now. Otherwise others came first, and it has been put behind them. */
  mayTry(turn: Turn): boolean {
    if (this.#waiting.length === 0 || this.#serving === turn) return true;
    if (!turn.queued) this.#join(turn);
    return false;
  }

  /** The account said no. `retryMs` says when time alone may change that; otherwise `wake` will be called. */
  refuse(turn: Turn, retryMs: number | undefined): void {
    if (retryMs !== undefined) this.#setTimer(retryMs);
    if (this.#serving === turn) this.#refused = true;
    else if (!turn.queued) this.#join(turn);
  }

  /** Something changed: lets those who wait try again, in order. */
  wake(): void {
    this.#again = true;
    if (this.#waking) return;
    this.#waking = true;
    while (this.#again) {
      this.#again = false;
      this.#serve();
    }
    this.#waking = false;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting = [];
  }

  #serve(): void {
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      this.#serving = head;
      this.#refused = false;
      const moved = head.turn();
      this.#serving = undefined;
      if (this.#refused && !moved) return;
      if (this.#waiting[0] === head) this.#waiting.shift();
      head.queued = false;
      if (this.#refused) this.#join(head);
    }
  }

  #join(turn: Turn): void {
    turn.queued = true;
    this.#waiting.push(turn);
  }

  #setTimer(delayMs: number): void {
    const delay = Math.max(1, delayMs);
    const dueMs = this.#clock.nowMs() + delay;
    if (this.#timer !== undefined && this.#dueMs <= dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#clock.after(delay, () => {
      this.#timer = undefined;
      this.wake();
    });
  }
}
