import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import type { CreditRecord, LinkRecord, StoredState } from '../store/store.ts';
import type { CreditHistory } from './node.ts';
import { PaymentHistories } from './payment-histories.ts';
import { uncashedByNeighbour } from './uncashed-by-neighbour.ts';

/** How each neighbour has paid, by the books of a node that is stopped: what it showed last, but for packets under way. */
export function storedHistories(
  state: StoredState,
  { clock, weiPerUnit }: { readonly clock: Clock; readonly weiPerUnit: bigint },
): ReadonlyMap<NodeId, CreditHistory> {
  const payers = new PaymentHistories(clock, state.notes);
  const uncashed = uncashedByNeighbour(state.received, weiPerUnit);
  const credits = new Map(state.credits.map((credit) => [credit.neighbour, credit]));
  return new Map(
    state.links.map((link) => {
      const honoured = Math.max(0, link.received - (uncashed.get(link.neighbour) ?? 0));
      const kept = honoured - spentOn(link, credits.get(link.neighbour));
      return [link.neighbour, { ...payers.view(link.neighbour), honoured, kept }];
    }),
  );
}

/** Paid to it, owed to it, written off in its favour, and what it cost (`core/credit/credit.ts`). Units. */
function spentOn(link: LinkRecord, credit: CreditRecord | undefined): number {
  const { consumed, consumedCorrection, paid, provided, providedCorrection, received } = link;
  const sum = (parts: readonly number[]): number => parts.reduce((all, part) => all + part, 0);
  const given = sum(provided) + sum(providedCorrection);
  const debt = sum(consumed) + sum(consumedCorrection) + received - given - paid;
  const { base = 0, cost = 0, gas = 0 } = credit ?? {};
  return paid + Math.max(0, debt) + Math.max(0, -sum(providedCorrection)) + base + cost + gas;
}
