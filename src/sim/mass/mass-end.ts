import { clearsWhenFinal } from '../../core/credit/risk.ts';
import { Column as columns, PROVIDE as provide } from '../../core/ledger/columns.ts';
import { LinkAccount } from '../../core/ledger/link-account.ts';
import type { ServiceAccount } from '../../core/ledger/service-account.ts';
import { Conduct } from '../../core/session/conduct.ts';
import type { Message } from '../../core/session/message.ts';
import { Session } from '../../core/session/session.ts';
import type { SessionEffect, SessionEvent, SessionNews } from '../../core/session/session-effect.ts';
import { SESSION_RULES, type SessionRules } from '../../core/session/session-rules.ts';
import { EPOCH_GRACE_MS } from '../../core/terms/epoch-book.ts';
import type { Terms } from '../../core/terms/terms.ts';
import { BEAT_MS } from '../../neighbour/beat.ts';
import { BrokenRule } from '../watch/broken-rule.ts';
import { bytesOf, epochAt, frameOf, goesWith } from './frame-number.ts';
import { END_EVENT as endEvent } from './link-event.ts';
import type { MassLink, MassStage } from './mass-link.ts';
import { CASHING_MS, MASS_CHAIN_ID } from './mass-money.ts';
import type { MassNode } from './mass-node.ts';
import { MassPurse, UNSIGNED } from './mass-purse.ts';
import { EndTruth } from './mass-truth.ts';

// Constants of its own, for speed (core/ledger/ledger.ts).
const [Column, END_EVENT, PROVIDE] = [columns, endEvent, provide];

/** How soon after a charge that may matter the session looks; as in `neighbour/neighbour.ts`. Milliseconds. */
const LOOK_MS = 2;

/**
 * What was consumed is told once a minute, not twice a second: nothing is decided by it where no process dies, and it
 * would be most of the work.
 */
const MINUTE_MS = 60_000;
const MASS_RULES: SessionRules = { ...SESSION_RULES, countsIntervalMs: MINUTE_MS };

/** Whose end it is, who is at the other, and which of the two it is. */
export interface MassPlace {
  readonly node: MassNode;
  readonly peer: MassNode;
  readonly side: 0 | 1;
}

/**
 * One end of one link: the production account and session of one neighbour, with nothing around them but this. It does
 * what `neighbour/neighbour.ts` does, with values in place of bytes, and with a store that is always durable.
 */
export class MassEnd {
  readonly node: MassNode;
  /** 0: the first end of its link; 1: the second. */
  readonly side: 0 | 1;
  readonly account: LinkAccount;
  readonly session: Session;
  readonly purse: MassPurse;
  readonly truth = new EndTruth();
  readonly transit: ServiceAccount;
  /** The other end of the link. */
  other: MassEnd = this;
  terms: Terms;
  connected = false;
  readonly #stage: MassStage;
  readonly #link: MassLink;
  /** Messages that are under way to this end; and how many of those that were lost with a connection would still come. */
  readonly #inbound: Message[] = [];
  #lost = 0;
  #effects: SessionEffect[] | undefined;
  #looks = false;
  #awake = false;
  #laterMs = Number.POSITIVE_INFINITY;
  readonly #whileMs: number;
  /** A new record is made when less than this is left of its lease. Units. */
  #leaseFloor = 0;

