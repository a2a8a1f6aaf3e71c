import type { Cheat } from './cheat.ts';
import { neverPays } from './cheats/never-pays.ts';

/** Every cheat by its name. To add one, add a file and its line here (docs/testing.md). */
export const CHEATS: readonly Cheat[] = [neverPays];
