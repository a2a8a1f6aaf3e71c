import { SeededRandom } from '../seeded-random.ts';
import { FIRST_FRAME as firstFrame, LINK_EVENT as linkEvent } from './link-event.ts';
import { LinkQueue } from './link-queue.ts';
import type { MassCounts } from './mass-counts.ts';
import { MassEnd } from './mass-end.ts';
import type { MassLaws } from './mass-laws.ts';
import type { MassNode } from './mass-node.ts';
import type { MassSettings } from './mass-settings.ts';

// Constants of its own, for speed (core/ledger/ledger.ts).
const [FIRST_FRAME, LINK_EVENT] = [firstFrame, linkEvent];

/** What links of one world share. */
export interface MassStage {
  readonly settings: MassSettings;
  readonly laws: MassLaws;
  readonly counts: MassCounts;
}

/** Links lean one way or the other: else nobody would ever owe much. */
const LEAST_SHARE = 0.1;

/** A broken connection is made again within this time. Milliseconds. */
export const MOST_DOWN_MS = 30_000;
const HOUR_MS = 3_600_000;

/** One link: two ends, what is under way between them, and what is wanted of them. */
export class MassLink {
  readonly a: MassEnd;
  readonly b: MassEnd;
  readonly queue: LinkQueue;
  /** The part of its charges by which the first end sells, 0 … 1. */
  readonly share: number;
  /** While nobody trades nothing breaks, either. */
  trading = true;
  readonly #stage: MassStage;
  readonly #random: SeededRandom;
  readonly #everyMs: number;
  /** What is left of a millisecond when the next want is due. */
  #fraction = 0;

  constructor(stage: MassStage, index: number, [one, two]: readonly [MassNode, MassNode]) {
    this.#stage = stage;
    this.#everyMs = 1_000 / stage.settings.rate;
    // Of its own: what happens on a link does not depend on how many others there are.
    this.#random = new SeededRandom(`${stage.settings.seed}/link ${index}`);
    this.queue = new LinkQueue(this.#random.between(0, 2 * stage.settings.delayMs));
    this.share = LEAST_SHARE + this.#random.next() * (1 - 2 * LEAST_SHARE);
    this.a = new MassEnd(stage, this, { node: one, peer: two, side: 0 });
    this.b = new MassEnd(stage, this, { node: two, peer: one, side: 1 });
    this.a.other = this.b;
    this.b.other = this.a;
  }

  /** Both ends connect, and trade begins, each link at a moment of its own. */
  begin(): void {
    this.queue.post(0, LINK_EVENT.connect);
    this.queue.post(1_000 + this.#random.next() * this.#everyMs, LINK_EVENT.trade);
    this.queue.post(this.#nextBreakMs(), LINK_EVENT.break);
  }

  /** Runs it alone until `untilMs`. */
  run(untilMs: number): void {
    for (let what = this.queue.next(untilMs); what >= 0; what = this.queue.next(untilMs)) this.#happen(what);
  }

  /** A frame is on its way to an end. */
  frame(to: MassEnd, frame: number): void {
    this.queue.send(FIRST_FRAME + frame * 2 + to.side);
  }

  #happen(what: number): void {
    const end = (what & 1) === 0 ? this.a : this.b;
    if (what >= FIRST_FRAME) return end.frame((what - FIRST_FRAME) >> 1);
    switch (what) {
      case LINK_EVENT.trade:
        return this.#trade();
      case LINK_EVENT.break:
        return this.#break();
      case LINK_EVENT.connect:
        return this.#connect();
      default:
        return end.happen(what - end.side);
    }
  }

  #trade(): void {
    if (!this.trading) return;
    const nextMs = this.#everyMs + this.#fraction;
    const wholeMs = Math.floor(nextMs);
    this.#fraction = nextMs - wholeMs;
    this.queue.post(wholeMs, LINK_EVENT.trade);
    const sells = this.#random.chance(this.share) ? this.a : this.b;
    const wanted = this.#random.between(1, 2 * this.#stage.settings.bytes - 1);
    // Who does not pay does not serve, either: its neighbours learn to ask elsewhere.
    const seller = sells.node.freeRider ? sells.other : sells;
    if (!seller.node.freeRider) seller.serve(wanted);
  }

  #connect(): void {
    this.a.connect();
    this.b.connect();
  }

  #break(): void {
    if (!this.trading) return;
    this.#stage.counts.breaks += 1;
    this.a.disconnect();
    this.b.disconnect();
    const downMs = this.#random.between(1, MOST_DOWN_MS);
    this.queue.post(downMs, LINK_EVENT.connect);
    this.queue.post(downMs + this.#nextBreakMs(), LINK_EVENT.break);
  }

  /** Uniform around the mean. */
  #nextBreakMs(): number {
    const { breaksPerHour } = this.#stage.settings;
    return breaksPerHour === 0 ? Number.POSITIVE_INFINITY : 1 + (this.#random.next() * 2 * HOUR_MS) / breaksPerHour;
  }
}
