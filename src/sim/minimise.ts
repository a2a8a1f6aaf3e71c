import { type FaultOutcome, type FaultRun, leastNodes, runFaults } from './fault-run.ts';

/** Runs that are tried at most: a person is waiting. */
const MOST_TRIES = 120;

export interface Minimised {
  readonly run: FaultRun;
  readonly outcome: FaultOutcome;
  readonly tries: number;
}

export interface MinimiseOptions {
  readonly progress?: (tries: number) => void;
  /** Runs one; `runFaults` unless a test has something else. */
  readonly runOne?: (run: FaultRun) => Promise<FaultOutcome>;
}

/**
 * Makes a run that breaks a rule smaller and breaks the same rule still: fewer cheats and nodes, fewer steps, then fewer
 * faults (delta debugging: halves, quarters, … single ones are left out as long as the rule still breaks), then no cheat.
 */
export async function minimise(first: FaultOutcome, options: MinimiseOptions = {}): Promise<Minimised> {
  const { progress, runOne = runFaults } = options;
  const rule = first.broken?.rule;
  let best = first;
  let tries = 0;
  const attempt = async (run: FaultRun): Promise<boolean> => {
    if (tries >= MOST_TRIES) return false;
    tries += 1;
    progress?.(tries);
    const outcome = await runOne(run);
    const same = outcome.broken?.rule === rule;
    if (same) best = outcome;
    return same;
  };
  // First, since everybody who is left out makes another world of the seed.
  await fewer(() => best.run, attempt);
  // It broke while it ran, or only once it had come to rest; then fewer steps may do as well.
  await attempt({ ...best.run, steps: Math.min(best.run.steps, best.steps) });
  while (best.run.steps > 100 && (await attempt({ ...best.run, steps: Math.floor(best.run.steps / 2) })));
  for (let size = best.struck.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    await leaveOut(size, () => best, attempt);
  }
  if (best.run.cheats.length > 0) await attempt({ ...best.run, cheats: [] });
  return { run: best.run, outcome: best, tries };
}

/** Tries to do without cheats, or else without some of them, and then with as few nodes as will do. */
async function fewer(run: () => FaultRun, attempt: (run: FaultRun) => Promise<boolean>): Promise<void> {
  const { cheats } = run();
  if (cheats.length > 0) await attempt({ ...run(), cheats: [] });
  if (run().cheats.length > 1) {
    for (const each of cheats) await attempt({ ...run(), cheats: run().cheats.filter((name) => name !== each) });
  }
  for (let nodes = leastNodes(run().cheats); nodes < run().nodes; nodes += 1) await attempt({ ...run(), nodes });
}

/** Tries to leave out so many of the faults that struck at a time. */
async function leaveOut(
  size: number,
  best: () => FaultOutcome,
  attempt: (run: FaultRun) => Promise<boolean>,
): Promise<void> {
  const { struck } = best();
  for (let from = 0; from < struck.length; from += size) {
    const { run } = best();
    const without = [...(run.without ?? []), ...struck.slice(from, from + size)];
    await attempt({ ...run, without: [...new Set(without)].sort((a, b) => a - b) });
  }
}
