import { ACTIONS, budgetOf, commute, type Left, leftValues } from './small/actions.ts';
import { brokenLaw } from './small/laws.ts';
import { SCENARIOS, type Scenario } from './small/scenario.ts';
import { moved } from './small/settle.ts';
import { fingerprintOf } from './small/small-state.ts';
import { SmallWorld, smallConfigs } from './small/small-world.ts';
import { StateSet } from './small/state-set.ts';
import { STORIES, tell } from './small/stories.ts';

/** How far to search. */
export interface SearchOptions {
  /** Actions after the first connection stands. */
  readonly depth: number;
  /** Distinct states after which a world's search stops. */
  readonly states: number;
  /** Try also the orders that are known to come to the same, to see that they do. */
  readonly everyOrder?: boolean;
  /** Told now and then. */
  readonly progress?: (found: SearchResult) => void;
  /** Stops the search, between two states, when it says so. */
  readonly stop?: () => boolean;
}

/** What a search of one world found. */
export interface SearchResult {
  readonly world: string;
  /** Distinct states, and actions tried to find them. */
  readonly states: number;
  readonly actions: number;
  /** Every state within this many actions was visited. */
  readonly wholeDepth: number;
  /** The farthest state. */
  readonly depth: number;
  /** True when nothing is left to visit within the depth asked for. */
  readonly complete: boolean;
  readonly violation?: Violation;
}

/** A law that does not hold, and the shortest history that breaks it. */
export interface Violation {
  readonly law: string;
  readonly actions: readonly string[];
}

/** The names of the worlds that can be searched. */
export const WORLDS: readonly Pick<Scenario, 'name' | 'about'>[] = SCENARIOS;

/** A world with the count of what may still happen in it. */
interface Live {
  readonly world: SmallWorld;
  readonly left: Left;
}

/** The states of one world, breadth first: the history of each is its parent's and one action more. */
class Search {
  readonly #scenario: Scenario;
  readonly #configs: ReturnType<typeof smallConfigs>;
  readonly #options: SearchOptions;
  readonly #seen = new StateSet(1 << 16);
  #parents = new Int32Array(1 << 16);
  #actionsOf = new Uint8Array(1 << 16);
  /** A bit per action that can happen next. */
  #ableOf = new Float64Array(1 << 16);
  #found = 0;
  #tried = 0;
  #depth = 0;
  #wholeDepth = 0;
  #violation: Violation | undefined;

  constructor(scenario: Scenario, options: SearchOptions) {
    this.#scenario = scenario;
    this.#configs = smallConfigs(scenario);
    this.#options = options;
  }

  async run(): Promise<SearchResult> {
    const first = await this.#first();
    this.#keep(first, -1, 0);
    let level = 0;
    for (let end = this.#found; this.#depth < this.#options.depth && level < end && !this.#over(); end = this.#found) {
      this.#depth += 1;
      for (; level < end && !this.#over(); level += 1) await this.#expand(level);
      if (level === end) this.#wholeDepth = this.#depth;
    }
    return this.#result(level >= this.#found || this.#wholeDepth === this.#options.depth);
  }

  #over(): boolean {
    return this.#violation !== undefined || this.#found >= this.#options.states || (this.#options.stop?.() ?? false);
  }

  #result(complete: boolean): SearchResult {
    return {
      world: this.#scenario.name,
      states: this.#found,
      actions: this.#tried,
      wholeDepth: this.#wholeDepth,
      depth: this.#depth,
      complete: complete && this.#violation === undefined,
      ...(this.#violation !== undefined && { violation: this.#violation }),
    };
  }

  async #first(): Promise<Live> {
    const world = new SmallWorld(this.#scenario, this.#configs);
    world.connect();
    await world.quiet();
    while (await moved(world));
    return { world, left: budgetOf(this.#scenario.budget) };
  }

  async #expand(state: number): Promise<void> {
    const able = this.#ableOf[state] as number;
    const last = this.#actionsOf[state] as number;
    const before = state === 0 ? 0 : (this.#ableOf[this.#parents[state] as number] as number);
    const history = this.#historyOf(state);
    for (let action = 0; action < ACTIONS.length; action += 1) {
      if (!has(able, action)) continue;
      // The other order leads to the same state at the same depth, and is the one that is tried (sound level by level:
      // of all histories of a state of one length, the one whose last action is the highest is never left out).
      if (action < last && has(before, action) && this.#commute(last, action)) continue;
      const live = await this.#replay(history);
      await step(live, action);
      this.#tried += 1;
      const law = brokenLaw(live.world);
      if (law !== undefined) {
        const names = [...history, action].map((each) => ACTIONS[each]?.name ?? '');
        this.#violation = { law, actions: names };
        return;
      }
      this.#keep(live, state, action);
    }
    if (state % PROGRESS_STATES === 0) this.#options.progress?.(this.#result(false));
  }

  #commute(one: number, other: number): boolean {
    return this.#options.everyOrder !== true && commute(this.#scenario, one, other);
  }

  async #replay(history: readonly number[]): Promise<Live> {
    const live = await this.#first();
    for (const action of history) await step(live, action);
    return live;
  }

  #historyOf(state: number): number[] {
    const history: number[] = [];
    for (let at = state; at > 0; at = this.#parents[at] as number) history.push(this.#actionsOf[at] as number);
    return history.reverse();
  }

  #keep({ world, left }: Live, parent: number, action: number): void {
    const print = fingerprintOf(world, leftValues(left));
    if (!this.#seen.add(print.high, print.low)) return;
    if (this.#found === this.#parents.length) this.#grow();
    this.#parents[this.#found] = parent;
    this.#actionsOf[this.#found] = action;
    let able = 0;
    for (const [at, each] of ACTIONS.entries()) if (each.able(world, left)) able += 2 ** at;
    this.#ableOf[this.#found] = able;
    this.#found += 1;
  }

  #grow(): void {
    const size = this.#parents.length * 2;
    this.#parents = grown(new Int32Array(size), this.#parents);
    this.#actionsOf = grown(new Uint8Array(size), this.#actionsOf);
    this.#ableOf = grown(new Float64Array(size), this.#ableOf);
  }
}

function has(able: number, action: number): boolean {
  return Math.floor(able / 2 ** action) % 2 === 1;
}

const PROGRESS_STATES = 1000;

function grown<T extends Int32Array | Uint8Array | Float64Array>(larger: T, old: T): T {
  larger.set(old);
  return larger;
}

async function step({ world, left }: Live, action: number): Promise<void> {
  try {
    const acting = ACTIONS[action]?.act(world, left);
    if (acting !== undefined) await acting;
  } catch (error) {
    world.ghost.broken ??= `an error came out: ${String(error)}`;
  }
  if (world.restless) await world.quiet();
}

/** Searches one world. Throws on a name that is none. */
export async function searchWorld(name: string, options: SearchOptions): Promise<SearchResult> {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no small world is called ${name}`);
  return new Search(scenario, options).run();
}

/** Histories that are told every time. The first that breaks a law, with what it did. */
export async function tellStories(): Promise<Violation | undefined> {
  for (const story of STORIES) {
    const { law } = await tell(story);
    if (law !== undefined) return { law: `${story.name}: ${law}`, actions: story.actions };
  }
  return undefined;
}
