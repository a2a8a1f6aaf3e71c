/**
 * npm test [-- PART…] [--NODE-OPTION…]   runs every test whose path contains one of the parts (all without any).
 *
 * One run of Node's own runner, whose closing lines come last. What talks to other processes (test/e2e, test/package)
 * gets a process per file; everything else shares one process, which is twenty times faster than one each.
 */
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const SHARED = ['src/**/*.test.ts', 'contracts/**/*.test.ts', 'bench/**/*.test.ts', 'test/**/*.test.ts'];
const APART = ['test/e2e/**/*.test.ts', 'test/package/**/*.test.ts'];
/** No single test takes this long. A file that is silent for longer has ended and left something open, or hangs. */
const SILENCE_MS = 5 * 60_000;

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
    `--test-timeout=${SILENCE_MS}`,
    '--test-reporter=./scripts/test-reporter.ts',
    '--test-reporter-destination=stdout',
    ...options,
    ...files,
  ],
  {
    cwd: dirname(import.meta.dirname),
    stdio: ['inherit', 'pipe', 'inherit'],
    env: {
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      ...process.env,
      WAYLEAVE_TEST_FILES: shared.sort().join('\n'),
    },
  },
);
const watchdog = setTimeout(endSilence, SILENCE_MS);
child.stdout.on('data', () => watchdog.refresh());
child.stdout.pipe(process.stdout);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('close', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));

/** Ends the test file that hangs, which counts as a failure of that file; the run goes on with the next one. */
function endSilence(): void {
  const files = testProcesses(child.pid ?? 0);
  console.error(`Nothing was reported for ${SILENCE_MS / 60_000} minutes; ending ${files.length} test process(es).`);
  if (files.length === 0) child.kill('SIGKILL');
  for (const pid of files) process.kill(pid, 'SIGKILL');
  watchdog.refresh();
}

function testProcesses(runner: number): number[] {
  try {
    return readFileSync(`/proc/${runner}/task/${runner}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}
