import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Bench } from './bench.ts';
import { testsOf } from './tests-of.ts';
import type { Surveyed } from './trial-worker.ts';
import type { Workshop } from './workshop.ts';

/** Applies a unified diff to the workshop and tries it by simulation, then by the tests near what it touches. True: noticed. */
export async function tryPatch(
  workshop: Workshop,
  { file, rounds }: { readonly file: string; readonly rounds: number },
  parts: readonly Surveyed[],
): Promise<boolean> {
  const touched = apply(workshop, file);
  const usualMs = new Map(parts.map(({ id, ms }) => [id, ms]));
  const ids = parts.filter(({ broken }) => broken === undefined).map(({ id }) => id);
  const bench = new Bench(workshop.folder, usualMs);
  const simulated = await bench.try({ change: undefined, testFiles: [], rounds, parts: ids });
  await bench.close();
  const by = simulated === undefined ? 'nothing noticed' : `${simulated.id}: ${simulated.evidence}`;
  console.log(`simulation: ${by}`);
  const failed = failedTest(workshop, [...new Set(touched.flatMap((name) => Object.values(testsOf(name)).flat()))]);
  console.log(`tests: ${failed ?? 'nothing noticed'}`);
  return simulated !== undefined || failed !== undefined;
}

/** Names of the files it touches. */
function apply(workshop: Workshop, file: string): string[] {
  const path = resolve(file);
  const applied = spawnSync('git', ['apply', '--recount', '--whitespace=nowarn', path], {
    cwd: workshop.folder,
    encoding: 'utf8',
  });
  if (applied.status !== 0) throw new Error(`${file} does not apply: ${applied.stderr.trim()}`);
  const touched = [...readFileSync(path, 'utf8').matchAll(/^\+\+\+ (?:b\/)?(\S+)/gm)].map(([, name]) => name ?? '');
  if (touched.length === 0) throw new Error(`${file} names no file`);
  return touched;
}

const TESTS_TIMEOUT_MS = 600_000;

/** These need processes, sockets and disks of their own, so Node's runner runs them. */
function failedTest(workshop: Workshop, files: readonly string[]): string | undefined {
  if (files.length === 0) return undefined;
  const args = ['--test', '--test-isolation=none', '--test-reporter=tap', ...files];
  const options = { cwd: workshop.folder, encoding: 'utf8', timeout: TESTS_TIMEOUT_MS } as const;
  const { status, stdout } = spawnSync(process.execPath, args, { ...options, maxBuffer: 1 << 28 });
  if (status === 0) return undefined;
  const failed = [...stdout.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name ?? '');
  return failed[0] ?? 'a test file does not load, or does not end';
}
