import type { LinkRow } from '../ledger/ledger.ts';
import type { Units } from '../units.ts';
import type { Reason } from './packet.ts';

/** This node itself, where a link is asked for. */
export const SELF = -1;

/** What becomes of a packet. One object is used again for every packet. */
export interface Decision {
  action: 'forward' | 'deliver' | 'return' | 'drop';
  /** `forward`: the link to leave by. `return`: the link to go back on, or `SELF`: the value is back where it started. */
  to: LinkRow;
  /** What the packet carries from here on. */
  value: Units;
  reason: Reason;
  /** `return` for `UNDERFUNDED` and `CONGESTED`: the toll that was wanted. */
  wanted: Units;
}

/** Why a packet that was on its way out goes back. */
export type StrandReason = Extract<Reason, 'CONGESTED' | 'NO_ROUTE' | 'EXPIRED'>;
