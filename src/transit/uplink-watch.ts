import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../core/clock.ts';
import { ResetCode } from '../link/link.ts';
import type { Egress } from './egress.ts';
import { resetCodeOf } from './reset-words.ts';
import { resetSocket } from './socket-side.ts';

/** So many connections in a row of which nothing was heard make it doubtful that anything outside is reached. */
const DOUBTFUL = 5;
/** The least time between two looks, and how often it is looked while nothing is reached. Milliseconds. */
const LOOK_MS = 10_000;
/** How long one look takes at most. */
const LOOK_TIMEOUT_MS = 3_000;
/**
 * After so long it is offered again, to be tried: there may be nothing to look at, or what was reached last may be gone
 * itself, by the will of a customer who reached it last.
 */
const TRIAL_MS = 120_000;
/** Of what was reached last, so many are remembered: one of them may be gone for reasons of its own. */
const MAX_TARGETS = 3;

/** Somewhere outside. */
export interface UplinkTarget {
  readonly address: string;
  readonly port: number;
}

/** What a connection or a look-up came to that says nothing answers. */
const SILENCE: ReadonlySet<ResetCode> = new Set([ResetCode.hostUnreachable, ResetCode.timedOut]);

/**
 * Whether a gateway's uplink carries anything, by what becomes of the connections that are opened through it. Who asks for
 * addresses at which nobody is must not make it look dead: before it counts as dead, what was reached last is tried.
 */
export class UplinkWatch {
  readonly #clock: Clock;
  readonly #egress: Egress;
  readonly #changed: (works: boolean) => void;
  #works = true;
  #silent = 0;
  #targets: readonly UplinkTarget[] = [];
  #looking = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #deadMs = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: { clock: Clock; egress: Egress; changed: (works: boolean) => void }) {
    this.#clock = options.clock;
    this.#egress = options.egress;
    this.#changed = options.changed;
  }

  get works(): boolean {
    return this.#works;
  }

  reached({ address, port }: UplinkTarget): void {
    const others = this.#targets.filter((each) => each.address !== address);
    this.#targets = [...others, { address, port }].slice(-MAX_TARGETS);
    this.#alive();
  }

  /** A connection, or a look-up, failed. Who refuses has answered. */
  failed(code: ResetCode): void {
    if (code === ResetCode.connectionRefused) return this.#alive();
    if (!SILENCE.has(code)) return;
    this.#silent += 1;
    const rested = this.#clock.nowMs() - this.#lookedMs >= LOOK_MS;
    if (this.#works && this.#silent >= DOUBTFUL && rested) this.#look();
  }

  #look(): void {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    this.#lookedMs = this.#clock.nowMs();
    void Promise.all(this.#targets.map((target) => this.#answers(target))).then((answers) => {
      this.#looking = false;
      // A customer may have reached something meanwhile.
      if (answers.includes(true) || this.#silent === 0) this.#alive();
      else this.#dead();
    });
  }

  #answers(target: UplinkTarget): Promise<boolean> {
    const socket: Duplex = this.#egress.connect(target);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#clock.after(LOOK_TIMEOUT_MS, () => resolve(false));
    socket.once('connect', () => resolve(true));
    // This listener stays: an error after the reset must not be unhandled.
    socket.on('error', (error) => resolve(resetCodeOf(error) === ResetCode.connectionRefused));
    return promise.finally(() => {
      timer.cancel();
      resetSocket(socket);
    });
  }

  #alive(): void {
    this.#silent = 0;
    this.#timer?.cancel();
    if (this.#works || this.#closed) return;
    this.#works = true;
    this.#changed(true);
  }

  #dead(): void {
    if (this.#closed) return;
    const nowMs = this.#clock.nowMs();
    if (this.#works) this.#deadMs = nowMs;
    const leftMs = Math.max(0, this.#deadMs + TRIAL_MS - nowMs);
    const looks = this.#targets.length > 0 && leftMs > LOOK_MS;
    this.#timer = looks
      ? this.#clock.after(LOOK_MS, () => this.#look())
      : this.#clock.after(leftMs, () => this.#alive());
    if (!this.#works) return;
    this.#works = false;
    this.#changed(false);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }
}
