/** What a step says: go on at once, let promises run out first, or end. */
export type Said = 'on' | 'turn' | 'done';

/** So many steps, and whoever else lives in this process gets its turn: signals, messages to a worker. */
const STEPS_AT_A_TIME = 4_096;

/**
 * Lets every promise that can run out do so, without a way through the system's event loop, which costs five times as
 * much. Node has it as `process._tickCallback`, without a word in its manual; where it is missing, undefined. It does
 * nothing while a promise runs out already, so it must be called from a timer or an immediate.
 */
const runOut = (process as unknown as { _tickCallback?: () => void })._tickCallback;

/** Calls `step` until it says `done`. Rejects with what it throws. */
export function drive(step: () => Said): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      try {
        if (some(step)) resolve();
        else setImmediate(go);
      } catch (error) {
        reject(error);
      }
    };
    setImmediate(go);
  });
}

/** True when all is done. Leaves only where promises are to run out, so that it never makes a difference. */
function some(step: () => Said): boolean {
  for (let steps = 0; ; steps += 1) {
    const said = step();
    if (said === 'done') return true;
    if (said === 'on') continue;
    if (runOut === undefined || steps >= STEPS_AT_A_TIME) return false;
    runOut();
  }
}
