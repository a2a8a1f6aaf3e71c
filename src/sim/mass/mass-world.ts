import { Ledger } from '../../core/ledger.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Timeline } from '../timeline.ts';
import { WORLD_BEGINS_MS } from '../virtual-clock.ts';
import { endOf } from './frame-argument.ts';
import { MassCounts } from './mass-counts.ts';
import { MassEnd } from './mass-end.ts';
import { MassLaws } from './mass-laws.ts';
import { LEAST_ASK, MOST_ASK } from './mass-money.ts';
import { MassNode } from './mass-node.ts';
import type { MassSettings } from './mass-settings.ts';
import type { MassStage } from './mass-stage.ts';

/** A link, and the part of its charges by which its first end sells, 0 … 1. */
interface MassLink {
  readonly a: MassEnd;
  readonly b: MassEnd;
  readonly share: number;
}

/** Links lean one way or the other: else nobody would ever owe much. */
const LEAST_SHARE = 0.1;

/** Credit is looked at this often: what income moves in less is a small part of a step of credit. Milliseconds. */
const CREDIT_LOOK_MS = 10_000;

/** A broken connection is made again within this time. Milliseconds. */
const MOST_DOWN_MS = 30_000;

/** After trade has ended, long enough for a payment that was refused to go again, and for what is cashed. Milliseconds. */
const REST_MS = 60_000;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Many nodes on the rules of `core/` alone: no bytes, disks, signatures or chain, but every session and every account. */
export class MassWorld {
  readonly settings: MassSettings;
  readonly timeline = new Timeline();
  readonly counts = new MassCounts();
  readonly laws = new MassLaws(this.counts);
  readonly nodes: readonly MassNode[];
  readonly ends: MassEnd[] = [];
  readonly #links: MassLink[] = [];
  readonly #random: SeededRandom;
  readonly #breaks: SeededRandom;
  readonly #tradeEveryMs: number;
  readonly #breakEveryMs: number;
  #trading = true;
  #over = false;

  constructor(settings: MassSettings) {
    this.settings = settings;
    const random = new SeededRandom(settings.seed);
    this.#random = random.fork('trade');
    this.#breaks = random.fork('breaks');
    this.#tradeEveryMs = 1_000 / settings.rate;
    this.#breakEveryMs = settings.breaksPerHour === 0 ? Number.POSITIVE_INFINITY : HOUR_MS / settings.breaksPerHour;
    this.nodes = this.#makeNodes(random.fork('nodes'));
    this.#makeLinks(random.fork('links'));
  }

  #makeNodes(random: SeededRandom): MassNode[] {
    const { freeRiders, links, nodes } = this.settings;
    const order = random.shuffled(Array.from({ length: nodes }, (_, index) => index));
    const ledger = new Ledger(nodes * links);
    const riders = new Set(order.slice(0, Math.round((nodes * freeRiders) / 100)));
    return Array.from({ length: nodes }, (_, index) => {
      return new MassNode({
        index,
        ledger,
        askPerMb: random.between(LEAST_ASK, MOST_ASK),
        freeRider: riders.has(index),
      });
    });
  }

  /** A ring in which each has as many neighbours on either side; with an odd number the one across, too. */
  #makeLinks(random: SeededRandom): void {
    const { links, nodes } = this.settings;
    const stage: MassStage = {
      timeline: this.timeline,
      laws: this.laws,
      counts: this.counts,
      statementMs: this.settings.statementSeconds * 1_000,
      frame: (argument) => this.ends[endOf(argument)]?.frame(argument),
      arrive: (at) => this.ends[at]?.arrive(),
      look: (at) => this.ends[at]?.look(),
      beat: (at) => this.ends[at]?.beat(),
      later: (at) => this.ends[at]?.later(),
      cashed: (at) => this.ends[at]?.cashed(),
    };
    for (let step = 1; step <= Math.floor(links / 2); step += 1)
      for (let at = 0; at < nodes; at += 1) this.#link(stage, random, [at, (at + step) % nodes]);
    if (links % 2 === 1) for (let at = 0; at < nodes / 2; at += 1) this.#link(stage, random, [at, at + nodes / 2]);
  }

  #link(stage: MassStage, random: SeededRandom, [from, to]: readonly [number, number]): void {
    const [one, two] = [this.nodes[from] as MassNode, this.nodes[to] as MassNode];
    const a = new MassEnd(stage, one, { index: this.ends.length, peer: two });
    const b = new MassEnd(stage, two, { index: this.ends.length + 1, peer: one });
    a.other = b;
    b.other = a;
    a.delayMs = random.between(0, 2 * this.settings.delayMs);
    b.delayMs = a.delayMs;
    one.ends.push(a);
    two.ends.push(b);
    this.ends.push(a, b);
    this.#links.push({ a, b, share: LEAST_SHARE + random.next() * (1 - 2 * LEAST_SHARE) });
  }

  /** Everybody connects, and trade begins, each link at a moment of its own. */
  begin(): void {
    const { timeline } = this;
    for (const [at] of this.#links.entries()) {
      timeline.post(0, this.#connect, at);
      timeline.post(1_000 + Math.floor(this.#random.next() * this.#tradeEveryMs), this.#trade, at);
      timeline.post(this.#nextBreakMs(), this.#break, at);
    }
    for (const [at] of this.nodes.entries()) timeline.post(this.#random.below(CREDIT_LOOK_MS), this.#renew, at);
  }

  /** Runs until `untilMs` of virtual time. Throws `BrokenRule`. */
  advance(untilMs: number): void {
    this.#over = false;
    this.timeline.post(untilMs - this.timeline.nowMs, this.#end, 0);
    while (!this.#over) this.timeline.next();
  }

  /** Trade and breaks end, what is under way is done, and the whole must add up. Throws `BrokenRule`. */
  rest(): void {
    this.#trading = false;
    this.advance(this.timeline.nowMs + MOST_DOWN_MS + REST_MS);
    this.laws.atRest(this.ends);
  }

  readonly #end = (): void => {
    this.#over = true;
  };

  readonly #trade = (at: number): void => {
    if (!this.#trading) return;
    this.timeline.post(this.#tradeEveryMs, this.#trade, at);
    const { a, b, share } = this.#links[at] as MassLink;
    const sells = this.#random.chance(share) ? a : b;
    const wanted = this.#random.between(1, 2 * this.settings.bytes - 1);
    // Who does not pay does not serve, either: its neighbours learn to ask elsewhere.
    const seller = sells.node.freeRider ? sells.other : sells;
    if (!seller.node.freeRider) seller.serve(wanted);
  };

  readonly #connect = (at: number): void => {
    const { a, b } = this.#links[at] as MassLink;
    a.connect();
    b.connect();
  };

  readonly #break = (at: number): void => {
    if (!this.#trading) return;
    const { a, b } = this.#links[at] as MassLink;
    this.counts.breaks += 1;
    a.disconnect();
    b.disconnect();
    const downMs = this.#breaks.between(1, MOST_DOWN_MS);
    this.timeline.post(downMs, this.#connect, at);
    this.timeline.post(downMs + this.#nextBreakMs(), this.#break, at);
  };

  /** Uniform around the mean. */
  #nextBreakMs(): number {
    return 1 + Math.floor(this.#breaks.next() * 2 * this.#breakEveryMs);
  }

  readonly #renew = (at: number): void => {
    this.timeline.post(CREDIT_LOOK_MS, this.#renew, at);
    const wallMs = WORLD_BEGINS_MS + this.timeline.nowMs;
    this.nodes[at]?.renew(this.timeline.nowMs, Math.floor(wallMs / DAY_MS));
  };
}
