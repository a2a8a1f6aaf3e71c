import type { NodeId } from '../core/node-id.ts';
import type { Units } from '../core/units.ts';
import type { ReceivedChequeRecord } from '../store/store.ts';

/** Cheques of each neighbour that its chequebooks have not paid, in units, rounded up; only those above 0. */
export function uncashedByNeighbour(
  received: readonly ReceivedChequeRecord[],
  weiPerUnit: bigint,
): ReadonlyMap<NodeId, Units> {
  const sums = new Map<NodeId, Units>();
  for (const { neighbour, cumulative, cashedCumulative } of received) {
    const units = Number((cumulative - cashedCumulative + weiPerUnit - 1n) / weiPerUnit);
    if (units > 0) sums.set(neighbour, (sums.get(neighbour) ?? 0) + units);
  }
  return sums;
}
