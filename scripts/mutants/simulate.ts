/**
 * What tries one mutant by simulation, in a process of its own that stands in a workshop: the stories, a few seeds of
 * faults, small worlds searched a little, then more of both. Ends at the first broken rule with exit code 3 and one line that says which.
 */
import { searchWorld, tellStories, WORLDS } from '../../src/sim/exhaustive.ts';
import { cheatsFor, runSeed } from './fault-seed.ts';

/** Seeds of faults, and distinct states of each small world, round by round: most bugs show in the first one. */
const ROUNDS = [
  { seeds: 10, steps: 4_000, states: 80 },
  { seeds: 30, steps: 8_000, states: 500 },
  { seeds: 60, steps: 15_000, states: 2_500 },
] as const;
const DEPTH = 14;
const BROKEN = 3;

const rounds = ROUNDS.slice(0, Number(process.argv[2] ?? ROUNDS.length));
const without = new Set((process.env['WAYLEAVE_SEEDS_WITHOUT'] ?? '').split(' '));
/** On the unchanged tree: names every seed that breaks a rule, and goes on. */
const census = process.argv[3] === 'census';
const breaking: number[] = [];
let seed = 0;
const told = await tellStories();
if (told !== undefined) end('exhaustive', told.law);
for (const { seeds, steps, states } of rounds) {
  const last = seed + seeds;
  for (; seed < last; seed += 1) {
    if (without.has(String(seed))) continue;
    const broken = await runSeed(seed, steps, cheatsFor(seed)).catch(
      (error: unknown) => `an error came out: ${String(error)}`,
    );
    if (broken === undefined) continue;
    if (!census) end('fault', broken, seed);
    breaking.push(seed);
  }
  for (const { name } of WORLDS) {
    const { violation } = await searchWorld(name, { depth: DEPTH, states });
    if (violation !== undefined) end('exhaustive', `${name}: ${violation.law} after ${violation.actions.join(', ')}`);
  }
}
if (census) console.log(JSON.stringify({ breaking }));
process.exit(0);

function end(by: 'exhaustive' | 'fault', evidence: string, at?: number): never {
  console.log(JSON.stringify({ by, evidence: at === undefined ? evidence : `seed ${at}: ${evidence}`, seed: at }));
  process.exit(BROKEN);
}