  constructor(stage: MassStage, link: MassLink, { node, peer, side }: MassPlace) {
    const { statementSeconds } = stage.settings;
    this.#stage = stage;
    this.#link = link;
    this.side = side;
    this.#whileMs = Math.min(MINUTE_MS, statementSeconds * 1_000 || MINUTE_MS);
    this.node = node;
    this.terms = node.termsFor(0, 1);
    this.truth.grant(this.terms.dropAt);
    this.account = new LinkAccount({
      ledger: node.ledger,
      neighbour: peer.id,
      fullRateBytesPerSecond: Number.POSITIVE_INFINITY,
      epochGraceMs: EPOCH_GRACE_MS,
      enforce: true,
    });
    this.session = new Session({
      account: this.account,
      conduct: new Conduct(),
      terms: this.terms,
      storeEpoch: 1,
      rules: MASS_RULES,
      statements:
        statementSeconds === 0
          ? undefined
          : { me: node.id, chainId: MASS_CHAIN_ID, intervalMs: statementSeconds * 1_000 },
    });
    this.purse = new MassPurse({
      me: node.id,
      neighbour: peer.id,
      myChequebook: node.chequebook,
      theirChequebook: peer.chequebook,
      riskAt: node.riskAt,
    });
    this.transit = this.account.service('transit');
    this.account.onMoved(() => this.#moved());
    if (node.freeRider) this.step({ kind: 'pause', paused: true });
  }

  get name(): string {
    return `${this.node.name} about ${this.other.node.name}`;
  }

  // --- trade ----------------------------------------------------------------------------------------------------------

  /** The other end wants so many bytes of this one, now. Who does not pay does not ask itself whether it may. */
  serve(wanted: number): void {
    const { counts } = this.#stage;
    const { nowMs } = this.#link.queue;
    const { other } = this;
    const wants = other.node.freeRider ? wanted : other.transit.usable(wanted);
    const bytes = wants === 0 ? 0 : this.transit.servable(wants, nowMs).bytes;
    if (bytes < wanted) {
      if (bytes > 0) counts.slowed += 1;
      else {
        counts.refused += 1;
        return;
      }
    }
    this.transit.commit(this.transit.serve(bytes, nowMs));
    counts.charges += 1;
    counts.bytes += bytes;
    this.truth.given.add(bytes, this.node.askPerMb);
    this.#link.frame(other, frameOf(bytes, this.transit.sellEpoch, this.truth.connections));
    this.#stage.laws.sold(this);
  }

  /** A frame arrives, if the connection it left on is still there. */
  frame(argument: number): void {
    const { epoch: newest } = this.account.theirs.newest ?? this.terms;
    if (!this.connected || !goesWith(argument, this.truth.connections)) return;
    const bytes = bytesOf(argument);
    this.transit.delivered(bytes, epochAt(argument, newest));
    this.truth.taken.add(bytes, this.other.node.askPerMb);
    this.#stage.laws.bought(this);
  }

  /** The message that is first on its way arrives. */
  #arrive(): void {
    if (this.#lost > 0) {
      this.#lost -= 1;
      return;
    }
    const message = this.#inbound.shift();
    if (message !== undefined) this.step({ kind: 'message', message });
  }

  /** Every charge comes here, as in production. */
  #moved(): void {
    const { ledger, row } = this.account;
    if ((ledger.providing[row * PROVIDE + Column.leaseLeft] as number) < this.#leaseFloor) this.#record();
    if (!this.session.sample() || this.#looks) return;
    this.#looks = true;
    this.#post(LOOK_MS, END_EVENT.look);
  }

  // --- time -----------------------------------------------------------------------------------------------------------

  #post(delayMs: number, event: number): void {
    this.#link.queue.post(delayMs, event + this.side);
  }

  /** One of `END_EVENT`. */
  happen(event: number): void {
    switch (event) {
      case END_EVENT.arrive:
        return this.#arrive();
      case END_EVENT.look:
        return this.#look();
      case END_EVENT.beat:
        return this.#beat();
      case END_EVENT.later:
        this.#laterMs = Number.POSITIVE_INFINITY;
        return this.#wake();
      case END_EVENT.cashed:
        return this.#cashed();
      default:
    }
  }

