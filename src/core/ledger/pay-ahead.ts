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
  const held = ledger.get(row, Column.heldProvide);
  const below = (mine.newest?.payAt ?? 0) - 1 - ledger.debtOf(row) - held;
  const room = Math.min(below, ledger.roomToProvide(row));
  return Math.max(0, Math.min(wanted, ledger.payableWithin(row, room) - account.payable()));
}
