import type { ErrorCode } from './errors.ts';
import { Column } from './ledger.ts';
import type { LinkAccount } from './link-account.ts';
import type { PaymentAckMessage, PaymentMessage } from './message.ts';
import { news, type SessionEffect, type SessionEvent } from './session-effect.ts';
import type { SessionRules } from './session-rules.ts';
import { commonMethod, type Terms } from './terms.ts';

/** What the money side of a session starts from. */
export interface PaymentsOptions {
  readonly account: LinkAccount;
  readonly rules: SessionRules;
  /** Units of a cheque that was written before a restart and never acknowledged. */
  readonly pendingUnits: number;
  /** The highest payment id used so far with this neighbour. */
  readonly lastPaymentId: number;
}

/** The money side of a session: when this node pays, and what it makes of payments that come in. Pure, like the session. */
export class Payments {
  /** Set by the operator: nothing is paid meanwhile. */
  paused = false;
  /** The operator wants what is owed to be paid, though it is not due yet. */
  demanded = false;
  readonly #account: LinkAccount;
  readonly #rules: SessionRules;
  /** The payment being written or sent; its units are pending in the ledger. */
  #inFlight: { id: number; sent: boolean } | undefined;
  #lastPaymentId: number;
  #nextPayMs = Number.NEGATIVE_INFINITY;
  #arrived = { secondMs: Number.NEGATIVE_INFINITY, count: 0 };
  #wouldPay = false;

  constructor(options: PaymentsOptions) {
    this.#account = options.account;
    this.#rules = options.rules;
    this.#lastPaymentId = options.lastPaymentId;
    if (options.pendingUnits > 0) this.#account.ledger.paying(this.#account.row, options.pendingUnits);
  }

  get pendingUnits(): number {
    return this.#account.ledger.get(this.#account.row, Column.pending);
  }

  /** All that decides what it does next, beside the account (see `Session.standing`). */
  standing(nowMs: number): readonly (number | boolean)[] {
    const sinceMs = nowMs - this.#arrived.secondMs;
    const arrived = sinceMs >= 1000 ? 0 : this.#arrived.count;
    const payInMs = Math.max(0, this.#nextPayMs - nowMs);
    const { id = -1, sent = false } = this.#inFlight ?? {};
    return [this.paused, this.#wouldPay, id, sent, this.#lastPaymentId, payInMs, arrived];
  }

  /** The connection is gone: what was sent may or may not have arrived. It goes again on the next one. */
  interrupted(): void {
    this.#inFlight = undefined;
  }

  /** Pays the whole payable debt where it is due (DESIGN §3, Use). True when a cheque is to be written. */
  pay(terms: Terms, nowMs: number, effects: SessionEffect[]): boolean {
    const account = this.#account;
    if (this.#inFlight !== undefined || nowMs < this.#nextPayMs || !this.#due()) return false;
    if (!account.enforce) this.#wouldHavePaid(effects);
    const theirs = account.theirs.newest;
    const byCheque = theirs !== undefined && commonMethod(theirs, terms) === 'cheque';
    if (!account.enforce || this.paused || !byCheque) return false;
    const units = account.payable();
    this.demanded = false;
    account.ledger.paying(account.row, units);
    this.#lastPaymentId += 1;
    this.#inFlight = { id: this.#lastPaymentId, sent: false };
    this.#nextPayMs = nowMs + this.#rules.payIntervalMs;
    effects.push({ kind: 'writeCheque', id: this.#lastPaymentId, units });
    return true;
  }

  #due(): boolean {
    if (!this.demanded) return this.#account.payDue();
    const owing = this.#account.payable() > 0;
    this.demanded = owing;
    return owing;
  }

  /** After a refusal: a larger payment supersedes it where one is due, else the same one goes again. */
  retry(terms: Terms, nowMs: number, effects: SessionEffect[]): boolean {
    const refused = this.pendingUnits > 0 && this.#inFlight === undefined && nowMs >= this.#nextPayMs;
    if (this.pay(terms, nowMs, effects)) return true;
    if (!refused || this.paused) return false;
    this.#nextPayMs = nowMs + this.#rules.retryMs;
    effects.push({ kind: 'resendCheque' });
    return false;
  }

  #wouldHavePaid(effects: SessionEffect[]): void {
    if (this.#wouldPay) return;
    this.#wouldPay = true;
    effects.push(news('wouldEnforce', { action: 'pay', amount: this.#account.payable() }));
  }

  written(event: SessionEvent & { kind: 'chequeWritten' }, effects: SessionEffect[]): void {
    this.#inFlight = { id: event.id, sent: true };
    const units = this.pendingUnits;
    effects.push({ kind: 'send', message: { kind: 'payment', id: event.id, units, cheque: event.cheque } });
    effects.push(news('paying', { id: event.id, amount: units }));
  }

  /** No cheque was written, so nothing left this node and what was to be paid is owed as before. */
  failed(event: SessionEvent & { kind: 'chequeFailed' }, nowMs: number, effects: SessionEffect[]): void {
    this.#account.ledger.unpaid(this.#account.row, event.units);
    this.#inFlight = undefined;
    this.#nextPayMs = nowMs + this.#rules.retryMs;
    effects.push(news('fault', { code: event.code, id: event.id }));
  }

  /** The neighbour's answer. A refused payment stays a liability, shown as pending, until one that covers it is taken. */
  acknowledged(ack: PaymentAckMessage, nowMs: number, effects: SessionEffect[]): void {
    // Ids can be guessed: what has not left cannot have been answered.
    if (this.#inFlight?.id !== ack.id || !this.#inFlight.sent) return;
    this.#inFlight = undefined;
    if (ack.code !== '') {
      this.#nextPayMs = nowMs + this.#rules.retryMs;
      effects.push(news('paymentRejected', { id: ack.id, code: ack.code }));
      return;
    }
    const units = this.pendingUnits;
    this.#account.ledger.paid(this.#account.row, units);
    effects.push({ kind: 'keepPaid', acceptedWei: ack.acceptedWei, units });
    effects.push(news('paid', { id: ack.id, amount: units }), { kind: 'changed' });
  }

  /** A payment came in. False: it floods. */
  arrived(payment: PaymentMessage, nowMs: number, effects: SessionEffect[]): boolean {
    if (nowMs - this.#arrived.secondMs >= 1000) this.#arrived = { secondMs: nowMs, count: 0 };
    this.#arrived.count += 1;
    // Twice the rate within one counted second is still an honest burst across its edge.
    if (this.#arrived.count > this.#rules.paymentsPerSecond * 2) return false;
    effects.push({ kind: 'checkCheque', payment });
    return true;
  }

  /** What looking at it came to: booked, made durable, and only then acknowledged. Returns the code of a refusal. */
  checked(event: SessionEvent & { kind: 'chequeChecked' }, effects: SessionEffect[]): ErrorCode | undefined {
    const { id, outcome } = event;
    const code = outcome.accepted ? '' : outcome.code;
    if (outcome.accepted) {
      if (outcome.units > 0) this.#account.ledger.received(this.#account.row, outcome.units, outcome.clearing);
      // Also for one that came again: the first time it may not have become durable.
      effects.push({ kind: 'keepCheque', id });
      if (outcome.units > 0) effects.push(news('received', { id, amount: outcome.units }));
    }
    const ack: PaymentAckMessage = { kind: 'paymentAck', id, acceptedWei: outcome.acceptedWei, code };
    effects.push({ kind: 'send', message: ack });
    if (outcome.accepted) effects.push({ kind: 'changed' });
    else effects.push(news('refused', { id, code }));
    return outcome.accepted ? undefined : outcome.code;
  }
}
