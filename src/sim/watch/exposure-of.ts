import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';

/** Debt with what is being paid, uncleared, assumed and held. */
export function exposureOf({ ledger, row }: LinkAccount): number {
  return (
    ledger.get(row, Column.balance) +
    ledger.get(row, Column.pending) +
    ledger.get(row, Column.uncleared) +
    ledger.get(row, Column.forgiven) +
    ledger.get(row, Column.assumed) +
    ledger.get(row, Column.heldProvide)
  );
}
