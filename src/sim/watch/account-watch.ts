import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import type { NodeId } from '../../core/node-id.ts';
import { BYTES_PER_MB } from '../../core/units.ts';
import type { SimNode } from '../sim-node.ts';
import { BrokenRule } from './broken-rule.ts';
import { exposureOf } from './exposure-of.ts';
import { ServiceCost } from './service-cost.ts';
import type { Tally } from './tally.ts';
import { ValueWatch } from './value-watch.ts';

/** Of what a neighbour pays, so much may be lost to it where connections break, as honest links lose it (core/ledger/ledger.ts). */
const BREAKS_PERCENT = 2;

/** In a day, what a new key may owe fades of what was written off (core/ledger/write-offs.ts). */
const DAY_MS = 86_400_000;

/** What a neighbour may upload before it is charged, as `LinkTraffic` grants it. */
const GRANTED_BYTES = 8 * 1024;

/**
 * One end of one link account, watched over all lives of its node. It reads the ledger's cells and computes by itself:
 * nothing here asks core whether core is right.
 */
export class AccountWatch {
  readonly node: SimNode;
  readonly peer: NodeId;
  /** The other end's. */
  other: AccountWatch | undefined;
  /** Both nodes keep to the rules. */
  readonly honest: boolean;
  readonly #tally: Tally;
  /** The most it was granted, and the most the operator risks on cheques that are not cashed. Units. */
  mostGranted = 0;
  riskAt = 0;
  /** A cheat may do to its own limits what it likes: it is its own loss. */
  ownRisk = false;
  /** Cheques this end ever wrote to the other, durable; and what it really cashed of the other's. Units. */
  issuedUnits = 0;
  /** Connections so far. */
  connections = 0;
  cashedUnits = 0;
  /** What contracts owe it, whatever the other does: by channel, what was signed to it and is covered. Units. */
  readonly channelUnits = new Map<NodeId, number>();
  #account: LinkAccount | undefined;
  #life = 0;
  #lastProvided = 0;
  #lastConsumed = 0;
  #lastPaid = 0;
  #lastReceived = 0;
  #lastUncleared = 0;
  /** What a crash of this end cost it: provided within the last journal window, which nobody can prove to who denies it. */
  #forgot = 0;
  #corrected = 0;
  /** Where time is metered, what was sold and bought of it. Units. */
  #timeSold = 0;
  /** Of that, what the other ordered for which there is no room yet: its own word, sold as soon as there is. Units. */
  #timeOrdered = 0;
  #lastTransit = { provided: 0, consumed: 0 };
  #timeBought = 0;
  readonly #value: ValueWatch;
  /** What it returned beyond what it may owe, in this life and in all before. Units. */
  #beyond = 0;
  #beyondBefore = 0;
  #claimed = 0;
  /** Since when the account is known, and now, by the clock of its node. */
  #knownMs: number | undefined;
  #nowMs = 0;
  /** The least that the other has to stand by. */
  #admitted = 0;
  /** The highest limit since the last look: in one step a node may say two terms, and grant by the first. */
  #highest = 0;
  /** What exposure may reach now: the limit, or what stood when it was lowered. */
  #allowed = 0;
  /** What a price that rose, asked or one for one, adds to uploads granted before on this connection: charged as they come. */
  #dearer = 0;
  /** The most that was on any connection. */
  #mostDearer = 0;
  #price: number | undefined;
  #connection = 0;
  readonly cost: ServiceCost;

  constructor(node: SimNode, peer: NodeId, honest: boolean) {
    this.node = node;
    this.peer = peer;
    this.honest = honest;
    this.#tally = node.tally(peer);
    const value = new ValueWatch(node.packetTap(peer));
    node.paying.add((ledger, row) => value.paying(ledger, row));
    this.#value = value;
    this.cost = new ServiceCost(node);
  }

  /** What this end had of the other by its own word, over all lives. Units. */
  get consumed(): number {
    return this.#tally.got + this.#tally.sent + this.#timeBought + this.#value.went;
  }

  /** What the other end really had of this one: only what arrived. */
  get provided(): number {
    const { other } = this;
    return this.#tally.gave + this.#timeSold + this.#value.came + (other === undefined ? 0 : other.#tally.got);
  }

  get account(): LinkAccount | undefined {
    return this.#account;
  }

