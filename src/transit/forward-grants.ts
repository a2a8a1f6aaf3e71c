import type { Clock, Timer } from '../core/clock.ts';
import type { ServiceDoor } from '../core/ledger/door.ts';
import type { Link } from '../link/link.ts';

export interface ForwardGrantsOptions {
  readonly clock: Clock;
  readonly link: Link;
  readonly door: ServiceDoor;
  /** How much may be outstanding; more is asked for when half of it is used. */
  readonly targetBytes: number;
}

/**
 * What a neighbour may send through this node, opens included. An upload is served on credit the moment it arrives,
 * so room is reserved on the account first and then granted to the link (DESIGN §3): one manager per link.
 */
export class ForwardGrants {
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #door: ServiceDoor;
  readonly #targetBytes: number;
  #outstanding = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: ForwardGrantsOptions) {
    this.#clock = options.clock;
    this.#link = options.link;
    this.#door = options.door;
    this.#targetBytes = options.targetBytes;
  }

  /** Granted and not used yet, bytes. */
  get outstandingBytes(): number {
    return this.#outstanding;
  }

  /** Reserves and grants more if half of the target or less is outstanding. Whoever is refused is asked for again by `topUp`. */
  topUp(): void {
    if (this.#closed || this.#outstanding > this.#targetBytes / 2) return;
    const allowance = this.#door.reserveForward(this.#targetBytes - this.#outstanding, this.#clock.nowMs());
    if (allowance.bytes > 0) {
      this.#outstanding += allowance.bytes;
      this.#link.grantForward(allowance.bytes);
    }
    if (allowance.retryMs !== undefined && this.#outstanding <= this.#targetBytes / 2) this.#retryIn(allowance.retryMs);
  }

  /** Books `bytes` that arrived. Throws what the door throws; the grant is used up all the same. */
  arrived(bytes: number, tag: number): void {
    this.#outstanding -= bytes;
    try {
      this.#door.arrived(bytes, tag, this.#clock.nowMs());
    } finally {
      this.topUp();
    }
  }

  /** Books bytes that nobody takes any more. A tag that breaks the rules has been reported with what came before. */
  discarded(bytes: number, tag: number): void {
    try {
      this.arrived(bytes, tag);
    } catch {
      // The channel is reset already; that is all that can be done about one channel.
    }
  }

  /** The link is gone, and its grants with it. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#door.forgetForward();
  }

  #retryIn(delayMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.after(Math.max(1, delayMs), () => {
      this.#timer = undefined;
      this.topUp();
    });
  }
}
