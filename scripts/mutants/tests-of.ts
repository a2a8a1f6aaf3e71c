import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

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
  const room = dirname(file);
  const files = globSync(`${room}/*.ts`, { cwd: ROOT });
  const texts = new Map(files.map((each) => [each, readFileSync(join(ROOT, each), 'utf8')]));
  const users = (of: ReadonlySet<string>): string[] =>
    files.filter((each) => [...of].some((used) => texts.get(each)?.includes(`'./${basename(used)}'`)));
  const isTest = (each: string): boolean => each.endsWith('.test.ts');
  const beside = file.replace(/\.ts$/, '.test.ts');
  const near = files.filter((each) => each === beside);
  const reach = new Set([file]);
  for (let before = 0; before < reach.size; ) {
    before = reach.size;
    for (const each of users(reach)) reach.add(each);
  }
  const far = [...reach].filter((each) => isTest(each) && !near.includes(each)).sort();
  return { near, far };
}
