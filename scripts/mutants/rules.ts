import { globSync } from 'node:fs';
import { join } from 'node:path';

/** Every line of these is changed in every way (`mechanical.ts`): all of core/ but its tests and what they stand on. */
export const RULES = globSync('src/core/**/*.ts', { cwd: join(import.meta.dirname, '..', '..') })
  .filter((file) => !/\.(test|fixture)\.ts$/.test(file))
  .sort();
