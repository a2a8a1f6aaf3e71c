import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import type { NodeId } from '../../core/node-id.ts';
import { serviceColumn } from '../../core/service.ts';
import type { SimNode } from '../sim-node.ts';

/** How much of the credit a neighbour gives a machine it has used up: 0 to 1 and a little above; 0 before there is any. */
export function creditUsed(machine: SimNode, by: NodeId): number {
  const account = machine.accountOf(by);
  const dropAt = account?.theirs.newest?.dropAt ?? 0;
  return account === undefined || dropAt === 0 ? 0 : account.payable() / dropAt;
}

/** Bytes a cheat wants at once, beside what the world's people want: it must owe something before it can cheat. */
const PIECE_BYTES = 3_000;
/**
 * So many more where it is owed something itself, or is brought value: whom the world's people buy from, or send packets
 * through as soon as it owes something, would never come to owe.
 */
const CATCH_UP = 20;

/** Takes more from each of its neighbours. */
export function take(machine: SimNode, from: readonly NodeId[]): void {
  for (const neighbour of from) {
    const account = machine.accountOf(neighbour);
    const more = account !== undefined && (account.ledger.get(account.row, Column.balance) > 0 || valued(account));
    machine.traffic?.upload(neighbour, more ? PIECE_BYTES * CATCH_UP : PIECE_BYTES);
  }
}

/** Its neighbour has sent packets of value. */
function valued({ ledger, row }: LinkAccount): boolean {
  return ledger.get(row, Column.provided + serviceColumn.packets) > 0;
}
