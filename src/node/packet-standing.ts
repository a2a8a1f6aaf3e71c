import type { CarrierLink } from '../core/carrier/carrier-links.ts';
import { type Surge, surgedToll } from '../core/carrier/congestion.ts';
import type { PathPrice } from '../core/routes/route.ts';
import type { Terms } from '../core/terms/terms.ts';
import type { Units } from '../core/units.ts';

/** What packets on an open link go by: this node's limits, the neighbour's terms, and how many times the usual toll is taken. */
export interface PacketStanding {
  readonly mine: Pick<Terms, 'valueAt'>;
  readonly theirs: Terms;
  readonly surge: Surge;
}

/** Whether the carrier has nothing to be told. Terms that change are other terms, so they need not be read. */
export function sameStanding(a: PacketStanding | undefined, b: PacketStanding | undefined): boolean {
  return a?.mine === b?.mine && a?.theirs === b?.theirs && a?.surge === b?.surge;
}

/** What the carrier is told of such a link, by this node's usual toll and its fee for refusing a packet. */
export function carrierLinkOf(
  { mine, surge, theirs }: PacketStanding,
  usual: { readonly toll: PathPrice; readonly refusalFee: Units },
): CarrierLink {
  const toll = surgedToll(usual.toll, surge);
  return {
    toll,
    surgePerPacket: toll.perPacket - usual.toll.perPacket,
    valueAt: mine.valueAt,
    peerValueAt: theirs.valueAt,
    refusalFee: usual.refusalFee,
    offers: theirs.priority,
  };
}
