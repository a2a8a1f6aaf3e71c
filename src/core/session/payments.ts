import type { ErrorCode } from '../errors.ts';
import { Column } from '../ledger/columns.ts';
import type { LinkAccount } from '../ledger/link-account.ts';
import { aheadOf } from '../ledger/pay-ahead.ts';
import { commonMethod, PAYMENT_METHODS, type PaymentMethod, settlePeriodMs, type Terms } from '../terms/terms.ts';
import type { Units } from '../units.ts';
import type { PaymentAckMessage, PaymentMessage } from './message.ts';
import { PaymentLane } from './payment-lane.ts';
import { news, type SessionEffect, type SessionEvent } from './session-effect.ts';
import type { SessionRules } from './session-rules.ts';

/** What one method remembers of payments to one neighbour before a restart. */
export interface PendingPayment {
  readonly method: PaymentMethod;
  /** Written and never acknowledged. */
  readonly units: Units;
  /** The highest payment id used with this method; ids are shared by all. */
  readonly lastPaymentId: number;
}

/** What the money side of a session starts from. */
export interface PaymentsOptions {
  readonly account: LinkAccount;
  readonly rules: SessionRules;
  readonly pending: readonly PendingPayment[];
}

/** Why a method cannot be used for now, though others may: nothing is wrong with the payment itself. */
const SHUTS: ReadonlySet<ErrorCode> = new Set(['CHANNEL_MISSING', 'CHANNEL_FULL', 'PAYMENT_METHOD_MISSING']);

/** The neighbour could not look the payment up yet. */
const UNSEEN: ReadonlySet<string> = new Set<ErrorCode>(['CHEQUE_UNVERIFIED', 'CHANNEL_UNVERIFIED']);

/** The money side of a session: when this node pays, and what it makes of payments that come in. Pure, like the session. */
export class Payments {
  /** Set by the operator: nothing is paid meanwhile. */
  paused = false;
  /** The operator wants what is owed to be paid, though it is not due yet. */
  demanded = false;
  /** And so much beyond it: paid before there is a debt, for packets that are to be taken on no credit. Units. */
  aheadUnits: Units = 0;
  readonly #account: LinkAccount;
  readonly #rules: SessionRules;
  readonly #lanes: PaymentLane[] = [];
  #lastPaymentId = 0;
  #nextPayMs = Number.NEGATIVE_INFINITY;
  #arrived = { secondMs: Number.NEGATIVE_INFINITY, count: 0 };
  #wouldPay = false;
  /** What was taken before goes once more then, as a neighbour that lost its books could not look at it. */
  #restateMs = Number.POSITIVE_INFINITY;
  /** Since when something has been owed that a period will settle. */
  #owingSinceMs: number | undefined;

  constructor(options: PaymentsOptions) {
    this.#account = options.account;
    this.#rules = options.rules;
    for (const { lastPaymentId, method, units } of options.pending) {
      this.#lastPaymentId = Math.max(this.#lastPaymentId, lastPaymentId);
      if (units === 0) continue;
      this.#account.ledger.paying(this.#account.row, units);
      this.#lane(method).pendingUnits += units;
    }
  }

  get pendingUnits(): number {
    return this.#account.ledger.get(this.#account.row, Column.pending);
  }

  /** All that decides what it does next, beside the account (see `Session.standing`). */
  standing(nowMs: number): readonly (number | boolean | string)[] {
    const sinceMs = nowMs - this.#arrived.secondMs;
    const arrived = sinceMs >= 1000 ? 0 : this.#arrived.count;
    const payInMs = Math.max(0, this.#nextPayMs - nowMs);
    const owingForMs = this.#owingSinceMs === undefined ? -1 : nowMs - this.#owingSinceMs;
    const restateInMs = this.#restateMs === Number.POSITIVE_INFINITY ? -1 : Math.max(0, this.#restateMs - nowMs);
    return [
      restateInMs,
      this.paused,
      this.aheadUnits,
      this.#wouldPay,
      this.#lastPaymentId,
      payInMs,
      arrived,
      owingForMs,
      ...this.#lanes.flatMap((lane) => lane.standing(nowMs)),
    ];
  }

  /** Two states with the same lanes are the same state: they stand in the order of the methods. */
  #lane(method: PaymentMethod): PaymentLane {
    const found = this.#lanes.find((each) => each.method === method);
    if (found !== undefined) return found;
    const lane = new PaymentLane(method);
    this.#lanes.push(lane);
    this.#lanes.sort((a, b) => PAYMENT_METHODS.indexOf(a.method) - PAYMENT_METHODS.indexOf(b.method));
    return lane;
  }

