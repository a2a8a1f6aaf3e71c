import type { Cheat } from '../cheat.ts';
import { take } from './customer.ts';

const LOOK_MS = 100;

/**
 * Pays by transfer, and spends the same coin elsewhere as long as a reorganisation can still take its payment back. It can
 * bring about any that is shallower than the confirmations its neighbours ask for.
 */
export const transferUndone: Cheat = {
  name: 'transfer-undone',
  needs: 'transfer',
  join({ machine, victims, chain, every, cheated }) {
    every(LOOK_MS, () => {
      take(machine, victims);
      const { blocks } = chain;
      const depths = victims
        .flatMap((victim) => blocks.state.paymentsTo(victim))
        .filter(({ from }) => from === machine.id)
        .map(({ block }) => blocks.number - block + 1)
        .filter((depth) => depth <= chain.deepest);
      if (depths.length === 0) return;
      blocks.reorganise(Math.max(...depths), 0, ({ call }) => call.from === machine.id);
      cheated();
    });
  },
};
