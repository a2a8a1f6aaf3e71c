import type { Cheat } from '../cheat.ts';
import { Rumours, tooGood } from './rumours.ts';

const LIE_MS = 1_000;

/** Says that everything it has heard of is right here, for nothing, by a word newer than anybody's. */
export const liesAboutRoutes: Cheat = {
  name: 'lies-about-routes',
  needsPackets: true,
  join({ machine, every, cheated }) {
    const rumours = new Rumours(machine);
    every(LIE_MS, () => cheated(rumours.tell(tooGood)));
  },
};
