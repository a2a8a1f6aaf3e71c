import { retraction } from '../../core/routes/route.ts';
import type { Cheat } from '../cheat.ts';
import { Rumours, tooGood } from './rumours.ts';

const FLAP_MS = 250;

/** Says of all it has heard of that it is here, and that it is not, again and again. */
export const flapsRoutes: Cheat = {
  name: 'flaps-routes',
  needsPackets: true,
  join({ machine, every, cheated }) {
    const rumours = new Rumours(machine);
    let here = false;
    every(FLAP_MS, () => {
      here = !here;
      cheated(rumours.tell((update) => (here ? tooGood(update) : retraction(update))));
    });
  },
};
