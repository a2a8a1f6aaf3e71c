import { NO_TOLL, type RouteRequest, type RouteUpdate } from '../../core/routes/route.ts';
import { encodeRoutes } from '../../wire/routes.ts';
import type { Cheat } from '../cheat.ts';
import { Rumours } from './rumours.ts';

const BURST_MS = 1_000;
const MOST_A_MESSAGE = 400;
/** Requests for newer news of one node that there is. */
const REQUESTS_EACH = 20;

/** Announces nodes that nobody knows, and asks for newer news of them and of those there are, again and again. */
export const floodsRoutes: Cheat = {
  name: 'floods-routes',
  needsPackets: true,
  join({ machine, random, every, cheated }) {
    const rumours = new Rumours(machine);
    const someId = (): string => `0x${Buffer.from(random.bytes(20)).toString('hex')}`;
    const invented = (id: string): RouteUpdate => {
      const sequence = random.below(2 ** 32);
      return { destination: id, origin: id, sequence, metric: random.below(9), price: NO_TOLL };
    };
    const request = (id: string, sequence: number): RouteRequest => ({
      ...{ destination: id, origin: id, sequence, hops: 64 },
    });
    every(BURST_MS, () => {
      for (const link of machine.transport?.links ?? []) {
        const updates = Array.from({ length: 1 + random.below(MOST_A_MESSAGE) }, () => invented(someId()));
        const known = rumours.about(link.peer).slice(0, 10);
        const requests = known.flatMap(({ destination, sequence }) =>
          Array.from({ length: REQUESTS_EACH }, (_, n) => request(destination, sequence + 1 + n)),
        );
        requests.push(request(link.peer, random.below(2 ** 32)));
        link.sendRaw('control', encodeRoutes({ updates, requests }));
        cheated(updates.length);
      }
    });
  },
};
