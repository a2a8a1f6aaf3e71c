import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds this process has used so far, in user and kernel, all threads. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU seconds another process has used so far, with its ended children. NaN where there is no /proc. */
export function cpuSecondsOf(pid: number): number {
  try {
    // The name in parentheses may hold blanks; the numbered fields begin after it, with field 3.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const ticks = [14, 15, 16, 17].map((field) => Number(fields[field - 3]));
    return ticks.reduce((sum, tick) => sum + tick, 0) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}

/** Milliseconds that the first thread of a process was ready to run and had no processor. NaN where there is no /proc. */
export function waitedMsOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Milliseconds that a virtual machine's processors were ready to run and the host ran something else. NaN where there is no /proc. */
export function stolenMs(): number {
  try {
    // "cpu", then user, nice, system, idle, iowait, irq, softirq, steal.
    const ticks = Number(readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/)[8]);
    return (ticks * 1000) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}

/** Resident memory of a process in bytes. NaN where there is no /proc. */
export function residentBytesOf(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line === null ? Number.NaN : Number(line[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** CPU seconds that `work` costs, in this process and in the children named by `pids`. */
export async function cpuCost(work: () => unknown, pids: readonly number[] = []): Promise<number> {
  const total = () => pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), cpuSeconds());
  const before = total();
  await work();
  return total() - before;
}

/** The middle value; the mean of the two middle ones where their number is even. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** A 95 % interval of the median without assumptions about the distribution (order statistics); the range below 6 values. */
export function medianInterval(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const skip = n < 6 ? 0 : Math.max(0, Math.floor(n / 2 - 0.98 * Math.sqrt(n)));
  return [sorted[skip] ?? Number.NaN, sorted[n - 1 - skip] ?? Number.NaN];
}

/** What `interleaved` saw, each with the medians of its two sides. */
export interface Pairs {
  readonly ours: number;
  readonly rival: number;
  /** Median of ours ÷ rival, pair by pair, with its interval. */
  readonly ratio: number;
  readonly interval: readonly [low: number, high: number];
}

/**
 * Measures two things in turn, so that a machine that warms up, throttles or is shared treats both alike: each pair is
 * run back to back, and which goes first alternates. `unseen` pairs beforehand are not counted: what is still being
 * compiled costs the compiler's threads as well.
 */
export async function interleaved(
  pairs: number,
  ours: () => Promise<number>,
  rival: () => Promise<number>,
  unseen = 1,
): Promise<Pairs> {
  const seen: (readonly [ours: number, rival: number])[] = [];
  for (let pair = -unseen; pair < pairs; pair += 1) {
    const first = pair % 2 === 0 ? await ours() : await rival();
    const second = pair % 2 === 0 ? await rival() : await ours();
    if (pair >= 0) seen.push(pair % 2 === 0 ? [first, second] : [second, first]);
  }
  const ratios = seen.map(([a, b]) => a / b);
  return {
    ours: median(seen.map(([a]) => a)),
    rival: median(seen.map(([, b]) => b)),
    ratio: median(ratios),
    interval: medianInterval(ratios),
  };
}
