import { NO_TOLL } from '../../core/route.ts';
import { encodeRoutes } from '../../wire/routes.ts';
import type { Cheat } from '../cheat.ts';

const BURST_MS = 1_000;
const MOST_A_MESSAGE = 200;

/** Announces nodes that nobody knows, and asks for newer news of them, far more than there are. */
export const floodsRoutes: Cheat = {
  name: 'floods-routes',
  needsPackets: true,
  join({ machine, random, every, cheated }) {
    const someId = (): string => `0x${Buffer.from(random.bytes(20)).toString('hex')}`;
    every(BURST_MS, () => {
      for (const link of machine.transport?.links ?? []) {
        const ids = Array.from({ length: 1 + random.below(MOST_A_MESSAGE) }, someId);
        const updates = ids.map((id) => {
          return {
            destination: id,
            origin: id,
            sequence: random.below(2 ** 32),
            metric: random.below(9),
            price: NO_TOLL,
          };
        });
        const asked = [...ids, link.peer];
        const requests = asked.map((id) => ({
          destination: id,
          origin: id,
          sequence: random.below(2 ** 32),
          hops: 64,
        }));
        link.sendRaw('control', encodeRoutes({ updates, requests }));
        cheated(ids.length);
      }
    });
  },
};
