import { globSync } from 'node:fs';
import { join } from 'node:path';
import { ImportGraph } from './import-graph.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Unit tests that can notice a change of a file. */
export interface TestsOf {
  /** The one beside it. */
  readonly near: readonly string[];
  /** The others of its room that reach it, by whatever way. */
  readonly far: readonly string[];
}

/** Which tests to run for a file, by what they import. Conformance beds and other rooms are left to simulation. */
export function testsOf(file: string): TestsOf {
  const room = file.split('/').slice(0, 2).join('/');
  const tests = globSync(`${room}/**/*.test.ts`, { cwd: ROOT }).sort();
  const reaching = new ImportGraph(ROOT).reaching(file, tests);
  const beside = file.replace(/\.ts$/, '.test.ts');
  const isNear = (each: string): boolean => each === beside;
  return { near: tests.filter(isNear), far: tests.filter((each) => reaching.has(each) && !isNear(each)) };
}
