import { ACTIONS, budgetOf, commute, type Left, leftValues } from './small/actions.ts';
import { brokenLaw } from './small/laws.ts';
import { tellRule } from './small/rule-story.ts';
import { SCENARIOS, type Scenario } from './small/scenario.ts';
import { moved } from './small/settle.ts';
import { fingerprintOf } from './small/small-state.ts';
import { SmallWorld, smallConfigs } from './small/small-world.ts';
import { has, StateTable } from './small/state-table.ts';
import { STORIES, tell } from './small/stories.ts';
import { STORIES_OF_RULES } from './small/stories-of-rules.ts';

/** How far to search. */
export interface SearchOptions {
  /** Actions after the first connection stands. */
  readonly depth: number;
  /** Distinct states after which a world's search stops. */
  readonly states: number;
  /** Try also the orders that are known to come to the same, to see that they do. */
  readonly everyOrder?: boolean;
  /**
   * Having visited everything within the depth, go on wherever a history leads until so many states are found. What is
   * found then is not all there is at its depth, but ten times as much in the same time.
   */
  readonly far?: boolean;
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

/**
 * The states of one world, breadth first: the history of each is its parent's and one action more. A world cannot be
 * copied, so to try an action its history is told again in a new one. That costs far more than the action itself: a
 * world that was told goes on from where the action led, as long as something is untried there.
 */
class Search {
  readonly #scenario: Scenario;
  readonly #configs: ReturnType<typeof smallConfigs>;
  readonly #options: SearchOptions;
  readonly #states = new StateTable();
  /** States by depth. One that was met again at a lesser depth stands in both, and counts in the lesser. */
  readonly #levels: number[][] = [];
  #tried = 0;
  #wholeDepth = 0;
  #deepest = 0;
  #far = false;
  #violation: Violation | undefined;

  constructor(scenario: Scenario, options: SearchOptions) {
    this.#scenario = scenario;
    this.#configs = smallConfigs(scenario);
    this.#options = options;
  }

  async run(): Promise<SearchResult> {
    this.#meet(await this.#first(), { parent: -1, action: 0, depth: 0 });
    let depth = 0;
    for (; depth < this.#options.depth && (this.#levels[depth]?.length ?? 0) > 0 && !this.#over(); depth += 1) {
      const level = this.#levels[depth] as number[];
      let at = 0;
      for (; at < level.length && !this.#over(); at += 1) await this.#expand(level[at] as number, depth);
      if (at < level.length || this.#violation !== undefined) break;
      this.#wholeDepth = depth + 1;
      this.#levels[depth] = [];
    }
    const complete = (this.#levels[depth]?.length ?? 0) === 0 || this.#wholeDepth === this.#options.depth;
    if (complete && this.#options.far === true) await this.#goFar();
    return this.#result(complete);
  }

  /** From here on no depth is looked at but for the shortest of the known ways, so that every history goes to its end. */
  async #goFar(): Promise<void> {
    this.#far = true;
    for (let state = 0; state < this.#states.size && !this.#over() && this.#violation === undefined; state += 1) {
      await this.#expand(state, this.#states.depth(state));
    }
  }

  #over(): boolean {
    return this.#states.size >= this.#options.states || (this.#options.stop?.() ?? false);
  }

  #result(complete: boolean): SearchResult {
    return {
      world: this.#scenario.name,
      states: this.#states.size,
      actions: this.#tried,
      wholeDepth: this.#wholeDepth,
      depth: this.#deepest,
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

  /** Tries all that is untried in a state of this depth: all states of a lesser or the same depth are known. */
  async #expand(state: number, depth: number): Promise<void> {
    const states = this.#states;
    if (states.depth(state) !== depth) return;
    while (states.untried(state) !== 0 && !this.#over()) {
      const live = await this.#replay(states.history(state));
      let here = state;
      // Of a deeper state it is not known yet whether it is that deep: nothing is tried there before.
      for (let known = true; known; known = this.#mayGoOn(here, depth)) {
        const action = states.take(here);
        if (action < 0) break;
        await step(live, action);
        this.#tried += 1;
        if (this.#breaks(live, here, action)) break;
        here = this.#meet(live, { parent: here, action, depth: states.depth(here) + 1 });
      }
    }
    if (state % PROGRESS_STATES === 0) this.#options.progress?.(this.#result(false));
  }

  #mayGoOn(state: number, depth: number): boolean {
    const here = this.#states.depth(state);
    return this.#far ? here < MOST_DEPTH : here <= depth + 1 && here < this.#options.depth;
  }

  /** The shortest history that breaks a law is kept. */
  #breaks({ world }: Live, state: number, action: number): boolean {
    const law = brokenLaw(world);
    if (law === undefined) return false;
    const actions = [...this.#states.history(state), action].map((each) => ACTIONS[each]?.name ?? '');
    if (this.#violation === undefined || actions.length < this.#violation.actions.length)
      this.#violation = { law, actions };
    return true;
  }

  #commute(one: number, other: number): boolean {
    return this.#options.everyOrder !== true && commute(this.#scenario, one, other);
  }

  async #replay(history: readonly number[]): Promise<Live> {
    const live = await this.#first();
    for (const action of history) await step(live, action);
    return live;
  }

  /** The state a world is in now, reached by this way. */
  #meet({ world, left }: Live, way: { parent: number; action: number; depth: number }): number {
    const print = fingerprintOf(world, leftValues(left));
    const known = this.#states.size;
    const state = this.#states.number(print.high, print.low);
    if (this.#states.depth(state) <= way.depth) return state;
    // What was tried here stays tried.
    if (this.#far && state < known) {
      this.#states.met(state, { ...way, able: this.#states.able(state), untried: this.#states.untried(state) });
      return state;
    }
    let able = 0;
    for (const [at, each] of ACTIONS.entries()) if (each.able(world, left)) able += 2 ** at;
    this.#states.met(state, { ...way, able, untried: able - this.#inOtherOrder(able, way) });
    this.#deepest = Math.max(this.#deepest, way.depth);
    if (this.#far) return state;
    const level = this.#levels[way.depth] ?? [];
    this.#levels[way.depth] = level;
    level.push(state);
    return state;
  }

  /**
   * Actions of which the other order leads to the same state at the same depth, and is the one that is tried. Sound level
   * by level: of all ways of one length into a state, the one whose last action is the highest is never left out.
   */
  #inOtherOrder(able: number, { parent, action }: { parent: number; action: number }): number {
    if (parent < 0) return 0;
    const before = this.#states.able(parent);
    let left = 0;
    for (let other = 0; other < action; other += 1) {
      if (has(able, other) && has(before, other) && this.#commute(action, other)) left += 2 ** other;
    }
    return left;
  }
}

const PROGRESS_STATES = 1000;
/** No history is longer: as many as a depth has room for in `StateTable`. */
const MOST_DEPTH = 250;

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
  for (const story of STORIES_OF_RULES) {
    const { law } = await tellRule(story);
    if (law !== undefined) return { law: `${story.name}: ${law}`, actions: [] };
  }
  return undefined;
}