  /** The connection is gone: what was sent may or may not have arrived. It goes again on the next one. */
  interrupted(): void {
    for (const lane of this.#lanes) lane.interrupted();
    this.#restateMs = Number.POSITIVE_INFINITY;
  }

  /** Pays the whole payable debt where it is due (DESIGN §3, Use). True when a payment is to be written. */
  pay(terms: Terms, nowMs: number, effects: SessionEffect[]): boolean {
    const account = this.#account;
    if (nowMs < this.#nextPayMs || !(this.#due() || this.#periodMs(terms, nowMs) <= nowMs)) return false;
    if (!account.enforce) this.#wouldHavePaid(effects);
    const lane = this.#open(terms, nowMs);
    if (!account.enforce || this.paused || lane === undefined) return false;
    const units = account.payable() + aheadOf(account, this.aheadUnits);
    this.aheadUnits = 0;
    this.#account.ledger.paying(this.#account.row, units);
    this.#owingSinceMs = undefined;
    this.#lastPaymentId += 1;
    const id = this.#lastPaymentId;
    lane.begin({ id, units, demanded: this.demanded });
    this.demanded = false;
    this.#nextPayMs = nowMs + this.#rules.payIntervalMs;
    effects.push({ kind: 'writePayment', id, method: lane.method, units });
    return true;
  }

  /** By what a payment goes now; undefined where there is no way, or it has to wait. */
  #open(terms: Terms, nowMs: number): PaymentLane | undefined {
    const theirs = this.#account.theirs.newest;
    const shut = (method: PaymentMethod) =>
      this.#lanes.some((each) => each.method === method && nowMs < each.shutUntilMs);
    const method = theirs === undefined ? undefined : commonMethod(theirs, terms, shut);
    if (method === undefined || method === 'barter') return undefined;
    const lane = this.#lane(method);
    return lane.waits ? undefined : lane;
  }

  /** When there is something to do though nothing moves. Infinity: never. */
  dueMs(terms: Terms, nowMs: number): number {
    return Math.min(this.#periodMs(terms, nowMs), this.#restateMs);
  }

  /**
   * When what is owed is to be paid though it is little: after the period that both have agreed on (DESIGN §8). Counted
   * from when this is first asked while something is owed. Infinity: by size alone, or nothing is owed.
   */
  #periodMs(terms: Terms, nowMs: number): number {
    const theirs = this.#account.theirs.newest;
    const periodMs = theirs === undefined ? 0 : settlePeriodMs(terms, theirs);
    if (periodMs === 0 || this.paused || this.#account.payable() === 0) {
      this.#owingSinceMs = undefined;
      return Number.POSITIVE_INFINITY;
    }
    this.#owingSinceMs ??= nowMs;
    return this.#owingSinceMs + periodMs;
  }

  #due(): boolean {
    if (!this.demanded) return this.#account.payDue();
    const owing = this.#account.payable() + aheadOf(this.#account, this.aheadUnits) > 0;
    this.demanded = owing;
    if (!owing) this.aheadUnits = 0;
    return owing;
  }

  /** After a refusal: a larger payment supersedes it where one is due, else the same one goes again. */
  retry(terms: Terms, nowMs: number, effects: SessionEffect[]): boolean {
    if (nowMs >= this.#restateMs) {
      this.#restateMs = Number.POSITIVE_INFINITY;
      effects.push({ kind: 'restatePayments' });
    }
    const refused = nowMs >= this.#nextPayMs && this.#lanes.some(({ unanswered }) => unanswered);
    if (this.pay(terms, nowMs, effects)) return true;
    if (!refused || this.paused) return false;
    this.#nextPayMs = nowMs + this.#rules.retryMs;
    this.resend(effects);
    return false;
  }

  /** What is pending and not under way goes again. False: there is nothing of the kind. */
  resend(effects: SessionEffect[]): boolean {
    const lanes = this.#lanes.filter(({ unanswered }) => unanswered);
    for (const { method } of lanes) effects.push({ kind: 'resendPayment', method });
    return lanes.length > 0;
  }

