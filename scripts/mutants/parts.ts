import type { Cheat } from '../../src/sim/cheat.ts';
import type { SearchResult } from '../../src/sim/exhaustive.ts';
import type { RuleStory } from '../../src/sim/small/rule-story.ts';
import type { Story } from '../../src/sim/small/stories.ts';
import { takeCollectedTests } from './collected-tests.ts';
import type { Reloader } from './reloader.ts';

/** What can notice a mutant, in the smallest pieces that run alone: a unit test, a story, a small world, a seed. */
export interface Part {
  readonly id: string;
  readonly kind: 'tests' | 'stories' | 'exhaustive' | 'fault';
  /** What it noticed. */
  readonly run: () => Promise<string | undefined>;
}

/** Seeds of faults, and distinct states of each small world, round by round: most bugs show in the first one. */
const ROUNDS = [
  { seeds: 10, steps: 4_000, states: 500 },
  { seeds: 30, steps: 8_000, states: 1_500 },
  { seeds: 60, steps: 15_000, states: 5_000 },
] as const;
const DEPTH = 14;
/** Where seeds for the other cheats begin: beyond those of all rounds. */
const CHEATED_SEED = 1_000;
const CHEATED_STEPS = 1_500;
const CHEATED_SEEDS = 4;

/** The files that simulation starts from. */
export const SIMULATION = [
  'src/sim/exhaustive.ts',
  'src/sim/small/stories.ts',
  'scripts/mutants/fault-seed.ts',
  'src/sim/small/stories-of-rules.ts',
  'src/sim/small/rule-story.ts',
];

interface Exhaustive {
  readonly WORLDS: readonly { readonly name: string }[];
  readonly searchWorld: (name: string, options: { depth: number; states: number }) => Promise<SearchResult>;
}
interface Stories {
  readonly STORIES: readonly Story[];
  readonly tell: (story: Story) => Promise<{ readonly law: string | undefined }>;
}
interface Rules {
  readonly STORIES_OF_RULES: readonly RuleStory[];
}
interface Telling {
  readonly tellRule: (story: RuleStory) => Promise<{ readonly law: string | undefined }>;
}
interface Seeds {
  readonly cheatsFor: (seed: number) => readonly Cheat[];
  readonly cheatsBeyond: (seeds: number) => readonly Cheat[];
  readonly runSeed: (seed: number, steps: number, cheats: readonly Cheat[]) => Promise<string | undefined>;
}

/** The unit tests of these files. */
export async function testParts(reloader: Reloader, files: readonly string[]): Promise<Part[]> {
  const parts: Part[] = [];
  for (const file of files) {
    takeCollectedTests();
    await reloader.import(file);
    for (const { name, body } of takeCollectedTests()) {
      parts.push({ id: `${file} › ${name}`, kind: 'tests', run: () => noticed(() => body({})) });
    }
  }
  return parts;
}

/** So many rounds of simulation; none of them is the stories alone. */
export async function simulationParts(reloader: Reloader, rounds: number): Promise<Part[]> {
  const [first, second, third, fourth, fifth] = SIMULATION as [string, string, string, string, string];
  const { WORLDS, searchWorld } = await reloader.import<Exhaustive>(first);
  const { STORIES, tell } = await reloader.import<Stories>(second);
  const { runSeed, cheatsBeyond, cheatsFor } = await reloader.import<Seeds>(third);
  const { STORIES_OF_RULES } = await reloader.import<Rules>(fourth);
  const { tellRule } = await reloader.import<Telling>(fifth);
  const story = (name: string, told: () => Promise<{ readonly law: string | undefined }>): Part => ({
    id: `story: ${name}`,
    kind: 'stories',
    run: async () => (await told()).law,
  });
  const parts: Part[] = [
    ...STORIES.map((each) => story(each.name, () => tell(each))),
    ...STORIES_OF_RULES.map((each) => story(each.name, () => tellRule(each))),
  ];
  if (rounds > 0) {
    for (const cheat of cheatsBeyond(ROUNDS[0].seeds)) {
      for (let own = CHEATED_SEED; own < CHEATED_SEED + CHEATED_SEEDS; own += 1) {
        const run = (): Promise<string | undefined> => runSeed(own, CHEATED_STEPS, [cheat]);
        parts.push({ id: `${cheat.name} seed ${own}`, kind: 'fault', run });
      }
    }
  }
  let seed = 0;
  for (const { seeds, steps, states } of ROUNDS.slice(0, rounds)) {
    for (const { name } of WORLDS) {
      const run = async (): Promise<string | undefined> => {
        const { violation } = await searchWorld(name, { depth: DEPTH, states });
        return violation === undefined ? undefined : `${violation.law} after ${violation.actions.join(', ')}`;
      };
      parts.push({ id: `world ${name}, ${states} states`, kind: 'exhaustive', run });
    }
    for (const last = seed + seeds; seed < last; seed += 1) {
      const own = seed;
      parts.push({ id: `seed ${own}`, kind: 'fault', run: () => runSeed(own, steps, cheatsFor(own)) });
    }
  }
  return parts;
}

async function noticed(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}

/** The first line of an error, or what it is. */
export function textOf(error: unknown): string {
  return (error instanceof Error ? error.message || error.name : String(error)).split('\n')[0] ?? '';
}
