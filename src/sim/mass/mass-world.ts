import { Ledger } from '../../core/ledger/ledger.ts';
import { SeededRandom } from '../seeded-random.ts';
import { WORLD_BEGINS_MS } from '../virtual-clock.ts';
import { MassCounts } from './mass-counts.ts';
import type { MassEnd } from './mass-end.ts';
import { MassLaws } from './mass-laws.ts';
import { MassLink, MOST_DOWN_MS } from './mass-link.ts';
import { LEAST_ASK, MOST_ASK } from './mass-money.ts';
import { MassNode } from './mass-node.ts';
import type { MassSettings } from './mass-settings.ts';

/**
 * Credit is looked at this often, when all links have come to the same moment: production does so once a second, but what
 * income moves in half a minute is a small part of a step of credit. Milliseconds.
 */
export const CREDIT_LOOK_MS = 30_000;

/** After trade has ended, long enough for a payment that was refused to go again, and for what is cashed. Milliseconds. */
const REST_MS = 60_000;

const DAY_MS = 86_400_000;

/** Many nodes on the rules of `core/` alone: no bytes, disks, signatures or chain, but every session and every account. */
export class MassWorld {
  readonly settings: MassSettings;
  readonly counts = new MassCounts();
  readonly laws = new MassLaws(this.counts);
  readonly nodes: readonly MassNode[];
  readonly links: MassLink[] = [];
  /** Where all links have come to. Milliseconds of virtual time. */
  nowMs = 0;

  constructor(settings: MassSettings) {
    this.settings = settings;
    this.nodes = this.#makeNodes(new SeededRandom(settings.seed).fork('nodes'));
    for (const [from, to] of pairs(settings)) {
      const ends = [this.nodes[from] as MassNode, this.nodes[to] as MassNode] as const;
      this.links.push(new MassLink(this, this.links.length, ends));
    }
    for (const { a, b } of this.links) for (const end of [a, b]) end.node.ends.push(end);
  }

  #makeNodes(random: SeededRandom): MassNode[] {
    const { freeRiders, links, nodes } = this.settings;
    const order = random.shuffled(Array.from({ length: nodes }, (_, index) => index));
    const riders = new Set(order.slice(0, Math.round((nodes * freeRiders) / 100)));
    const ledger = new Ledger(nodes * links);
    return Array.from({ length: nodes }, (_, index) => {
      const askPerMb = random.between(LEAST_ASK, MOST_ASK);
      return new MassNode({ index, ledger, askPerMb, freeRider: riders.has(index) });
    });
  }

  get ends(): MassEnd[] {
    return this.links.flatMap(({ a, b }) => [a, b]);
  }

  /** Events of all links so far. */
  get steps(): number {
    return this.links.reduce((sum, { queue }) => sum + queue.steps, 0);
  }

  begin(): void {
    for (const link of this.links) link.begin();
  }

  /** Runs until `untilMs` of virtual time. Throws `BrokenRule`. */
  advance(untilMs: number): void {
    while (this.nowMs < untilMs) {
      const lookMs = (Math.floor(this.nowMs / CREDIT_LOOK_MS) + 1) * CREDIT_LOOK_MS;
      this.nowMs = Math.min(lookMs, untilMs);
      for (const link of this.links) link.run(this.nowMs);
      if (this.nowMs === lookMs) this.#renew();
    }
  }

  #renew(): void {
    const day = Math.floor((WORLD_BEGINS_MS + this.nowMs) / DAY_MS);
    for (const node of this.nodes) node.renew(this.nowMs, day);
  }

  /** Trade and breaks end, what is under way is done, and the whole must add up. Throws `BrokenRule`. */
  rest(): void {
    for (const link of this.links) link.trading = false;
    this.advance(this.nowMs + MOST_DOWN_MS + REST_MS);
    this.laws.atRest(this.ends);
  }
}

/** A ring in which each has as many neighbours on either side; with an odd number the one across, too. */
function* pairs({ links, nodes }: MassSettings): Generator<readonly [number, number]> {
  for (let step = 1; step <= Math.floor(links / 2); step += 1)
    for (let at = 0; at < nodes; at += 1) yield [at, (at + step) % nodes];
  if (links % 2 === 1) for (let at = 0; at < nodes / 2; at += 1) yield [at, at + nodes / 2];
}
