import type { Units } from '../units.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

/**
 * How much of `wanted` may be paid to a neighbour beyond what is owed (DESIGN §3: value is taken on no credit from who is
 * new, so it pays first). What is paid ahead is lost if the neighbour vanishes, so it is part of the exposure and stays
 * below my own payAt: neither end may take it for a debt that is due. Units.
 */
export function aheadOf(account: LinkAccount, wanted: Units): Units {
  if (wanted <= 0) return 0;
  const { ledger, mine, row } = account;
  const payable = account.payable();
  const held = ledger.get(row, Column.heldProvide);
  const after = ledger.debtOf(row) + held + payable;
  const below = (mine.newest?.payAt ?? 0) - 1 - after;
  return Math.max(0, Math.min(wanted, below, ledger.roomToProvide(row) - payable));
}
