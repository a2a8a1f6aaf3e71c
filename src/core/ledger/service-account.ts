import { WayleaveError } from '../errors.ts';
import { ServiceTime } from '../meter/service-time.ts';
import type { TimeOffer } from '../meter/time-meter.ts';
import type { NodeId } from '../node-id.ts';
import { type Service, serviceColumn } from '../service.ts';
import {
  BYTES_PER_MB as bytesPerMb,
  MAX_CHARGE_BYTES as maxChargeBytes,
  millionthsFor,
  type PricePerMb,
  type Units,
} from '../units.ts';
import { Column } from './columns.ts';
import type { Allowance, Hold, ServiceDoor } from './door.ts';
import { fitting, PIECE_BYTES as pieceBytes, upperBound } from './fitting.ts';
import { GrantCover } from './grant-cover.ts';
import type { LinkAccount } from './link-account.ts';
import { pricePerMb, ratesOf, type ServiceRates } from './service-rates.ts';
import { Tally } from './tally.ts';

// Constants of its own, for speed (core/ledger/ledger.ts).
const [BYTES_PER_MB, MAX_CHARGE_BYTES, PIECE_BYTES] = [bytesPerMb, maxChargeBytes, pieceBytes];

const NOTHING: Allowance = { bytes: 0 };

interface OpenHold {
  hold: Hold;
  bytes: number;
  pricePerMb: PricePerMb;
  side: 'provided' | 'consumed';
}

/** No hold has this number. */
const NO_HOLD: Hold = Number.NaN;

/** Quantities that go with the ledger's totals: bytes, and the millionths of a unit not charged yet. */
export interface ServiceQuantities {
  readonly providedBytes: number;
  readonly consumedBytes: number;
  readonly providedRemainder: number;
  readonly consumedRemainder: number;
  /** Given less taken of what is exchanged one for one. Units, signed. */
  readonly barterNet: number;
}

/** One service's door to a link account: turns bytes into exact units, and asks the ledger before anything is served. */
export class ServiceAccount implements ServiceDoor {
  providedBytes = 0;
  consumedBytes = 0;
  providedRemainder = 0;
  consumedRemainder = 0;
  barterNet = 0;
  readonly #account: LinkAccount;
  readonly #service: Service;
  readonly #column: number;
  /** The hold made last, nearly always ended before the next one is made, and the others. */
  readonly #latest: OpenHold = { hold: NO_HOLD, bytes: 0, pricePerMb: 0, side: 'provided' };
  #open: Map<Hold, OpenHold> | undefined;
  #free = -1;
  #rates: ServiceRates | undefined;
  #ratesChange = -1;
  #time: ServiceTime | undefined;
  #grants: GrantCover | undefined;
  /** Of what was provided, the part charged on arrival; of what was consumed, the part charged at sending. Since the start. */
  readonly forwarded = new Tally();
  readonly used = new Tally();

  constructor(account: LinkAccount, service: Service) {
    this.#account = account;
    this.#service = service;
    this.#column = serviceColumn[service];
  }

