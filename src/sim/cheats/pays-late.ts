import type { Cheat } from '../cheat.ts';
import { take } from './customer.ts';

const LOOK_MS = 100;
/** How long it lets its creditors wait, at the least and at the most. */
const LATE_MS = { from: 500, to: 6_000 };

/** Pays in full, always too late: after it has been slowed down or choked for a while. */
export const paysLate: Cheat = {
  name: 'pays-late',
  join({ machine, victims, random, timeline, every, cheated }) {
    const dueSinceMs = new Map<string, number>();
    const patience = new Map<string, number>();
    every(LOOK_MS, () => {
      take(machine, victims);
      for (const victim of victims) {
        if (machine.accountOf(victim)?.payDue() !== true) dueSinceMs.delete(victim);
        else if (!dueSinceMs.has(victim)) {
          dueSinceMs.set(victim, timeline.nowMs);
          patience.set(victim, random.between(LATE_MS.from, LATE_MS.to));
        }
        const waitedMs = timeline.nowMs - (dueSinceMs.get(victim) ?? timeline.nowMs);
        const pays = dueSinceMs.has(victim) && waitedMs >= (patience.get(victim) ?? 0);
        if (pays) cheated();
        machine.node?.pausePayments(!pays, victim);
      }
    });
  },
};
