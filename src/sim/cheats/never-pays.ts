import type { Cheat } from '../cheat.ts';
import { take } from './customer.ts';

/** How often it makes sure that nothing is paid, and counts what is due. Milliseconds. */
const LOOK_MS = 200;

/** Takes what it gets on credit and writes no cheque, ever. What it may take is dropAt, once. */
export const neverPays: Cheat = {
  name: 'never-pays',
  join({ machine, victims, onStart, every, cheated }) {
    const refuse = (): void => machine.node?.pausePayments(true);
    onStart(refuse);
    every(LOOK_MS, () => {
      refuse();
      take(machine, victims);
      for (const victim of victims) if (machine.accountOf(victim)?.payDue() === true) cheated();
    });
  },
};
