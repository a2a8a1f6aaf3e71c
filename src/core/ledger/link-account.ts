import { type DebtLimits, debtState, FLOOR_BYTES_PER_SECOND, Pace, serviceRate, throttleAt } from '../meter/pace.ts';
import { Purchases } from '../meter/purchases.ts';
import { RateMeter } from '../meter/rate-meter.ts';
import type { NodeId } from '../node-id.ts';
import { SERVICES, type Service, serviceColumn } from '../service.ts';
import type { PerService } from '../session/message.ts';
import { MyEpochs, TheirEpochs } from '../terms/epoch-book.ts';
import type { PricePerMb, Units } from '../units.ts';
import { AccountLease } from './account-lease.ts';
import { type AccountRecord, putBack, recordOf, type Snapshot } from './account-record.ts';
import { Column as columns } from './columns.ts';
import { Counts } from './counts.ts';
import type { Allowance, ServiceDoor } from './door.ts';
import type { Ledger, LinkRow } from './ledger.ts';
import { NextCharge } from './next-charge.ts';
import type { Relation } from './relation.ts';
import { Relations } from './relations.ts';
import { ServiceAccount } from './service-account.ts';
import { Fading } from './write-offs.ts';

// A constant of its own, for speed (core/ledger/ledger.ts).
const Column = columns;

/** How a neighbour is served: by its debt, or `closed` by conduct or by being choked for too long (DESIGN §3). */
export type LinkState = 'open' | 'throttled' | 'choked' | 'closed';

/** What a link account is made of. */
export interface LinkAccountOptions {
  readonly ledger: Ledger;
  readonly neighbour: NodeId;
  /** Full speed at which this neighbour is served, bytes a second; `Infinity` where the link is not shaped. */
  readonly fullRateBytesPerSecond: number;
  /** How long frames priced by an older epoch are still taken after a newer one was acknowledged. */
  readonly epochGraceMs: number;
  /** `observe`: everything is metered and priced, nothing is refused, nobody is paid. */
  readonly enforce: boolean;
}

/** Slowing down starts from at least this where a link is not shaped: what a short burst shows says little. Bytes a second. */
const LEAST_FULL_RATE = 1_250_000;

/** Before any terms. */
const NO_CREDIT: DebtLimits = { payAt: 0, dropAt: 0 };

/** What stands for no limit in observe mode: far from overflow. */
const UNLIMITED = 2 ** 51;

/**
 * One neighbour's account with everything that prices it: the ledger row, both sides' terms by epoch, the pace, and a
 * door for each service. All three services charge this one row (DESIGN §3).
 */
export class LinkAccount {
  readonly neighbour: NodeId;
  readonly ledger: Ledger;
  readonly row: LinkRow;
  readonly pace = new Pace();
  readonly #measured = new RateMeter();
  readonly #fullRate: number;
  #lastRate = LEAST_FULL_RATE;
  #slowUntilMs = Number.NEGATIVE_INFINITY;
  readonly enforce: boolean;
  /** My terms by epoch, as announced to this neighbour, and theirs as taken. */
  readonly mine: MyEpochs;
  readonly theirs = new TheirEpochs();
  readonly relations: Relations;
  /** What of the account is on disk, and what both ends say of its totals. */
  readonly lease: AccountLease;
  readonly counts: Counts;
  /** No service, by conduct, until the operator opens it again. */
  banned = false;
  /** No service until it is known whether a cheque of its bounced. */
  doubted = false;
  /** No service: choked for too long. */
  lapsed = false;
  /** For a moment nothing new is charged at sending, so that what waits to leave can leave and a mark be set behind it. */
  settling = false;
  /** Charged since it was last written; kept by whoever writes it. */
  unwritten = false;
  #ready = false;
  readonly #services: readonly ServiceAccount[];
  readonly #next = new NextCharge();
  readonly #watchers = new Set<() => void>();
  #moved: () => void = () => undefined;
  readonly #purchases = new Purchases();
  #carried: ((buyer: NodeId, units: Units) => void) | undefined;
  #heldBack: () => Units = () => 0;
  #newKeyCredit: () => Units = () => 0;
  readonly #fading = new Fading();

