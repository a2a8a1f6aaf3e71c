import type { Cheat } from '../cheat.ts';

/** Takes what it gets on credit and writes no cheque, ever. What it may take is dropAt, once. */
export const neverPays: Cheat = {
  name: 'never-pays',
  join({ machine, onStart, cheated }) {
    onStart(() => {
      machine.node?.pausePayments(true);
      cheated();
    });
  },
};