  #look(): void {
    this.#looks = false;
    this.step({ kind: 'tick' });
  }

  #beat(): void {
    this.#awake = false;
    if (!this.connected) return;
    this.#record();
    const { nowMs } = this.#link.queue;
    if (this.session.dueMs(nowMs) <= nowMs) return this.step({ kind: 'tick' });
    this.#watch();
  }

  #wake(): void {
    if (this.#awake || !this.connected) return;
    this.#awake = true;
    this.#post(BEAT_MS, END_EVENT.beat);
  }

  /** When is time alone to be looked at? Where nothing is due yet, in a while: charges bring on nothing that is due before. */
  #watch(): void {
    if (this.#awake || !this.connected) return;
    const { nowMs } = this.#link.queue;
    const dueMs = Math.min(this.session.dueMs(nowMs), nowMs + this.#whileMs);
    if (dueMs >= this.#laterMs) return;
    if (dueMs <= nowMs + BEAT_MS) return this.#wake();
    this.#laterMs = dueMs;
    this.#post(dueMs - nowMs, END_EVENT.later);
  }

  // --- the session ----------------------------------------------------------------------------------------------------

  /** Tells the session what happened, does what follows in order, and has the laws looked at. */
  step(event: SessionEvent): void {
    const effects = this.session.step(event, this.#link.queue.nowMs);
    if (this.#effects !== undefined) {
      for (const effect of effects) this.#effects.push(effect);
      return;
    }
    this.#effects = effects;
    for (let at = 0; at < effects.length; at += 1) this.#perform(effects[at] as SessionEffect);
    this.#effects = undefined;
    // All that was charged before is on its way, in order: a mark may follow at any moment.
    if (this.session.markWanted) return this.step({ kind: 'quiet' });
    this.#watch();
    this.#stage.laws.look(this);
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.message);
      case 'lease':
        this.#record();
        return this.step({ kind: 'leaseDurable' });
      case 'emit':
        return this.#note(effect.event);
      case 'changed':
        return this.account.changed();
      case 'close':
        throw new BrokenRule('honest-not-cut', `${this.name}: ${effect.code}`);
      case 'keepStatement':
        return this.step({ kind: 'statementKept', statement: { ...effect.statement, signature: UNSIGNED } });
      case 'checkStatement':
        this.#stage.counts.statements += 1;
        return this.step({ kind: 'statementChecked', statement: effect.statement, genuine: true });
      case 'rememberTerms':
      case 'rememberStatement':
      case 'voidPayment':
      case 'restatePayments':
      case 'forgot':
        return;
      default:
        return this.#pay(effect);
    }
  }

  #send(message: Message): void {
    if (!this.connected) return;
    const { other } = this;
    other.#inbound.push(message);
    this.#link.queue.send(END_EVENT.arrive + other.side);
  }

  #pay(effect: Extract<SessionEffect, { kind: `${string}Payment` | 'keepPaid' }>): void {
    const { account, purse } = this;
    const { nowMs } = this.#link.queue;
    const { mine, theirs } = account;
    switch (effect.kind) {
      case 'writePayment': {
        const { id, method, units } = effect;
        const proof = purse.write(id, units, (theirs.newest ?? this.terms).ratio);
        return this.step({ kind: 'paymentWritten', id, method, proof });
      }
      case 'resendPayment': {
        const last = purse.unanswered();
        if (last !== undefined) this.step({ kind: 'paymentWritten', method: effect.method, ...last });
        return;
      }
      case 'checkPayment': {
        const outcome = purse.check(effect.payment, (mine.acknowledged ?? this.terms).ratio, nowMs);
        return this.step({ kind: 'paymentChecked', id: effect.payment.id, method: 'cheque', outcome });
      }
      case 'keepPayment':
        this.#record();
        this.step({ kind: 'paymentKept' });
        if (purse.cashes(nowMs)) this.#post(CASHING_MS, END_EVENT.cashed);
        return;
      case 'keepPaid':
        purse.answered(effect.acceptedWei);
        return;
      default:
    }
  }

  #note({ kind, facts }: SessionNews): void {
    const { counts } = this.#stage;
    if (kind === 'received') {
      counts.payments += 1;
      counts.paidUnits += Number(facts['amount']);
    } else if (kind === 'state') {
      if (facts['to'] === 'throttled') counts.throttles += 1;
      if (facts['to'] === 'choked') counts.chokes += 1;
    } else if (kind === 'writeOff') {
      counts.writtenOff += Math.max(0, -Number(facts['provided']));
    } else if (kind === 'verdict' || kind === 'divergence') {
      throw new BrokenRule('honest-not-blamed', `${this.name}: ${JSON.stringify(facts)}`);
    }
  }

  /** A record of the account is durable as soon as it is made; its lease begins anew. */
  #record(): void {
    const { account } = this;
    const lease = account.leaseUnits();
    // What was taken clears debt now: more changes than a charge does by itself.
    this.truth.brief = 0;
    this.#leaseFloor = Math.floor(lease / 2);
    account.promise(lease);
    account.durable(account.lease.snapshot);
  }

  // --- what comes from elsewhere --------------------------------------------------------------------------------------

  connect(): void {
    this.connected = true;
    this.truth.connecting();
    this.step({ kind: 'linkUp' });
  }

  disconnect(): void {
    this.connected = false;
    this.#lost += this.#inbound.length;
    this.#inbound.length = 0;
    this.step({ kind: 'linkDown' });
  }

  /** A cheque that was under way to be cashed is final. */
  #cashed(): void {
    const { account, purse } = this;
    this.#stage.counts.cashings += 1;
    purse.cashed(this.#link.queue.nowMs);
    const held = account.ledger.get(account.row, Column.uncleared) - account.lease.unkept;
    const units = clearsWhenFinal(held, purse.uncashedUnits, this.node.riskAt);
    if (units > 0) this.step({ kind: 'cleared', units });
    if (purse.cashes(this.#link.queue.nowMs)) this.#post(CASHING_MS, END_EVENT.cashed);
  }

  /** The neighbour has earned another credit. */
  offer(earned: number): void {
    this.#stage.counts.creditSteps += 1;
    this.terms = this.node.termsFor(earned, this.terms.epoch + 1);
    this.truth.grant(this.terms.dropAt);
    this.step({ kind: 'termsChanged', terms: this.terms });
  }
}
