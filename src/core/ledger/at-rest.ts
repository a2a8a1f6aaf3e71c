import { SERVICES } from '../service.ts';
import type { Units } from '../units.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

/**
 * Nothing of this account changes by time alone: it is open, all that was consumed has been told (`toldUnits`), nothing
 * is being paid, due, or held back until somebody else pays, and no time is metered. Whom a link is kept with only as its
 * debtor is judged by charges.
 */
export function accountAtRest(account: LinkAccount, toldUnits: Units): boolean {
  return netConsumed(account) === toldUnits && nothingWaits(account);
}

function nothingWaits(account: LinkAccount): boolean {
  const { ledger, row } = account;
  if (!account.ready || account.state() !== 'open') return false;
  if (account.payDue() || ledger.get(row, Column.pending) > 0) return false;
  // A debt that is held back falls due by what happens on another link, of which nobody tells this one.
  if (ledger.unpaidDebt(row) >= (account.theirs.newest?.payAt ?? Number.POSITIVE_INFINITY)) return false;
  if (!account.relations.byTime) return true;
  return SERVICES.every((each) => {
    const { time } = account.service(each);
    return !time.buys && time.offered() === undefined;
  });
}

/** What was last told of all that was consumed, and from when on more may be told. */
export interface Told {
  readonly units: Units;
  readonly againMs: number;
}

/** From when on time alone may change something of this account: `nowMs`, when more may be told, or Infinity for never. */
export function accountDueMs(account: LinkAccount, told: Told, nowMs: number): number {
  if (!nothingWaits(account)) return nowMs;
  return netConsumed(account) === told.units ? Number.POSITIVE_INFINITY : told.againMs;
}

/** All that was consumed, corrections included. */
export function netConsumed(account: LinkAccount): Units {
  return account.net('consumed', 0) + account.net('consumed', 1) + account.net('consumed', 2);
}