  /** Looks at the account as it stands. Throws `BrokenRule`. */
  look(): void {
    const account = this.#account;
    if (account === undefined || this.#life !== this.node.lives) {
      if (!this.#enter()) return;
    }
    this.#check(this.#account as LinkAccount);
  }

  /** The account of a new life: what was forgotten in between is no consumption, and no rule is broken by it. */
  #enter(): boolean {
    const account = this.node.accountOf(this.peer);
    if (account === undefined) return false;
    this.#account = account;
    this.#life = this.node.lives;
    const { ledger, row } = account;
    account.watch(() => {
      this.#highest = Math.max(this.#highest, ledger.get(row, Column.dropAt));
      this.#value.termed(account);
    });
    const provided = sum(account, Column.provided);
    this.#forgot += Math.max(0, this.#lastProvided - provided);
    this.#lastProvided = provided;
    this.#lastConsumed = sum(account, Column.consumed);
    this.#lastTransit = transit(account);
    this.#lastPaid = ledger.get(row, Column.paid);
    this.#lastReceived = ledger.get(row, Column.received);
    this.#lastUncleared = ledger.get(row, Column.uncleared);
    this.#corrected = sum(account, Column.providedCorrection);
    this.#claimed = sum(account, Column.consumedCorrection);
    this.#admitted = 0;
    this.#allowed = exposureOf(account);
    this.#value.enter(account, provided);
    this.#beyondBefore += this.#beyond;
    this.#beyond = 0;
    this.node.hearPayments(ledger);
    return true;
  }

