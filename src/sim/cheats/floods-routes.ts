import {
  MAX_REQUEST_HOPS,
  MAX_SEQUENCE,
  NO_TOLL,
  type RouteRequest,
  type RouteUpdate,
} from '../../core/routes/route.ts';
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
    const newerThan = ({ destination, origin, sequence }: RouteUpdate): RouteRequest[] =>
      Array.from({ length: REQUESTS_EACH }, (_, n) => ({
        ...{ destination, origin, sequence: Math.min(sequence + 1 + n, MAX_SEQUENCE), hops: MAX_REQUEST_HOPS },
      }));
    every(BURST_MS, () => {
      for (const link of machine.transport?.links ?? []) {
        const updates = Array.from({ length: 1 + random.below(MOST_A_MESSAGE) }, () => invented(someId()));
        const requests = rumours.about(link.peer).slice(0, 10).flatMap(newerThan);
        const sequence = random.below(2 ** 32);
        requests.push({ destination: link.peer, origin: link.peer, sequence, hops: MAX_REQUEST_HOPS });
        link.sendRaw('control', encodeRoutes({ updates, requests }));
        cheated(updates.length);
      }
    });
  },
};
