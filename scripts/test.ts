/**
 * npm test [-- PART…] [--NODE-OPTION…]   runs every test whose path contains one of the parts (all without any).
 *
 * One run of Node's own runner, whose closing lines come last. What talks to other processes (test/e2e, test/package)
 * gets a process per file; everything else shares one process, which is twenty times faster than one each.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname } from 'node:path';

const SHARED = ['src/**/*.test.ts', 'contracts/**/*.test.ts', 'bench/**/*.test.ts', 'test/**/*.test.ts'];
const APART = ['test/e2e/**/*.test.ts', 'test/package/**/*.test.ts'];
/** A file that takes longer hangs: the slowest takes a minute or two on a small machine. */
const FILE_TIMEOUT_MS = 8 * 60_000;

const args = process.argv.slice(2);
const parts = args.filter((arg) => !arg.startsWith('-'));
const options = args.filter((arg) => arg.startsWith('-'));

const wanted = (file: string) => parts.length === 0 || parts.some((part) => file.includes(part));
const exclude = (path: string) => path.includes('node_modules');
const apart = globSync(APART, { exclude }).filter(wanted).sort();
const shared = globSync(SHARED, { exclude }).filter((file) => wanted(file) && !globSync(APART).includes(file));

if (apart.length + shared.length === 0) {
  console.error(`No test file has ${parts.join(' or ')} in its path.`);
  process.exit(1);
}
const files = shared.length === 0 ? apart : ['scripts/test-in-one-process.ts', ...apart];
const child = spawn(
  process.execPath,
  [
    '--test',
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    '--test-reporter=./scripts/test-reporter.ts',
    '--test-reporter-destination=stdout',
    ...options,
    ...files,
  ],
  {
    cwd: dirname(import.meta.dirname),
    stdio: 'inherit',
    env: { ...process.env, WAYLEAVE_TEST_FILES: shared.sort().join('\n') },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
