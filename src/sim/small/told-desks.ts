import { Column } from '../../core/ledger/columns.ts';
import type { PaymentMethod } from '../../core/terms/terms.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { SmallNode } from './small-node.ts';
import { type Beginning, Teller } from './teller.ts';
import { ToldDesk } from './told-desk.ts';

/** Both nodes settle so. */
export const settling =
  (change: Partial<NodeConfig['settlement']>) =>
  (config: NodeConfig): NodeConfig => ({ ...config, settlement: { ...config.settlement, ...change } });

export const byMethods = (...methods: readonly PaymentMethod[]) => settling({ methods: [...methods, 'barter'] });

/** A story in which both nodes have a told desk for this method, beside cheques. */
export async function withToldDesks(
  method: 'channel' | 'transfer',
  begins: Beginning,
): Promise<{ readonly teller: Teller; readonly desks: readonly [ToldDesk, ToldDesk] }> {
  const kind = method === 'transfer' ? 'transfer' : 'cheque';
  const desks = [new ToldDesk(kind), new ToldDesk(kind)] as const;
  const made = (node: SmallNode): Partial<Record<PaymentMethod, ToldDesk>> => ({ [method]: desks[node.who] });
  const teller = await Teller.begin({ ...begins, desks: made, dishonest: true });
  return { teller, desks };
}

/** What the buyer paid so far: by the told desk, and in all. */
export const paid = (teller: Teller, desk: ToldDesk): readonly number[] => [
  desk.written.reduce((sum, { units }) => sum + units, 0),
  teller.node(1).cell(Column.paid),
];
