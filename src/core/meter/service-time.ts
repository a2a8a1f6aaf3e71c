import { WayleaveError } from '../errors.ts';
import type { Allowance } from '../ledger/door.ts';
import type { LinkAccount } from '../ledger/link-account.ts';
import type { Service } from '../service.ts';
import type { AllotmentMessage } from '../session/message.ts';
import type { Terms } from '../terms/terms.ts';
import { BYTES_PER_MB, type PricePerMb, type Units } from '../units.ts';
import { allotmentPrice } from './allotment.ts';
import { type TimeAdmit, TimeBuyer, type TimeCharge, type TimeOffer, TimeSeller } from './time-meter.ts';

/** What the metering of one service by time needs of the account it charges. */
export interface ServiceTimeOptions {
  readonly account: LinkAccount;
  readonly service: Service;
  /** The price of the service by my terms, or by theirs. */
  readonly priceIn: (side: 'mine' | 'theirs', terms: Terms) => PricePerMb;
  /** Charges the account; false, and nothing is charged, where a limit or the lease has no room. */
  readonly charge: (side: 'provided' | 'consumed', units: Units) => boolean;
  /** Corrects what I provided by what the neighbour admits, and takes it back. Signed units. */
  readonly admit: TimeAdmit;
}

/**
 * Metering by time for one service on one link, both ways (DESIGN §7). Where terms sell by data, or for nothing, it lets
 * everything pass. Bytes cost nothing under it, so junk costs nothing more than the time it takes.
 */
export class ServiceTime {
  readonly #options: ServiceTimeOptions;
  readonly #bought = new TimeBuyer();
  readonly #sold = new TimeSeller();

  constructor(options: ServiceTimeOptions) {
    this.#options = options;
  }

  /** What I sell time for; undefined where I sell by data or for nothing. */
  offered(): TimeOffer | undefined {
    return this.#offer('mine', this.#options.account.mine.acknowledged);
  }

  /** I buy this service by time. */
  get buys(): boolean {
    return this.#offer('theirs', this.#options.account.theirs.newest) !== undefined;
  }

  allows(wanted: number, nowMs: number): Allowance {
    return this.#sold.allows(wanted, nowMs);
  }

  active(nowMs: number): boolean {
    return this.#sold.active(nowMs);
  }

  served(nowMs: number): void {
    this.#sold.served(nowMs);
  }

  /** Would use the service now: false until time is bought, which being asked brings about. */
  usable(): boolean {
    const { account } = this.#options;
    if (this.#bought.want()) account.moved();
    return this.#bought.covered || !account.enforce;
  }

  /** The service was used. To be told only where it is bought by time, as is `usable` to be asked. */
  used(): void {
    this.#bought.used();
  }

  /** The neighbour says how much time it bought. Throws `EPOCH_STALE`, `EPOCH_UNKNOWN`, `ALLOTMENT_AHEAD`, `MESSAGE_UNEXPECTED`. */
  ordered(message: AllotmentMessage, nowMs: number): void {
    const offer = this.#offer('mine', this.#options.account.mine.termsOf(message.epoch, nowMs));
    if (offer === undefined) throw new WayleaveError('MESSAGE_UNEXPECTED', { kind: 'allotment', epoch: message.epoch });
    this.#sold.order(message.count, offer, nowMs);
  }

  /** Sells time that was ordered, or admits it, and buys what is due. What was bought is to be sent. `admitted`: signed units. */
  meter(nowMs: number): { bought: AllotmentMessage | undefined; sold: number; admitted: number } {
    const { account, service } = this.#options;
    const sale = this.#sold.sell(nowMs, this.#provide, this.#options.admit);
    const terms = account.theirs.newest;
    const offer = account.relation(service)?.iBuy === true ? this.#offer('theirs', terms) : undefined;
    const count = offer === undefined ? undefined : this.#bought.renew(offer, nowMs, this.#consume);
    if (count === undefined || terms === undefined) return { bought: undefined, ...sale };
    return { bought: { kind: 'allotment', service, count, epoch: terms.epoch }, ...sale };
  }

  /** The connection is gone: time bought on it expires. */
  forget(): void {
    this.#bought.forget();
    this.#sold.forget();
  }

  readonly #provide: TimeCharge = (units) => this.#options.charge('provided', units);

  readonly #consume: TimeCharge = (units, size, price) => {
    if (!this.#options.charge('consumed', units)) return false;
    // A second stands for a megabyte, as in the price: what access cost is an average over both.
    this.#options.account.noteUse((size.ms * BYTES_PER_MB) / 1000, price);
    return true;
  };

  #offer(side: 'mine' | 'theirs', terms: Terms | undefined): TimeOffer | undefined {
    if (terms?.metering !== 'time' || terms.services[this.#options.service].askPerMb === undefined) return undefined;
    const price = this.#options.priceIn(side, terms);
    if (price === 0) return undefined;
    return { size: terms.allotment, price, units: allotmentPrice(terms.allotment, price) };
  }
}
