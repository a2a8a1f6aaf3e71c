import { SELF, type StrandReason } from '../core/carrier/carrier-decision.ts';
import { type PairFigures, PairQueue, type PairQueueLimits } from '../core/carrier/pair-queue.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { LinkRow } from '../core/ledger/ledger.ts';
import type { Changed } from '../wire/packet.ts';
import type { Stranded } from './mail-box.ts';
import { type PlacedPacket, placed } from './packet-cutter.ts';

export interface SharedMediumOptions {
  readonly clock: Clock;
  /** What all egress may take together. */
  readonly bytesPerSecond: number;
  readonly limits: PairQueueLimits;
  readonly weightOf: (from: LinkRow, to: LinkRow) => number;
  /** The medium is free for this packet: it goes to its link. */
  readonly leave: (from: LinkRow, to: LinkRow, packet: PlacedPacket, changed: Changed) => void;
  readonly stranded: (to: LinkRow, packet: Stranded, reason: StrandReason) => void;
  /** Runs what a timer lets go as one burst. */
  readonly burst: (act: () => void) => void;
}

interface Waiting {
  readonly from: LinkRow;
  readonly to: LinkRow;
  readonly packet: Buffer;
  readonly changed: Changed;
  readonly sinceMs: number;
}

/** What may go at once, so that a timer of a millisecond or two still fills the medium. Milliseconds. */
const BURST_MS = 4;

/** Rows are below this: a pair is one number. */
const ROWS = 2 ** 24;

/**
 * One medium, a radio for example, that all links of a node share (DESIGN §6): packets towards every neighbour wait in one
 * place, and all ordered pairs compete for it by their weights. What goes back does not wait here.
 */
export class SharedMedium {
  readonly #options: SharedMediumOptions;
  readonly #queue: PairQueue<Waiting>;
  /** When all that was let go is over. */
  #freeMs = 0;
  #timer: Timer | undefined;

  constructor(options: SharedMediumOptions) {
    this.#options = options;
    this.#queue = new PairQueue<Waiting>({
      ...options.limits,
      weightOf: (pair) => options.weightOf(fromOf(pair), toOf(pair)),
      dropped: (waiting) => this.#strand(waiting, 'CONGESTED'),
    });
  }

  /** Lets a packet go on to its link, or has it wait for its turn. */
  put(from: LinkRow, to: LinkRow, packet: PlacedPacket, changed: Changed): void {
    if (this.#queue.packets === 0 && this.#free()) {
      this.#take(packet.length);
      return this.#options.leave(from, to, packet, changed);
    }
    const bytes = Buffer.from(packet.bytes.subarray(packet.at, packet.at + packet.length));
    const sinceMs = this.#options.clock.nowMs();
    this.#queue.push(pairOf(from, to), { from, to, packet: bytes, changed: { ...changed }, sinceMs }, bytes.length);
    this.#schedule();
  }

  #free(): boolean {
    return this.#freeMs <= this.#options.clock.nowMs() + BURST_MS;
  }

  #take(bytes: number): void {
    const startMs = Math.max(this.#freeMs, this.#options.clock.nowMs());
    this.#freeMs = startMs + (bytes * 1000) / this.#options.bytesPerSecond;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#queue.packets === 0) return;
    const waitMs = Math.max(1, this.#freeMs - this.#options.clock.nowMs() - BURST_MS / 2);
    this.#timer = this.#options.clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#options.burst(() => this.#go());
      this.#schedule();
    });
  }

  #go(): void {
    while (this.#queue.packets > 0 && this.#free()) {
      const waiting = this.#queue.shift() as Waiting;
      waiting.changed.lifeMs -= Math.floor(this.#options.clock.nowMs() - waiting.sinceMs);
      if (waiting.changed.lifeMs < 1) {
        this.#strand(waiting, 'EXPIRED');
        continue;
      }
      this.#take(waiting.packet.length);
      this.#options.leave(waiting.from, waiting.to, placed(waiting.packet), waiting.changed);
    }
  }

  #strand({ changed, from, packet, to }: Waiting, reason: StrandReason): void {
    this.#options.stranded(to, { packet, from, value: changed.value }, reason);
  }

  /** How full the line is, 0 … 1. */
  get fill(): number {
    const { maxBytes, maxPackets } = this.#options.limits;
    return Math.max(this.#queue.bytes / maxBytes, this.#queue.packets / maxPackets);
  }

  /** What a neighbour offers changed. */
  reweigh(): void {
    this.#queue.reweigh();
  }

  /** A link ended: what waits for it is found without one in its turn. */
  forget(row: LinkRow): void {
    const pairs = [...this.#queue.figures()].map(({ from }) => from);
    for (const pair of pairs) if (fromOf(pair) === row || toOf(pair) === row) this.#queue.forget(pair);
  }

  /** Every pair towards a link; `from` is the neighbour's row. */
  figures(to: LinkRow): PairFigures[] {
    return [...this.#queue.figures()]
      .filter(({ from }) => toOf(from) === to)
      .map((figures) => ({ ...figures, from: fromOf(figures.from) }));
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function pairOf(from: LinkRow, to: LinkRow): number {
  return (from - SELF) * ROWS + to;
}

function fromOf(pair: number): LinkRow {
  return Math.floor(pair / ROWS) + SELF;
}

function toOf(pair: number): LinkRow {
  return pair % ROWS;
}
