import type { Accepted } from '../accepted.ts';
import { OF_CARRIERS } from './carrier.ts';
import { OF_CARRIER_FIGURES } from './carrier-figures.ts';
import { NOT_SIMULATED } from './not-simulated.ts';
import { OF_PACKET_WINDOWS } from './packet-window.ts';
import { OF_LINES } from './pair-queue.ts';
import { OF_ROUTES } from './routes.ts';
import { SAME } from './same.ts';

/** All that may go unnoticed. `npm run mutants -- --all` fails on anything else. */
export const ACCEPTED: readonly Accepted[] = [
  ...SAME,
  ...NOT_SIMULATED,
  ...OF_ROUTES,
  ...OF_CARRIERS,
  ...OF_CARRIER_FIGURES,
  ...OF_PACKET_WINDOWS,
  ...OF_LINES,
];
