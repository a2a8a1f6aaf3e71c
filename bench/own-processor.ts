import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What is measured has one processor, and whoever gives it work the other. */
const PROCESSOR = { measured: '1', beside: '0' } as const;

/**
 * Gives all threads of a process one processor: else the system may put both ends of a loopback connection on the same one,
 * where each waits for the other while a second idles. False where that cannot be: without `taskset` or a second processor.
 */
export function ownProcessor(pid: number, part: keyof typeof PROCESSOR): boolean {
  return keepOn(pid, PROCESSOR[part]);
}

/** Runs `work` with the rest of this process beside what is measured; afterwards it may run anywhere it might before. */
export async function besideMeasured<T>(work: () => Promise<T>): Promise<T> {
  const before = allowedProcessors();
  ownProcessor(process.pid, 'beside');
  try {
    return await work();
  } finally {
    if (before !== undefined) keepOn(process.pid, before);
  }
}

function keepOn(pid: number, processors: string): boolean {
  return spawnSync('taskset', ['-a', '-c', '-p', processors, String(pid)], { stdio: 'ignore' }).status === 0;
}

function allowedProcessors(): string | undefined {
  try {
    return /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
