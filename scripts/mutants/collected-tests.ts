/** What stands for `node:test` in a trial: tests are collected, and run one by one by whoever collected them. */
type Body = (context: object) => unknown;

/** One test, by the names of its suites and its own. */
export interface CollectedTest {
  readonly name: string;
  readonly body: Body;
}

let tests: CollectedTest[] = [];
let suites: string[] = [];

/** All that were declared since the last call. */
export function takeCollectedTests(): CollectedTest[] {
  const taken = tests;
  tests = [];
  return taken;
}

export function test(name: string, ...rest: readonly unknown[]): void {
  const body = rest.at(-1) as Body;
  tests.push({ name: [...suites, name].join(' › '), body });
}

export { test as it };

export function describe(name: string, ...rest: readonly unknown[]): void {
  const before = suites;
  suites = [...suites, name];
  (rest.at(-1) as () => void)();
  suites = before;
}
