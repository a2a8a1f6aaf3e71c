import { type FaultOutcome, type FaultRun, runFaults } from './fault-run.ts';

/** Runs that are tried at most: a person is waiting. */
const MOST_TRIES = 120;

export interface Minimised {
  readonly run: FaultRun;
  readonly outcome: FaultOutcome;
  readonly tries: number;
}

/**
 * Makes a run that breaks a rule smaller and breaks the same rule still: fewer steps, then fewer faults (delta debugging:
 * halves, quarters, … single ones are left out as long as the rule still breaks), then no cheat.
 */
export async function minimise(first: FaultOutcome, progress?: (tries: number) => void): Promise<Minimised> {
  const rule = first.broken?.rule;
  let best = first;
  let tries = 0;
  const attempt = async (run: FaultRun): Promise<boolean> => {
    if (tries >= MOST_TRIES) return false;
    tries += 1;
    progress?.(tries);
    const outcome = await runFaults(run);
    const same = outcome.broken?.rule === rule;
    if (same) best = outcome;
    return same;
  };
  // It broke while it ran, or only once it had come to rest; then fewer steps may do as well.
  await attempt({ ...best.run, steps: Math.min(best.run.steps, best.steps) });
  while (best.run.steps > 100 && (await attempt({ ...best.run, steps: Math.floor(best.run.steps / 2) })));
  for (let parts = 1; best.struck.length > 0; parts *= 2) {
    await leaveOut(parts, () => best, attempt);
    if (parts >= best.struck.length || tries >= MOST_TRIES) break;
  }
  if (best.run.cheats.length > 0) await attempt({ ...best.run, cheats: [] });
  return { run: best.run, outcome: best, tries };
}

/** Tries to leave out each of so many parts of the faults that struck. */
async function leaveOut(
  parts: number,
  best: () => FaultOutcome,
  attempt: (run: FaultRun) => Promise<boolean>,
): Promise<void> {
  const { struck } = best();
  const size = Math.ceil(struck.length / parts);
  for (let from = 0; from < struck.length; from += size) {
    const { run } = best();
    const without = [...(run.without ?? []), ...struck.slice(from, from + size)];
    await attempt({ ...run, without: [...new Set(without)].sort((a, b) => a - b) });
  }
}