  #check(account: LinkAccount): void {
    const { ledger, row } = account;
    const provided = sum(account, Column.provided);
    const consumed = sum(account, Column.consumed);
    const paid = ledger.get(row, Column.paid);
    const received = ledger.get(row, Column.received);
    const corrected = sum(account, Column.providedCorrection);
    const balance = ledger.get(row, Column.balance);
    const grows =
      provided >= this.#lastProvided &&
      consumed >= this.#lastConsumed &&
      paid >= this.#lastPaid &&
      received >= this.#lastReceived;
    if (!grows)
      this.#broken('totals-grow', `provided ${provided}, consumed ${consumed}, paid ${paid}, received ${received}`);
    const derived = provided - consumed + paid - received + corrected - sum(account, Column.consumedCorrection);
    if (derived !== balance) this.#broken('balance-is-totals', `balance ${balance}, totals ${derived}`);
    this.#integers(account, provided + consumed + paid + received);
    this.#claims(account);
    this.#admissions(account, provided, corrected);
    this.#fades(account);
    this.node.hearPayments(ledger);
    this.#beyond = this.node.node?.packets?.returnedBeyond(this.peer) ?? 0;
    this.#exposure(account, corrected);
    this.#time(account);
    this.cost.look(account);
    this.#checkValue(account, provided);
    this.#lastProvided = provided;
    this.#lastConsumed = consumed;
    this.#lastPaid = paid;
    this.#lastReceived = received;
    this.#corrected = corrected;
  }

  #checkValue(account: LinkAccount, provided: number): void {
    const what = this.#value.look(account, { provided, beyond: this.#beyond });
    if (what !== undefined && !this.ownRisk) this.#broken('value-at', `${what}: ${parts(account)}`);
  }

  /** Where time is metered bytes cost nothing, and time is charged in between: nobody counts it as it arrives. */
  #time(account: LinkAccount): void {
    const { buysTime, sellsTime } = account.service('transit').rates;
    const { consumed, provided } = transit(account);
    if (sellsTime) this.#timeSold += provided - this.#lastTransit.provided;
    if (buysTime) this.#timeBought += consumed - this.#lastTransit.consumed;
    this.#lastTransit = { consumed, provided };
  }

  /** On a new connection a neighbour's word is never taken for what this end says it had: it admits what is on disk. */
  #claims(account: LinkAccount): void {
    const claimed = sum(account, Column.consumedCorrection);
    const more = claimed - this.#claimed;
    if (more > 0 && !this.ownRisk) this.#broken('claims-own', `${more} taken on its word`);
    this.#claimed = claimed;
  }

  /** What the neighbour admitted in this life is not written off, whatever it says later. */
  #admissions({ counts: { admitted } }: LinkAccount, provided: number, corrected: number): void {
    if (corrected < this.#corrected && provided + corrected < this.#admitted)
      this.#broken('admitted-stands', `${provided + corrected} is left of ${this.#admitted}`);
    this.#admitted = admitted[0] + admitted[1] + admitted[2];
  }

  #fades({ ledger, row }: LinkAccount): void {
    this.#nowMs = this.node.clock?.nowMs() ?? this.#nowMs;
    this.#knownMs ??= this.#nowMs;
    const faded = ledger.get(row, Column.faded);
    if (faded > this.#mayFade() && !this.ownRisk) this.#broken('fades-slowly', `${faded} of ${this.#mayFade()}`);
  }

  /** The most that can have faded by now, however often something was written off. */
  #mayFade(): number {
    const newKeyCredit = this.node.config.credit.dropAtUnits ?? this.mostGranted;
    return Math.ceil((newKeyCredit * (this.#nowMs - (this.#knownMs ?? this.#nowMs))) / DAY_MS);
  }

  #integers({ ledger, row }: LinkAccount, sums: number): void {
    const held = ledger.get(row, Column.heldProvide);
    const using = ledger.get(row, Column.heldConsume);
    const pending = ledger.get(row, Column.pending);
    const uncleared = ledger.get(row, Column.uncleared);
    const whole = Number.isSafeInteger(sums) && Number.isSafeInteger(held + using + pending + uncleared);
    if (!whole) this.#broken('integers', `sums ${sums}, held ${held}, ${using}, pending ${pending}, ${uncleared}`);
    if (held < 0 || using < 0 || pending < 0 || uncleared < 0)
      this.#broken('reservations', `held ${held}, using ${using}, pending ${pending}, uncleared ${uncleared}`);
  }

  /** No admission raises exposure past its limit. A neighbour may raise its own debt by admitting more than was counted. */
  #exposure(account: LinkAccount, corrected: number): void {
    const limit = account.ledger.get(account.row, Column.dropAt);
    const highest = Math.max(this.#highest, limit);
    this.#highest = limit;
    if (highest > this.mostGranted) this.mostGranted = highest;
    const exposure = exposureOf(account);
    const admitted = corrected - this.#corrected;
    const undone = this.#undone(account);
    if (account.service('transit').rates.sellsTime) this.#timeOrdered = Math.max(0, this.#timeOrdered + admitted);
    this.#reprice(account);
    if (exposure <= limit) this.#allowed = limit + this.#dearer;
    else {
      if (admitted > 0) this.#allowed += admitted;
      this.#allowed += undone;
      this.#allowed = Math.max(this.#allowed, highest + this.#dearer + this.#timeOrdered);
      if (exposure > this.#allowed + this.#beyond && !this.ownRisk)
        this.#broken(
          'bounded-exposure',
          `exposure ${exposure} above ${this.#allowed}, dropAt ${limit}: ${parts(account)}`,
        );
    }
  }

  /** Payments that had counted and the chain took back since the last look: nobody was served for it. */
  #undone({ ledger, row }: LinkAccount): number {
    const uncleared = ledger.get(row, Column.uncleared);
    const came = ledger.get(row, Column.received) - this.#lastReceived;
    const undone = Math.max(0, uncleared - this.#lastUncleared - came);
    this.#lastUncleared = uncleared;
    return undone;
  }

  #reprice(account: LinkAccount): void {
    if (this.#connection !== this.connections) this.#dearer = 0;
    this.#connection = this.connections;
    const relation = account.relation('transit');
    // While nothing is sold, what was granted keeps its price.
    if (relation?.iSell !== true) return;
    const ask = account.mine.acknowledged?.services.transit.askPerMb;
    // What is sold again has no price before the neighbour knows it.
    if (ask === undefined) return;
    const price = relation.theyCanPay ? ask : relation.providePerMb;
    const before = this.#price ?? price;
    if (price > before) this.#dearer += Math.ceil(((price - before) * GRANTED_BYTES) / BYTES_PER_MB);
    this.#mostDearer = Math.max(this.#mostDearer, this.#dearer);
    this.#price = price;
  }

  /** What this end would have lost if the other vanished now, by what really happened. Units. */
  loss(): number {
    return this.provided - this.consumed + this.issuedUnits - this.cashed();
  }

  cashed(): number {
    let units = this.cashedUnits;
    for (const each of this.channelUnits.values()) units += each;
    return units;
  }

  /** dropAt and riskAt; uploads that became dearer; of what the other has paid and kept 2 % in forgiven write-offs; what time let fade of others; and the millionths each connection begins anew. */
  lossBound(): number {
    const kept = Math.max(0, this.#lastReceived - this.#lastPaid);
    const breaks = Math.ceil((kept * BREAKS_PERCENT) / 100) + this.connections;
    const returned = this.#beyondBefore + this.#beyond;
    const uploads = this.#mostDearer;
    return this.mostGranted + this.riskAt + uploads + breaks + this.#mayFade() + this.#forgot + returned;
  }

  #broken(rule: string, what: string): never {
    throw new BrokenRule(rule, `${this.node.name} about ${this.other?.node.name ?? this.peer}: ${what}`);
  }
}

/** Of transit alone: packets' value is counted as it comes and goes. */
function transit({ ledger, row }: LinkAccount): { readonly provided: number; readonly consumed: number } {
  return { provided: ledger.get(row, Column.provided), consumed: ledger.get(row, Column.consumed) };
}

function sum({ ledger, row }: LinkAccount, column: number): number {
  return ledger.get(row, column) + ledger.get(row, column + 1) + ledger.get(row, column + 2);
}

function parts({ ledger, row }: LinkAccount): string {
  return ['balance', 'pending', 'uncleared', 'forgiven', 'assumed', 'heldProvide']
    .map((name) => `${name} ${ledger.get(row, Column[name as keyof typeof Column])}`)
    .join(', ');
}
