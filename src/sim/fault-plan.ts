import type { FaultKind, FaultPlace } from './faults.ts';
import { FAULTS } from './faults.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimNode } from './sim-node.ts';
import type { WorldSettings } from './world-settings.ts';

/** One fault of a plan. What it strikes it draws from a generator of its own, so that leaving another out changes nothing. */
export interface PlannedFault {
  readonly index: number;
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly lastsMs: number;
}

/** Who hears of each fault, and of whom it struck; of none: of all. */
export type FaultTold = (fault: PlannedFault, whom: readonly SimNode[]) => void;

export interface FaultPlanOptions {
  readonly random: SeededRandom;
  /** Names or groups of faults; undefined for all. */
  readonly only?: readonly string[] | undefined;
  /** Indices that are left out: what a minimised run does without. */
  readonly without?: ReadonlySet<number> | undefined;
  /** What is paid by and in, and the mean time between two faults. */
  readonly settings: Pick<WorldSettings, 'faultEveryMs' | 'methods' | 'token' | 'onServer'>;
}

/** Nothing happens before everybody had time to connect. Milliseconds. */
const FIRST_MS = 1_500;

/** Those every run begins with, in some order, so that each sees a crash and a chain in trouble. */
const CERTAIN: readonly FaultKind['group'][] = ['process', 'chain', 'network'];

/** They come this much sooner. */
const CERTAIN_SOONER = 0.3;

/** The faults of one run, drawn one after the other from its seed. */
export class FaultPlan {
  readonly #options: FaultPlanOptions;
  readonly #kinds: readonly FaultKind[];
  readonly #ends = new Set<() => void>();
  readonly struck: PlannedFault[] = [];
  #atMs = FIRST_MS;
  #next = 0;
  #over = false;

  constructor(options: FaultPlanOptions) {
    this.#options = options;
    const { only } = options;
    const { methods, onServer, token } = options.settings;
    const possible = FAULTS.filter(
      ({ inToken, needs = [], onServer: there }) =>
        (!inToken || token !== undefined) && (!there || onServer) && needs.every((each) => methods.includes(each)),
    );
    this.#kinds = possible.filter(
      ({ name, group }) => only === undefined || only.includes(name) || only.includes(group),
    );
  }

  /** Lets the faults happen on the world's timeline until `end`. */
  begin(place: FaultPlace, told: FaultTold): void {
    if (this.#kinds.length > 0) this.#schedule(place, told);
  }

  #schedule(place: FaultPlace, told: FaultTold): void {
    const fault = this.#draw();
    place.timeline.after(fault.atMs - place.timeline.nowMs, () => {
      if (this.#over) return;
      if (this.#options.without?.has(fault.index) !== true) this.#strike(place, fault, told);
      this.#schedule(place, told);
    });
  }

  #draw(): PlannedFault {
    const { random } = this.#options;
    const { faultEveryMs: everyMs } = this.#options.settings;
    const index = this.#next++;
    const own = random.fork(`when ${index}`);
    const group = CERTAIN[index];
    const meanMs = group === undefined ? everyMs : everyMs * CERTAIN_SOONER;
    this.#atMs += Math.ceil(-Math.log(1 - own.next()) * meanMs);
    const certain = group === undefined ? [] : this.#kinds.filter((kind) => kind.group === group);
    const kind = weighted(certain.length > 0 ? certain : this.#kinds, own);
    return { index, kind, atMs: this.#atMs, lastsMs: Math.ceil(own.next() * kind.lastsMs) };
  }

  #strike(place: FaultPlace, fault: PlannedFault, told: FaultTold): void {
    this.struck.push(fault);
    let untold = true;
    // Before it does anything, so that in a trace the cause stands above what came of it.
    const strikes = (whom: readonly SimNode[]): void => {
      if (untold) told(fault, whom);
      untold = false;
    };
    const anyNode = (random: SeededRandom): SimNode => {
      const node = random.pick(place.nodes);
      strikes([node]);
      return node;
    };
    const anyPair = (random: SeededRandom): readonly [SimNode, SimNode] => {
      const pair = random.pick(place.edges);
      strikes(pair);
      return pair;
    };
    const end = fault.kind.strike({ ...place, anyNode, anyPair }, this.#options.random.fork(`what ${fault.index}`));
    strikes([]);
    if (end === undefined) return;
    this.#ends.add(end);
    place.timeline.after(fault.lastsMs, () => {
      if (this.#ends.delete(end)) end();
    });
  }

  /** Lets one fault happen now, beside those that were drawn. */
  now(name: string, place: FaultPlace, told: FaultTold): void {
    const kind = FAULTS.find((each) => each.name === name);
    const index = this.#next++;
    if (kind === undefined || this.#over || this.#options.without?.has(index) === true) return;
    this.#strike(place, { index, kind, atMs: place.timeline.nowMs, lastsMs: 0 }, told);
  }

  /** Ends every fault that lasts, and lets none happen any more. */
  end(): void {
    this.#over = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}

function weighted(kinds: readonly FaultKind[], random: SeededRandom): FaultKind {
  let left = random.next() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  for (const kind of kinds) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  return kinds[0] as FaultKind;
}