  #wouldHavePaid(effects: SessionEffect[]): void {
    if (this.#wouldPay) return;
    this.#wouldPay = true;
    effects.push(news('wouldEnforce', { action: 'pay', amount: this.#account.payable() }));
  }

  written(event: SessionEvent & { kind: 'paymentWritten' }, nowMs: number, effects: SessionEffect[]): void {
    const { id, method, proof } = event;
    const lane = this.#lane(method);
    const units = lane.sent(id, proof);
    effects.push({ kind: 'send', message: { kind: 'payment', id, units, proof } });
    effects.push(news('paying', { id, amount: units, method }));
    this.#answer(lane, nowMs, effects);
  }

  /** It was not made, or can never count: what was to be paid is owed as before, to be paid once more. */
  failed(event: SessionEvent & { kind: 'paymentFailed' }, nowMs: number, effects: SessionEffect[]): void {
    const { code, id, method, paidUnits = 0, units } = event;
    const lane = this.#lane(method);
    this.#account.ledger.unpaid(this.#account.row, units);
    if (paidUnits > 0) this.#account.ledger.paid(this.#account.row, paidUnits);
    const demanded = lane.failed(id, units + paidUnits);
    if (SHUTS.has(code)) {
      lane.shutUntilMs = nowMs + this.#rules.retryMs;
      this.#nextPayMs = nowMs;
      if (demanded) this.demanded = true;
    } else {
      this.#nextPayMs = nowMs + this.#rules.retryMs;
    }
    effects.push(news('fault', { code, id, method }));
    if (paidUnits > 0) effects.push(news('paid', { id, amount: paidUnits, method }), { kind: 'changed' });
    this.#answer(lane, nowMs, effects);
  }

  /** A method that was shut can be used again. */
  opened(method: PaymentMethod): void {
    for (const lane of this.#lanes) if (lane.method === method) lane.shutUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** My terms changed: by what is paid, and what from, may have changed with them. */
  termsChanged(): void {
    for (const lane of this.#lanes) lane.drain();
  }

  /** The neighbour's answer. A refused payment stays a liability, shown as pending, until one that covers it is taken. */
  acknowledged(ack: PaymentAckMessage, nowMs: number, effects: SessionEffect[]): void {
    const lane = this.#lanes.find((each) => each.has(ack.id));
    if (lane === undefined) {
      if (UNSEEN.has(ack.code)) this.#restateMs = nowMs + this.#rules.retryMs;
      return;
    }
    if (!lane.postpones(ack)) this.#hear(lane, ack, nowMs, effects);
  }

  #answer(lane: PaymentLane, nowMs: number, effects: SessionEffect[]): void {
    for (const ack of lane.postponed()) if (lane.has(ack.id)) this.#hear(lane, ack, nowMs, effects);
  }

  #hear(lane: PaymentLane, ack: PaymentAckMessage, nowMs: number, effects: SessionEffect[]): void {
    const { code, id } = ack;
    const { method } = lane;
    if (code !== '') {
      lane.refused(ack);
      this.#nextPayMs = nowMs + this.#rules.retryMs;
      effects.push(news('paymentRejected', { id, code, method }));
      if (code === 'CHANNEL_CLOSED') effects.push({ kind: 'voidPayment', id, method });
      return;
    }
    const { acceptedWei, units } = lane.taken(ack);
    this.#account.ledger.paid(this.#account.row, units);
    effects.push({ kind: 'keepPaid', id, method, acceptedWei, units });
    effects.push(news('paid', { id, amount: units, method }), { kind: 'changed' });
  }

  /** A payment came in. False: it floods. */
  arrived(payment: PaymentMessage, nowMs: number, effects: SessionEffect[]): boolean {
    if (nowMs - this.#arrived.secondMs >= 1000) this.#arrived = { secondMs: nowMs, count: 0 };
    this.#arrived.count += 1;
    // Twice the rate within one counted second is still an honest burst across its edge.
    if (this.#arrived.count > this.#rules.paymentsPerSecond * 2) return false;
    effects.push({ kind: 'checkPayment', payment });
    return true;
  }

  /** What looking at it came to: booked, made durable, and only then acknowledged. Returns the code of a refusal. */
  checked(event: SessionEvent & { kind: 'paymentChecked' }, effects: SessionEffect[]): ErrorCode | undefined {
    const { id, method, outcome } = event;
    const code = outcome.accepted ? '' : outcome.code;
    if (outcome.accepted) {
      if (outcome.units > 0) this.#account.received(outcome.units, outcome.clearing);
      // Also for one that came again: the first time it may not have become durable.
      effects.push({ kind: 'keepPayment', id, method });
      if (outcome.units > 0) effects.push(news('received', { id, amount: outcome.units, method }));
    }
    if (id !== undefined) {
      const ack: PaymentAckMessage = { kind: 'paymentAck', id, acceptedWei: outcome.acceptedWei, code };
      effects.push({ kind: 'send', message: ack });
    }
    if (outcome.accepted) effects.push({ kind: 'changed' });
    else effects.push(news('refused', { id, code, method }));
    return outcome.accepted ? undefined : outcome.code;
  }
}
