import type { Cheat } from '../cheat.ts';
import { Life } from '../life.ts';
import { take } from './customer.ts';

const LOOK_MS = 500;

/**
 * Pays in a channel as it should, and then closes it alone as it stood at the beginning, before anything was paid. Who is
 * owed the newest total has to hand it in while the freeze period lasts.
 */
export const closesOldState: Cheat = {
  name: 'closes-old-state',
  needs: 'channel',
  join({ machine, victims, chain, every, cheated }) {
    const { channels } = chain.port(new Life(), machine.signer);
    let busy = false;
    every(LOOK_MS, () => {
      take(machine, victims);
      const paid = machine.disk.state.channelTotals.find(({ acceptedCumulative, channel, side }) => {
        const { closed = true, closesAtS } = chain.blocks.state.channel(channel) ?? {};
        return side === 'mine' && acceptedCumulative > 0n && !closed && closesAtS === undefined;
      });
      if (busy || paid === undefined || channels === undefined) return;
      busy = true;
      channels
        .startClose(paid.channel, [])
        .then(
          () => cheated(),
          () => undefined,
        )
        .finally(() => {
          busy = false;
        });
    });
  },
};
