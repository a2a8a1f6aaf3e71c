import type { SimNode } from '../sim-node.ts';

/**
 * One of the two cannot pay, so their prices follow from both sides' terms (DESIGN §4). No tag names both: what crosses a
 * change of terms is priced apart at the two ends, until books are compared with the next connection.
 */
export function oneForOne(a: SimNode, b: SimNode): boolean {
  const relation = a.accountOf(b.id)?.relation('transit');
  return relation !== undefined && !(relation.iCanPay && relation.theyCanPay);
}
