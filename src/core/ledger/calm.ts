import { throttleAt } from '../meter/pace.ts';
import { SERVICES, type Service } from '../service.ts';
import type { Units } from '../units.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';
import type { DebtorSampler } from './relation.ts';

/**
 * Balances between which a charge brings nothing about: above `from` no payment is due, below `to` the state stays open.
 * As long as nothing but charges happens, nobody need look at the link between them.
 */
export interface Calm {
  readonly from: number;
  readonly to: number;
}

/** Every charge is to be looked at. */
export const RESTLESS: Calm = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };

/** Worked out anew after whatever is no charge: terms, payments, a tick. `debtor` samples the charges of the same link. */
export function calmBetween(account: LinkAccount, debtor: DebtorSampler, myPayAt: Units): Calm {
  const oneWay = account.relation('transit')?.keepOnlyAsDebtor === true;
  if (account.state() !== 'open' || (oneWay && debtor.judges)) return RESTLESS;
  if (account.relations.byTime && SERVICES.some((each) => tradesTime(account, each))) return RESTLESS;
  const { ledger, row } = account;
  const payAt = account.theirs.newest?.payAt ?? Number.POSITIVE_INFINITY;
  const aside = ledger.debtOf(row) - ledger.get(row, Column.balance);
  const to = openBelow(account) - aside;
  return { from: -(payAt + ledger.get(row, Column.pending)), to: oneWay ? Math.min(to, myPayAt) : to };
}

function tradesTime(account: LinkAccount, service: Service): boolean {
  const { buysTime, sellsTime } = account.service(service).rates;
  return buysTime || sellsTime;
}

/** The debt from which a link that is open is so no more. */
function openBelow(account: LinkAccount): Units {
  const { limits } = account.mine;
  if (!account.enforce || account.nextCharge === 0 || limits === undefined) return Number.POSITIVE_INFINITY;
  return Math.min(throttleAt(limits), limits.dropAt - account.nextCharge + 1);
}