  /** Made when first needed: links are many, and time is sold on few of them. */
  get time(): ServiceTime {
    const [account, service] = [this.#account, this.#service];
    this.#time ??= new ServiceTime({
      account,
      service,
      priceIn: (side, terms) => pricePerMb(terms, service, side, account.relation(service)),
      charge: (side, units) => this.#charge(side, units),
      admit: (units) => this.#admit(units),
    });
    return this.#time;
  }

  /** What the neighbour was granted to send through me; made when first needed, too. A private getter would be slow here. */
  #granted(): GrantCover {
    this.#grants ??= new GrantCover(this.#account.ledger, this.#account.row, this.#column);
    return this.#grants;
  }

  /** What I sell time for; undefined where I sell by data or for nothing. */
  #timeOffer(): TimeOffer | undefined {
    return this.#account.relations.byTime ? this.time.offered() : undefined;
  }

  get neighbour(): NodeId {
    return this.#account.neighbour;
  }

  /** Also where it was choked for too long: by serving me it pays, and in barter by nothing else. */
  get ready(): boolean {
    return this.#account.ready && !this.#account.banned;
  }

  #serves(): boolean {
    return this.#account.ready && !this.#account.closed;
  }

  /** What both sides' terms come to now. */
  get rates(): ServiceRates {
    const change = this.#account.relations.changes;
    if (this.#rates === undefined || change !== this.#ratesChange) {
      const time = { sold: this.#timeOffer() !== undefined, bought: this.#account.relations.byTime && this.time.buys };
      this.#rates = ratesOf(this.#account, this.#service, time);
      this.#ratesChange = change;
    }
    return this.#rates;
  }

  get selling(): boolean {
    return this.rates.selling;
  }

  get buying(): boolean {
    return this.rates.buying;
  }

  get buyPricePerMb(): number {
    return this.rates.buyPerMb;
  }

  get sellEpoch(): number {
    return this.rates.sellEpoch;
  }

  get buyEpoch(): number {
    return this.rates.buyEpoch;
  }

  /** What I owe for this service where it is repaid in kind, not in tokens. */
  netOwed(): Units {
    return Math.max(0, -this.barterNet);
  }

  /** What the smallest piece that is served can cost; 0 where nothing is sold or it is free. By time: an allotment. */
  pieceUnits(): Units {
    if (!this.selling) return 0;
    return this.#timeOffer()?.units ?? upperBound(PIECE_BYTES, this.rates.sellPerMb);
  }

  servable(wanted: number, nowMs: number): Allowance {
    const { gated, selling, sellBytesPerMb } = this.rates;
    if (!selling || !this.#serves()) return NOTHING;
    let most = Math.min(wanted, MAX_CHARGE_BYTES);
    if (gated) {
      const timely = this.time.allows(most, nowMs);
      if (timely.bytes === 0) return timely;
      most = timely.bytes;
    }
    const room = this.#account.ledger.roomToProvide(this.#account.row);
    const affordable = fitting(most, sellBytesPerMb, room);
    if (affordable === 0) return NOTHING;
    return this.#account.allow(affordable, nowMs);
  }

  serve(bytes: number, nowMs: number): Hold {
    this.#account.paced(bytes, nowMs);
    const { gated, sellBytesPerMb } = this.rates;
    if (gated) this.time.served(nowMs);
    return this.#holdFor(bytes, sellBytesPerMb, 'provided');
  }

  #holdFor(bytes: number, pricePerMb: PricePerMb, side: 'provided' | 'consumed'): Hold {
    const { ledger, row } = this.#account;
    const units = upperBound(bytes, pricePerMb);
    // Ids below −1 mark holds that reserve nothing; the ledger's own refusals never reach the map.
    let hold = --this.#free;
    if (units > 0) {
      hold = side === 'provided' ? ledger.holdProvide(row, units) : ledger.holdConsume(row, units);
      if (hold < 0) throw new WayleaveError('SERVICE_REFUSED', { neighbour: this.neighbour, units });
    }
    const latest = this.#latest;
    if (!Number.isNaN(latest.hold)) {
      this.#open ??= new Map();
      this.#open.set(latest.hold, { ...latest });
    }
    latest.hold = hold;
    latest.bytes = bytes;
    latest.pricePerMb = pricePerMb;
    latest.side = side;
    return hold;
  }

  commit(hold: Hold, buyer?: NodeId): void {
    const open = this.#ended(hold);
    const units = this.#count(open.side, open.bytes, open.pricePerMb);
    if (open.side === 'consumed') {
      this.used.add(open.bytes, open.pricePerMb);
      if (!this.rates.buysTime) this.#account.noteUse(open.bytes, open.pricePerMb);
    }
    if (buyer !== undefined) this.#account.noteCarried(buyer, units);
    if (hold >= 0) this.#account.ledger.commit(hold, this.#column, units);
    if (open.side === 'provided' && this.#grants?.holds === true)
      this.#grants.served(this.rates.sellBytesPerMb, this.providedRemainder);
    this.#account.moved();
  }

  release(hold: Hold): void {
    this.#ended(hold);
    if (hold >= 0) this.#account.ledger.release(hold);
  }

  #ended(hold: Hold): Readonly<OpenHold> {
    if (this.#latest.hold === hold) {
      this.#latest.hold = NO_HOLD;
      return this.#latest;
    }
    const open = this.#open?.get(hold);
    if (open === undefined) throw new WayleaveError('HOLD_UNKNOWN', { hold });
    this.#open?.delete(hold);
    return open;
  }

  /** Counts bytes and returns what they cost exactly, carrying the remainder. */
  #count(side: 'provided' | 'consumed', bytes: number, pricePerMb: PricePerMb): Units {
    const provided = side === 'provided';
    const millionths = millionthsFor(bytes, pricePerMb, provided ? this.providedRemainder : this.consumedRemainder);
    const units = Math.floor(millionths / BYTES_PER_MB);
    const remainder = millionths - units * BYTES_PER_MB;
    if (provided) {
      this.providedBytes += bytes;
      this.providedRemainder = remainder;
    } else {
      this.consumedBytes += bytes;
      this.consumedRemainder = remainder;
    }
    if (!this.rates.payable) this.barterNet += provided ? units : -units;
    return units;
  }

  reserveForward(wanted: number, nowMs: number): Allowance {
    const { gated, selling, sellBytesPerMb: price } = this.rates;
    if (!this.#serves() || !selling) return NOTHING;
    if (gated && !this.time.active(nowMs)) return NOTHING;
    const affordable = this.#granted().roomFor(wanted, price);
    if (affordable === 0) return NOTHING;
    const allowed = this.#account.allow(affordable, nowMs);
    if (allowed.bytes === 0) return allowed;
    this.#account.paced(allowed.bytes, nowMs);
    this.#granted().grant(allowed.bytes, price);
    return allowed;
  }

  arrived(bytes: number, epoch: number, nowMs: number): void {
    const { arrivedPerMb, sellEpoch } = this.rates;
    const price =
      epoch === sellEpoch && arrivedPerMb !== undefined ? arrivedPerMb : this.#priceAt('mine', epoch, nowMs);
    this.#granted().arrived(bytes, this.#count('provided', bytes, price));
    this.forwarded.add(bytes, price);
    this.#account.moved();
  }

  forgetForward(): void {
    this.#grants?.forget();
  }

  usable(wanted: number): number {
    const { buying, buysTime, buyBytesPerMb } = this.rates;
    if (!buying || !this.ready) return 0;
    if (buysTime && !this.time.usable()) return 0;
    const room = this.#account.ledger.roomToConsume(this.#account.row);
    return fitting(Math.min(wanted, MAX_CHARGE_BYTES), buyBytesPerMb, room);
  }

  use(bytes: number): Hold {
    const { buysTime, buyBytesPerMb } = this.rates;
    if (buysTime) this.time.used();
    return this.#holdFor(bytes, buyBytesPerMb, 'consumed');
  }

  delivered(bytes: number, epoch: number, buyer?: NodeId): void {
    const { buyEpoch, buysTime, deliveredPerMb } = this.rates;
    const price =
      epoch === buyEpoch && deliveredPerMb !== undefined ? deliveredPerMb : this.#priceAt('theirs', epoch, 0);
    const units = this.#count('consumed', bytes, price);
    this.#account.ledger.consumed(this.#account.row, this.#column, units);
    if (buyer !== undefined) this.#account.noteCarried(buyer, units);
    // Under time metering the price of access is noted with each allotment, not with bytes that cost nothing.
    if (buysTime) this.time.used();
    else this.#account.noteUse(bytes, price);
    this.#account.moved();
  }

  /** Charges what is no bytes; false, and nothing is charged, where a limit or the lease has no room. */
  #charge(side: 'provided' | 'consumed', units: Units): boolean {
    const { ledger, row } = this.#account;
    const hold = side === 'provided' ? ledger.holdProvide(row, units) : ledger.holdConsume(row, units);
    if (hold < 0) return false;
    ledger.commit(hold, this.#column, units);
    // Time is charged by the buyer when it orders, by the seller when the order has come.
    (side === 'provided' ? this.forwarded : this.used).addUnits(units);
    if (!this.rates.payable) this.barterNet += side === 'provided' ? units : -units;
    this.#account.moved();
    return true;
  }

  /** Time was ordered, and charged to itself, by a neighbour for which there is no room: its word, as `reconcile` takes it. */
  #admit(units: number): void {
    this.#account.ledger.correct(this.#account.row, 'provided', this.#column, units);
    this.corrected('provided', units);
  }

  /** The connection is gone, and with it every grant and the time bought on it. */
  disconnected(): void {
    this.forgetForward();
    this.#time?.forget();
  }

  watch(changed: () => void): () => void {
    return this.#account.watch(changed);
  }

  /** The price of bytes tagged `epoch`, which is not the newest. */
  #priceAt(side: 'mine' | 'theirs', epoch: number, nowMs: number): PricePerMb {
    const { mine, theirs } = this.#account;
    const terms = side === 'mine' ? mine.termsOf(epoch, nowMs) : theirs.termsOf(epoch);
    const price = pricePerMb(terms, this.#service, side, this.#account.relations.pricing(this.#service, side));
    return terms.metering === 'time' ? 0 : price;
  }

  /** Both ends start the millionths anew when they compare books: a lost frame may have left them apart. */
  forgetRemainders(): void {
    this.providedRemainder = 0;
    this.consumedRemainder = 0;
  }

  /** The books were corrected by so much: what is owed in kind with them. */
  corrected(side: 'provided' | 'consumed', units: number): void {
    if (!this.rates.payable) this.barterNet += side === 'provided' ? units : -units;
  }

  /** The neighbour paid: no more is left to be repaid in kind, either way, than the whole balance. */
  repaid(balance: number): void {
    this.barterNet = Math.max(Math.min(this.barterNet, Math.max(0, balance)), Math.min(0, balance));
  }

  restore(quantities: ServiceQuantities): void {
    Object.assign(this, quantities);
    if (this.#account.ledger.get(this.#account.row, Column.balance) === 0) this.barterNet = 0;
  }
}
