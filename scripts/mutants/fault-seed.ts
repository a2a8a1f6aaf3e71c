import type { Cheat } from '../../src/sim/cheat.ts';
import { CHEATS } from '../../src/sim/cheats.ts';
import { World } from '../../src/sim/world.ts';

/** Every third seed has nobody but honest nodes, the others one cheat each in turn: some bugs only show against one. */
export function cheatsFor(seed: number): readonly Cheat[] {
  return seed % 3 === 0 ? [] : CHEATS.filter((_, at) => at === seed % CHEATS.length);
}

/** The cheats that the first seeds do not meet, each to be met in a seed of its own. */
export function cheatsBeyond(seeds: number): readonly Cheat[] {
  const met = new Set(Array.from({ length: seeds }, (_, seed) => cheatsFor(seed)).flat());
  return CHEATS.filter((cheat) => !met.has(cheat));
}

/** Runs one neighbourhood under faults; the rule it broke, if it did. */
export async function runSeed(seed: number, steps: number, cheats: readonly Cheat[]): Promise<string | undefined> {
  const result = await new World({ seed, nodes: 3 + (seed % 2), cheats }).run(steps);
  return result.broken === undefined ? undefined : String(result.broken.message);
}
