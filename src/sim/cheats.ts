import type { Cheat } from './cheat.ts';
import { badCheques } from './cheats/bad-cheques.ts';
import { bouncingChequebook } from './cheats/bouncing-chequebook.ts';
import { brokenPayAt } from './cheats/broken-pay-at.ts';
import { circulatesVolume } from './cheats/circulates-volume.ts';
import { closesOldState } from './cheats/closes-old-state.ts';
import { deniesPayments } from './cheats/denies-payments.ts';
import { flapsRoutes } from './cheats/flaps-routes.ts';
import { floods } from './cheats/floods.ts';
import { floodsRoutes } from './cheats/floods-routes.ts';
import { forgesReceipts } from './cheats/forges-receipts.ts';
import { keepsPackets } from './cheats/keeps-packets.ts';
import { liesAboutRoutes } from './cheats/lies-about-routes.ts';
import { malformedFrames } from './cheats/malformed-frames.ts';
import { neverPays } from './cheats/never-pays.ts';
import { newKeys } from './cheats/new-keys.ts';
import { oldBackup } from './cheats/old-backup.ts';
import { oneChequeTwice } from './cheats/one-cheque-twice.ts';
import { overCounts } from './cheats/over-counts.ts';
import { paysLate } from './cheats/pays-late.ts';
import { probesRefusals } from './cheats/probes-refusals.ts';
import { raisesPrice } from './cheats/raises-price.ts';
import { replaysCheques } from './cheats/replays-cheques.ts';
import { transferThatNeverComes } from './cheats/transfer-that-never-comes.ts';
import { transferUndone } from './cheats/transfer-undone.ts';
import { turnsV } from './cheats/turns-v.ts';
import { twoKeys } from './cheats/two-keys.ts';
import { underCounts } from './cheats/under-counts.ts';

/** Every cheat, in the order of the issue that asked for them. To add one, add a file and its line here (docs/testing.md). */
export const CHEATS: readonly Cheat[] = [
  neverPays,
  paysLate,
  bouncingChequebook,
  replaysCheques,
  underCounts,
  overCounts,
  deniesPayments,
  newKeys,
  twoKeys,
  circulatesVolume,
  oldBackup,
  brokenPayAt,
  raisesPrice,
  floods,
  malformedFrames,
  badCheques,
  turnsV,
  closesOldState,
  transferThatNeverComes,
  transferUndone,
  oneChequeTwice,
  flapsRoutes,
  floodsRoutes,
  forgesReceipts,
  keepsPackets,
  liesAboutRoutes,
  probesRefusals,
];
