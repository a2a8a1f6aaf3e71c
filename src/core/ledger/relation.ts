import type { Service } from '../service.ts';
import { barterPrice } from '../terms/barter.ts';
import { commonMethod, type ServiceTerms, type Terms } from '../terms/terms.ts';
import { MAX_PRICE, type PricePerMb } from '../units.ts';

/** Who can pay whom for one service on one link (DESIGN §4). `none`: nothing is for sale that anyone would pay or repay. */
export type RelationKind = 'both' | 'onlyIPay' | 'onlyTheyPay' | 'barter' | 'none';

/** What follows from the kind. */
export interface RelationRule {
  readonly iCanPay: boolean;
  readonly theyCanPay: boolean;
  /** What I do when my debt reaches their payAt. `nothing` is no error (seed 002). */
  readonly atTheirPayAt: 'pay' | 'nothing';
  /** What I expect when their debt reaches my payAt. */
  readonly atMyPayAt: 'expectPayment' | 'nothing';
  /** I keep the link only while I am predominantly the debtor: see `DebtorSampler`. */
  readonly keepOnlyAsDebtor: boolean;
  /** Charges count toward what is settled in tokens; otherwise toward the barter sub-balance. */
  readonly payable: boolean;
}

const payBoth = { atTheirPayAt: 'pay', atMyPayAt: 'expectPayment', keepOnlyAsDebtor: false, payable: true } as const;
const payMine = { atTheirPayAt: 'pay', atMyPayAt: 'nothing', keepOnlyAsDebtor: true, payable: true } as const;
const payTheirs = {
  atTheirPayAt: 'nothing',
  atMyPayAt: 'expectPayment',
  keepOnlyAsDebtor: false,
  payable: true,
} as const;
const payNone = { atTheirPayAt: 'nothing', atMyPayAt: 'nothing', keepOnlyAsDebtor: false, payable: false } as const;

/** The table of DESIGN §4. */
export const RELATIONS: Readonly<Record<RelationKind, RelationRule>> = {
  both: { iCanPay: true, theyCanPay: true, ...payBoth },
  onlyIPay: { iCanPay: true, theyCanPay: false, ...payMine },
  onlyTheyPay: { iCanPay: false, theyCanPay: true, ...payTheirs },
  barter: { iCanPay: false, theyCanPay: false, ...payNone },
  none: { iCanPay: false, theyCanPay: false, ...payNone },
};

/** What the two terms of one service come to between two neighbours, seen from my side. Prices in units per MB. */
export interface Relation extends RelationRule {
  readonly kind: RelationKind;
  /** What I charge, and what I am charged. Who cannot pay is charged the lower positive ask: one for one. */
  readonly providePerMb: PricePerMb;
  readonly consumePerMb: PricePerMb;
  /** I serve them; they serve me. False where nothing is offered, or where it could neither be paid nor repaid. */
  readonly iSell: boolean;
  readonly iBuy: boolean;
}

/** The relation for one service. An undefined ask sells nothing, so nothing can be paid for. */
export function relationOf(mine: ServiceTerms, theirs: ServiceTerms): Relation {
  const iCanPay = theirs.askPerMb !== undefined && mine.bidPerMb >= theirs.askPerMb;
  const theyCanPay = mine.askPerMb !== undefined && theirs.bidPerMb >= mine.askPerMb;
  const mutual = mine.askPerMb !== undefined && theirs.askPerMb !== undefined;
  const kind = kindOf(iCanPay, theyCanPay, mutual);
  const oneForOne = barterPrice(mine.askPerMb, theirs.askPerMb);
  return {
    ...RELATIONS[kind],
    kind,
    providePerMb: priceFor(mine.askPerMb, theyCanPay, oneForOne),
    consumePerMb: priceFor(theirs.askPerMb, iCanPay, oneForOne),
    iSell: theyCanPay || mutual,
    iBuy: iCanPay || mutual,
  };
}

/** The relation for `service` between two whole terms. A side without a usable way to pay bids 0 in effect. */
export function relationBetween(mine: Terms, theirs: Terms, service: Service): Relation {
  return relationOf(
    { askPerMb: mine.services[service].askPerMb, bidPerMb: effectiveBid(theirs, mine, service) },
    { askPerMb: theirs.services[service].askPerMb, bidPerMb: effectiveBid(mine, theirs, service) },
  );
}

/** The relation as an observing node sees it: what would not be paid for is served all the same, and priced at the ask. */
export function relationObserved(mine: Terms, theirs: Terms, service: Service): Relation {
  const relation = relationBetween(mine, theirs, service);
  if (relation.kind !== 'none') return relation;
  const paying = (terms: Terms): ServiceTerms => ({ ...terms.services[service], bidPerMb: MAX_PRICE });
  return relationOf(paying(mine), paying(theirs));
}

function effectiveBid(payee: Terms, payer: Terms, service: Service): PricePerMb {
  const method = commonMethod(payee, payer);
  return method === undefined || method === 'barter' ? 0 : payer.services[service].bidPerMb;
}

function kindOf(iCanPay: boolean, theyCanPay: boolean, mutual: boolean): RelationKind {
  if (iCanPay) return theyCanPay ? 'both' : 'onlyIPay';
  if (theyCanPay) return 'onlyTheyPay';
  return mutual ? 'barter' : 'none';
}

function priceFor(ask: PricePerMb | undefined, canPay: boolean, oneForOne: PricePerMb): PricePerMb {
  if (ask === undefined) return 0;
  return canPay ? ask : oneForOne;
}

/** Samples that decide whether I am predominantly the debtor (DESIGN §4). */
const DEBTOR_SAMPLES = 20;
// For speed, as in `ledger.ts`.
const debtorSamples = DEBTOR_SAMPLES;

export { debtorSamples as DEBTOR_SAMPLES };

const ALL_DEBTOR = 2 ** DEBTOR_SAMPLES - 1;

/**
 * The one-way rule for the side that can pay a neighbour who cannot: keep the link only while I was in debt in at
 * least half of the last 20 samples, judged from the moment their debt first passed my payAt. Take one sample a
 * charge, so that an idle link is not judged.
 */
export class DebtorSampler {
  /** The last samples as bits, the newest lowest: 1 where I was the debtor. A charge costs no memory. */
  #debtor = 0;
  #samples = 0;
  #passed = false;
  /** A sample came since it was last said that the link is not kept. */
  #fresh = false;

  /** `balance`: positive when they owe me. `payAt`: their debt at which I would expect payment. */
  sample(balance: number, payAt: number): void {
    if (balance >= payAt) this.#passed = true;
    this.#fresh = true;
    this.#debtor = ((this.#debtor << 1) | (balance < 0 ? 1 : 0)) & ALL_DEBTOR;
    if (this.#samples < DEBTOR_SAMPLES) this.#samples += 1;
  }

  /** My payAt was passed: from now on the samples decide. */
  get judges(): boolean {
    return this.#passed;
  }

  /** False: disconnect. Always true before payAt was passed or with fewer than 20 samples. */
  get keep(): boolean {
    if (!this.#passed || this.#samples < DEBTOR_SAMPLES) return true;
    let debtor = 0;
    for (let bits = this.#debtor; bits !== 0; bits >>>= 1) debtor += bits & 1;
    return debtor * 2 >= DEBTOR_SAMPLES;
  }

  /** Whether to disconnect now, said once for each sample: a neighbour that comes back and is idle is not judged again. */
  leaves(): boolean {
    if (!this.#fresh || this.keep) return false;
    this.#fresh = false;
    return true;
  }
}
