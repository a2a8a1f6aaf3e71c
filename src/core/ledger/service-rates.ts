import type { Service } from '../service.ts';
import { askOf } from '../terms/epoch-book.ts';
import type { Terms } from '../terms/terms.ts';
import type { PricePerMb } from '../units.ts';
import type { LinkAccount } from './link-account.ts';
import type { Relation } from './relation.ts';

/** What both sides' present terms come to for one service: worked out at each change of them, read for every frame. */
export interface ServiceRates {
  readonly selling: boolean;
  readonly buying: boolean;
  /** What I am charged counts toward what I settle in tokens; else it is repaid in kind. */
  readonly payable: boolean;
  /** Epochs of my acknowledged terms and of their newest: the tags of frames. 0 before there are any. */
  readonly sellEpoch: number;
  readonly buyEpoch: number;
  /** What is charged: my acknowledged ask, or the one-for-one price where they cannot pay. */
  readonly sellPerMb: PricePerMb;
  /** The same for bytes: nothing where time is sold. */
  readonly sellBytesPerMb: PricePerMb;
  readonly buyPerMb: PricePerMb;
  readonly buyBytesPerMb: PricePerMb;
  /** The service is sold, and bought, by the second. */
  readonly sellsTime: boolean;
  readonly buysTime: boolean;
  /** I serve only within time that was bought: not in observe mode. */
  readonly gated: boolean;
  /** Price of bytes tagged `sellEpoch`, and `buyEpoch`. Undefined: not for sale. */
  readonly arrivedPerMb: PricePerMb | undefined;
  readonly deliveredPerMb: PricePerMb | undefined;
}

/** Works the rates out. `time`: whether the service is sold and bought by time now. */
export function ratesOf(
  account: LinkAccount,
  service: Service,
  time: { readonly sold: boolean; readonly bought: boolean },
): ServiceRates {
  const relation = account.relation(service);
  return {
    payable: relation?.payable !== false && relation?.kind !== 'onlyTheyPay',
    ...sellingRates(account.mine.acknowledged, service, account.relations.pricing(service, 'mine')),
    // An offer holds once it is acknowledged: before, a frame could only name terms that offer nothing.
    selling: relation?.iSell === true && account.mine.acknowledged?.services[service].askPerMb !== undefined,
    ...buyingRates(account.theirs.newest, service, {
      relation: account.relations.pricing(service, 'theirs'),
      byTime: time.bought,
    }),
    buying: relation?.iBuy === true,
    sellsTime: time.sold,
    buysTime: time.bought,
    gated: time.sold && account.enforce,
  };
}

function sellingRates(mine: Terms | undefined, service: Service, relation: Relation | undefined) {
  const ask = mine?.services[service].askPerMb;
  const sellPerMb = relation?.theyCanPay === true ? (ask ?? 0) : (relation?.providePerMb ?? 0);
  return {
    sellEpoch: mine?.epoch ?? 0,
    sellPerMb,
    sellBytesPerMb: mine?.metering === 'time' ? 0 : sellPerMb,
    arrivedPerMb: mine && bytesPerMb(mine, service, 'mine', relation),
  };
}

function buyingRates(
  theirs: Terms | undefined,
  service: Service,
  { relation, byTime }: { relation: Relation | undefined; byTime: boolean },
) {
  const buyPerMb = relation?.consumePerMb ?? 0;
  return {
    buyEpoch: theirs?.epoch ?? 0,
    buyPerMb,
    buyBytesPerMb: byTime ? 0 : buyPerMb,
    deliveredPerMb: theirs && bytesPerMb(theirs, service, 'theirs', relation),
  };
}

function bytesPerMb(
  terms: Terms,
  service: Service,
  side: 'mine' | 'theirs',
  relation: Relation | undefined,
): PricePerMb | undefined {
  if (terms.services[service].askPerMb === undefined) return undefined;
  return terms.metering === 'time' ? 0 : pricePerMb(terms, service, side, relation);
}

/** What a service costs by these terms of mine, or of theirs. Throws `SERVICE_NOT_OFFERED`. */
export function pricePerMb(
  terms: Terms,
  service: Service,
  side: 'mine' | 'theirs',
  relation: Relation | undefined,
): PricePerMb {
  const ask = askOf(terms, service);
  // `relation` is the last in which it was sold; after a restart none is left, and the offer alone prices what comes.
  if (side === 'mine') return relation?.theyCanPay === false && relation.iSell ? relation.providePerMb : ask;
  return relation?.iCanPay === false && relation.iBuy ? relation.consumePerMb : ask;
}