  constructor(options: LinkAccountOptions) {
    this.neighbour = options.neighbour;
    this.ledger = options.ledger;
    this.row = options.ledger.addLink();
    this.enforce = options.enforce;
    this.#fullRate = options.fullRateBytesPerSecond;
    this.mine = new MyEpochs(options.epochGraceMs);
    this.relations = new Relations(this);
    this.lease = new AccountLease(this);
    this.counts = new Counts(this);
    this.#services = SERVICES.map((service) => new ServiceAccount(this, service));
  }

  door(service: Service): ServiceDoor {
    return this.service(service);
  }

  service(service: Service): ServiceAccount {
    return this.#services[serviceColumn[service]] as ServiceAccount;
  }

  /** Terms and counts are exchanged and the lease is durable: services may use the link. */
  get ready(): boolean {
    return this.#ready && !this.settling;
  }

  set ready(ready: boolean) {
    this.#ready = ready;
    if (!ready) for (const service of this.#services) service.disconnected();
    this.changed();
  }

  /** Called after every charge; whoever runs the session looks whether something must be done. */
  onMoved(moved: () => void): void {
    this.#moved = moved;
  }

  moved(): void {
    this.#moved();
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** The limits of both sides' newest terms, put into the ledger. Less trust holds at once, however long the terms wait for the disk. */
  applyLimits(): void {
    const { ledger, row } = this;
    const granted = this.mine.limits?.dropAt ?? 0;
    ledger.setLimit(row, 'dropAt', this.enforce ? granted : UNLIMITED);
    ledger.setLimit(row, 'peerDropAt', this.enforce ? (this.theirs.newest?.dropAt ?? 0) : UNLIMITED);
    this.changed();
  }

  /** Who can pay whom for a service, by both sides' newest terms; undefined before they are exchanged. */
  relation(service: Service): Relation | undefined {
    return this.relations.of(service);
  }

  get closed(): boolean {
    return this.banned || this.doubted || (this.lapsed && this.enforce);
  }

  /** The neighbour's debt decides how it is served (DESIGN §3, States). */
  state(): LinkState {
    if (this.banned || this.doubted) return 'closed';
    if (!this.enforce) return 'open';
    const debt = this.ledger.debtOf(this.row);
    const limits = this.#limits();
    const next = this.nextCharge;
    const state = debtState(debt, limits, next);
    // What is reserved for work in flight is inside the limit too: nothing more can be served beside it.
    const held = this.ledger.get(this.row, Column.heldProvide);
    if (state === 'throttled' && debt + held + next > limits.dropAt) return this.lapsed ? 'closed' : 'choked';
    return state === 'choked' && this.lapsed ? 'closed' : state;
  }

  /** The price of the next smallest piece of the dearest service: the link is choked when not even that fits. */
  get nextCharge(): Units {
    return this.#next.units(this.relations.changes, this.#services);
  }

  #limits(): DebtLimits {
    return this.mine.limits ?? NO_CREDIT;
  }

  /** How many of `wanted` bytes the neighbour's pace lets through now: full speed, falling as its debt nears dropAt. */
  allow(wanted: number, nowMs: number): Allowance {
    const limits = this.#limits();
    const from = throttleAt(limits);
    const owed = this.enforce ? this.ledger.debtOf(this.row) : 0;
    // Whoever is served for nothing is not slowed down for what it has owed since before (DESIGN §6).
    const debt = owed >= from && this.nextCharge === 0 ? 0 : owed;
    const paid =
      debt < from
        ? this.#openRate(nowMs)
        : serviceRate(debt, limits, { full: this.#fullRate, measured: this.#lastRate });
    const rate = nowMs < this.#slowUntilMs && this.enforce ? Math.min(paid, FLOOR_BYTES_PER_SECOND) : paid;
    return this.pace.allow(wanted, rate, nowMs);
  }

  /** What the link can do shows only while nothing slows it down: each slowing must not feed the next. */
  #openRate(nowMs: number): number {
    this.#lastRate = Math.max(this.#measured.perSecond(nowMs), LEAST_FULL_RATE);
    return this.#fullRate;
  }

  /** Conduct: serves at the floor until `untilMs`, whatever was paid. */
  slow(untilMs: number): void {
    this.#slowUntilMs = untilMs;
  }

  /** Counts bytes that were let through. */
  paced(bytes: number, nowMs: number): void {
    this.pace.take(bytes);
    this.#measured.add(bytes, nowMs);
  }

  /** The node wants to know what access was bought at which price; it sets its own ask by it. */
  onBought(bought: (bytes: number, pricePerMb: PricePerMb) => void): void {
    this.#purchases.told = bought;
  }

  noteUse(bytes: number, pricePerMb: PricePerMb): void {
    this.#purchases.note(bytes, pricePerMb);
  }

  /** The node wants to know what this neighbour charged for which other one; left out where it does not matter. */
  onCarried(carried: (buyer: NodeId, units: Units) => void): void {
    this.#carried = carried;
  }

  noteCarried(buyer: NodeId, units: Units): void {
    this.#carried?.(buyer, units);
  }

  /** What of my debt must wait, for reasons that lie on other links (`carried-credit.ts`). Asked only when it matters. */
  onHeldBack(ask: () => Units): void {
    this.#heldBack = ask;
  }

  /** What a new key may owe at the present ask; asked only while something is written off. */
  onFading(newKeyCredit: () => Units): void {
    this.#newKeyCredit = newKeyCredit;
  }

  /** Time passed: some of what was written off in the neighbour's favour stands against it no more. */
  fade(nowMs: number): void {
    const left = this.ledger.get(this.row, Column.forgiven);
    const units = this.#fading.take(left, left === 0 ? 0 : this.#newKeyCredit(), nowMs);
    if (units > 0) this.ledger.fade(this.row, units);
  }

  /** The part of my debt to settle in tokens now: not what is being paid already, is barter, or is held back. */
  payable(): Units {
    const owed = this.#owedInTokens();
    return owed === 0 ? 0 : Math.max(0, owed - this.#heldBack());
  }

  #owedInTokens(): Units {
    const debt = this.ledger.unpaidDebt(this.row);
    if (debt === 0) return 0;
    let barter = 0;
    for (const service of SERVICES)
      if (this.relation(service)?.iCanPay !== true) barter += this.service(service).netOwed();
    return Math.max(0, debt - barter);
  }

  /** True when the debt with what is in flight has reached the neighbour's payAt (DESIGN §3, Use). */
  payDue(): boolean {
    const payAt = this.theirs.newest?.payAt;
    if (payAt === undefined) return false;
    const inFlight = this.ledger.get(this.row, Column.heldConsume);
    if (this.#owedInTokens() + inFlight < payAt) return false;
    const payable = this.payable();
    return payable > 0 && payable + inFlight >= payAt;
  }

  /**
   * The neighbour paid `units`, of which `clearing` are to reduce its exposure. They do so once a record of them is on
   * disk (`durable`): what they made room for would be lost beside dropAt if a crash forgot them.
   */
  received(units: Units, clearing: Units): void {
    this.ledger.received(this.row, units, 0);
    for (const service of SERVICES) this.service(service).repaid(this.ledger.get(this.row, Column.balance));
    this.lease.clears(clearing);
  }

  /** The totals of all services with their corrections. */
  nets(side: 'provided' | 'consumed'): PerService {
    return [this.net(side, 0), this.net(side, 1), this.net(side, 2)];
  }

  /** A service's total with its corrections. `s`: the service's column. */
  net(side: 'provided' | 'consumed', s: number): number {
    const correction = side === 'provided' ? Column.providedCorrection : Column.consumedCorrection;
    return this.ledger.get(this.row, Column[side] + s) + this.ledger.get(this.row, correction + s);
  }

  /** The lease written with each record: room for everything either side may let run up. 0 when the books are closed. */
  leaseUnits(): Units {
    return (this.mine.newest?.dropAt ?? 0) + (this.theirs.newest?.dropAt ?? 0);
  }

  /** The row as it stands, promising "up to `lease` more". Follow with `durable(lease.snapshot)` once it is stored. */
  record(lease: Units): AccountRecord {
    this.promise(lease);
    return recordOf(this, lease);
  }

  /** As `record`, for who keeps none: a simulation without crashes. */
  promise(lease: Units): void {
    this.#purchases.tell();
    this.lease.promise(lease);
  }

  /** The record that `snapshot` was taken of is durable. */
  durable(snapshot: Snapshot): void {
    this.lease.durable(snapshot);
    this.changed();
  }

  /**
   * Puts a stored record back; a lease that was not closed is assumed to have been used (DESIGN §3). `uncleared` is what
   * of its payments clears no debt yet: it follows from what is not final, so it is not stored.
   */
  restore(record: AccountRecord, uncleared: Units): void {
    putBack(this, record, uncleared);
    this.banned = record.closed;
  }
}
