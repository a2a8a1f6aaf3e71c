import type { Conduct } from './conduct.ts';
import { codeOf, type ErrorCode } from './errors.ts';
import { Column } from './ledger.ts';
import type { LinkAccount, LinkState } from './link-account.ts';
import type { CountsMessage, Message, PaymentAckMessage, PaymentMessage } from './message.ts';
import { DebtorSampler } from './relation.ts';
import type { SessionEffect, SessionEvent, SessionNews } from './session-effect.ts';
import { commonMethod, type Terms, validateTerms } from './terms.ts';

/** Times and limits of a session. */
export interface SessionRules {
  /** Least time between two payments to one neighbour: DESIGN §12 allows ten payment frames a second. */
  readonly payIntervalMs: number;
  /** Payment frames a neighbour may send a second. */
  readonly paymentsPerSecond: number;
  /** How often what I consumed is told to the neighbour while it changes. */
  readonly countsIntervalMs: number;
  /** Wait after a refused or failed payment. */
  readonly retryMs: number;
  /** How long a link may stay choked before it is closed for service. */
  readonly graceMs: number;
}

export const SESSION_RULES: SessionRules = {
  payIntervalMs: 100,
  paymentsPerSecond: 10,
  countsIntervalMs: 500,
  retryMs: 10_000,
  graceMs: 600_000,
};

export interface SessionOptions {
  readonly account: LinkAccount;
  readonly conduct: Conduct;
  readonly terms: Terms;
  readonly storeEpoch: number;
  readonly rules?: SessionRules;
  /** Units of a cheque that was written before a restart and never acknowledged. */
  readonly pendingUnits?: number;
  /** The highest payment id used so far with this neighbour. */
  readonly lastPaymentId?: number;
}

type Phase = 'down' | 'greeting' | 'leasing' | 'up';

/**
 * One neighbour's session as a pure step: `(state, event, now) → effects`. It keeps no clock, socket or key; whoever runs
 * it performs the effects in order and reports back. Terms come first, then both sides' counts, then service (DESIGN §3, §4).
 */
export class Session {
  readonly #account: LinkAccount;
  readonly #conduct: Conduct;
  readonly #rules: SessionRules;
  readonly #storeEpoch: number;
  #terms: Terms;
  #phase: Phase = 'down';
  #opening: CountsMessage | undefined;
  #theirsTaken = false;
  #mineTaken = false;
  #reconciled = false;
  #paused = false;
  /** The payment being written or sent; its units are pending in the ledger. */
  #inFlight: { id: number } | undefined;
  #lastPaymentId: number;
  #nextPayMs = Number.NEGATIVE_INFINITY;
  #nextCountsMs = Number.NEGATIVE_INFINITY;
  #countsSent = -1;
  #payments = { secondMs: Number.NEGATIVE_INFINITY, count: 0 };
  #state: LinkState = 'open';
  #chokedSinceMs: number | undefined;
  #sampler = new DebtorSampler();
  #wouldPay = false;

  constructor(options: SessionOptions) {
    this.#account = options.account;
    this.#conduct = options.conduct;
    this.#rules = options.rules ?? SESSION_RULES;
    this.#storeEpoch = options.storeEpoch;
    this.#terms = options.terms;
    this.#lastPaymentId = options.lastPaymentId ?? 0;
    if ((options.pendingUnits ?? 0) > 0) this.#account.ledger.paying(this.#account.row, options.pendingUnits ?? 0);
  }

  get up(): boolean {
    return this.#phase === 'up';
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Everything that follows from `event`, in order. */
  step(event: SessionEvent, nowMs: number): SessionEffect[] {
    const effects: SessionEffect[] = [];
    this.#on(event, nowMs, effects);
    this.#observe(nowMs, effects);
    return effects;
  }

  #on(event: SessionEvent, nowMs: number, effects: SessionEffect[]): void {
    switch (event.kind) {
      case 'linkUp':
        return this.#greet(effects);
      case 'linkDown':
        return this.#hangUp();
      case 'message':
        return this.#message(event.message, nowMs, effects);
      case 'tick':
        return this.#tick(nowMs, effects);
      case 'termsChanged':
        this.#terms = event.terms;
        return this.#announce(effects);
      case 'leaseDurable':
        return this.#leased(nowMs, effects);
      case 'pause':
        this.#paused = event.paused;
        return this.#pay(nowMs, effects);
      case 'fault':
        return this.#fault(event.code, nowMs, effects);
      default:
        return this.#money(event, nowMs, effects);
    }
  }

  #money(event: SessionEvent, nowMs: number, effects: SessionEffect[]): void {
    switch (event.kind) {
      case 'chequeWritten': {
        this.#inFlight = { id: event.id };
        const units = this.#account.ledger.get(this.#account.row, Column.pending);
        effects.push({ kind: 'send', message: { kind: 'payment', id: event.id, units, cheque: event.cheque } });
        effects.push(news('paying', { id: event.id, amount: units }));
        return;
      }
      case 'chequeFailed':
        return this.#chequeFailed(event.id, event.code, nowMs, effects);
      case 'chequeChecked':
        return this.#chequeChecked(event, nowMs, effects);
      case 'cleared':
        this.#account.ledger.cleared(this.#account.row, event.units);
        effects.push({ kind: 'changed' });
    }
  }

  // --- greeting -------------------------------------------------------------------------------------------------

  #greet(effects: SessionEffect[]): void {
    this.#phase = 'greeting';
    this.#theirsTaken = false;
    this.#mineTaken = false;
    this.#reconciled = false;
    this.#inFlight = undefined;
    this.#opening = this.#account.counts(true, this.#storeEpoch);
    this.#announce(effects, true);
    effects.push({ kind: 'send', message: this.#opening });
  }

  #hangUp(): void {
    this.#phase = 'down';
    this.#inFlight = undefined;
    this.#account.ready = false;
  }

  /** Sends my newest terms, unless too many changes await an answer; the next acknowledgement tries again. */
  #announce(effects: SessionEffect[], again = false): void {
    const { mine } = this.#account;
    const isNew = mine.newest !== this.#terms;
    if (isNew && !mine.mayAnnounce) return;
    if (isNew) {
      mine.announce(this.#terms);
      effects.push({ kind: 'rememberTerms', side: 'mine', terms: this.#terms });
      this.#account.applyLimits();
    }
    if ((isNew || again) && this.#phase !== 'down') effects.push({ kind: 'send', message: { kind: 'terms', terms: this.#terms } });
  }

  #message(message: Message, nowMs: number, effects: SessionEffect[]): void {
    if (this.#phase === 'down') return;
    switch (message.kind) {
      case 'terms':
        return this.#takeTerms(message.terms, nowMs, effects);
      case 'termsAck':
        return this.#guard(nowMs, effects, () => {
          this.#account.mine.acknowledge(message.epoch, nowMs);
          this.#mineTaken = this.#mineTaken || message.epoch === this.#account.mine.newest?.epoch;
          this.#announce(effects);
          this.#greeted(effects);
          effects.push({ kind: 'changed' });
        });
      case 'counts':
        return this.#takeCounts(message, nowMs, effects);
      case 'payment':
        return this.#takePayment(message, nowMs, effects);
      case 'paymentAck':
        return this.#takeAck(message, nowMs, effects);
      case 'allotment':
        return this.#fault('MESSAGE_UNEXPECTED', nowMs, effects);
    }
  }

  /** Runs what a neighbour's message asks for; an error it causes is the neighbour's fault. */
  #guard(nowMs: number, effects: SessionEffect[], act: () => void): void {
    try {
      act();
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined || code === 'INVARIANT_BROKEN') throw error;
      this.#fault(code, nowMs, effects);
    }
  }

  #takeTerms(terms: Terms, nowMs: number, effects: SessionEffect[]): void {
    this.#guard(nowMs, effects, () => {
      const { theirs } = this.#account;
      validateTerms(terms, this.#terms, { known: theirs.newest });
      const isNew = theirs.newest?.epoch !== terms.epoch;
      theirs.take(terms);
      this.#account.applyLimits();
      if (isNew) effects.push({ kind: 'rememberTerms', side: 'theirs', terms });
      effects.push({ kind: 'send', message: { kind: 'termsAck', epoch: terms.epoch } });
      this.#theirsTaken = true;
      effects.push(this.#termsNews(terms));
      this.#greeted(effects);
      effects.push({ kind: 'changed' });
    });
  }

  #termsNews(terms: Terms): SessionEffect {
    return news('terms', {
      epoch: terms.epoch,
      askPerMb: this.#terms.services.transit.askPerMb,
      theirAskPerMb: terms.services.transit.askPerMb,
      payAt: this.#terms.payAt,
      dropAt: this.#terms.dropAt,
      theirPayAt: terms.payAt,
      theirDropAt: terms.dropAt,
    });
  }

  #takeCounts(counts: CountsMessage, nowMs: number, effects: SessionEffect[]): void {
    if (!counts.opening) {
      if (this.#reconciled) this.#account.admit(counts);
      return;
    }
    if (this.#reconciled || this.#opening === undefined) return this.#fault('MESSAGE_UNEXPECTED', nowMs, effects);
    this.#guard(nowMs, effects, () => {
      const moved = this.#account.reconcile(this.#opening as CountsMessage, counts);
      this.#reconciled = true;
      if (moved.provided !== 0 || moved.consumed !== 0) effects.push(news('writeOff', moved));
      this.#greeted(effects);
    });
  }

  /** With both terms and both counts exchanged, one durable record with a lease comes before the first service. */
  #greeted(effects: SessionEffect[]): void {
    if (this.#phase !== 'greeting' || !this.#theirsTaken || !this.#mineTaken || !this.#reconciled) return;
    this.#phase = 'leasing';
    effects.push({ kind: 'lease' });
  }

  #leased(nowMs: number, effects: SessionEffect[]): void {
    if (this.#phase !== 'leasing') return;
    this.#phase = 'up';
    this.#account.ready = true;
    if (this.#account.ledger.get(this.#account.row, Column.pending) > 0) effects.push({ kind: 'resendCheque' });
    else this.#pay(nowMs, effects);
  }

  // --- paying ---------------------------------------------------------------------------------------------------

  #pay(nowMs: number, effects: SessionEffect[]): void {
    if (this.#phase !== 'up' || this.#inFlight !== undefined || nowMs < this.#nextPayMs) return;
    if (!this.#account.payDue()) return;
    if (!this.#account.enforce) return this.#wouldHavePaid(effects);
    const theirs = this.#account.theirs.newest;
    if (this.#paused || theirs === undefined || commonMethod(theirs, this.#terms) !== 'cheque') return;
    const units = this.#account.payable();
    this.#account.ledger.paying(this.#account.row, units);
    this.#lastPaymentId += 1;
    this.#inFlight = { id: this.#lastPaymentId };
    this.#nextPayMs = nowMs + this.#rules.payIntervalMs;
    // What I admit to have used goes first, so that the payment is seen against it.
    this.#sendCounts(nowMs, effects);
    effects.push({ kind: 'writeCheque', id: this.#lastPaymentId, units });
  }

  #wouldHavePaid(effects: SessionEffect[]): void {
    if (this.#wouldPay) return;
    this.#wouldPay = true;
    effects.push(news('wouldEnforce', { action: 'pay', amount: this.#account.payable() }));
  }

  #chequeFailed(id: number, code: ErrorCode, nowMs: number, effects: SessionEffect[]): void {
    // Nothing left this node, so nothing is pending any more; the debt stands and is tried again later.
    this.#account.ledger.unpaid(this.#account.row, this.#account.ledger.get(this.#account.row, Column.pending));
    this.#inFlight = undefined;
    this.#nextPayMs = nowMs + this.#rules.retryMs;
    effects.push(news('fault', { code, id }));
  }

  #takeAck(ack: PaymentAckMessage, nowMs: number, effects: SessionEffect[]): void {
    if (this.#inFlight?.id !== ack.id) return;
    this.#inFlight = undefined;
    if (ack.code !== '') {
      this.#nextPayMs = nowMs + this.#rules.retryMs;
      effects.push(news('paymentRejected', { id: ack.id, code: ack.code }));
      return;
    }
    const { ledger, row } = this.#account;
    const units = ledger.get(row, Column.pending);
    ledger.paid(row, units);
    effects.push({ kind: 'keepPaid', acceptedWei: ack.acceptedWei, units });
    effects.push(news('paid', { id: ack.id, amount: units }));
    effects.push({ kind: 'changed' });
    this.#pay(nowMs, effects);
  }

  // --- being paid -----------------------------------------------------------------------------------------------

  #takePayment(payment: PaymentMessage, nowMs: number, effects: SessionEffect[]): void {
    if (!this.#theirsTaken || !this.#reconciled) return this.#fault('MESSAGE_UNEXPECTED', nowMs, effects);
    if (nowMs - this.#payments.secondMs >= 1000) this.#payments = { secondMs: nowMs, count: 0 };
    this.#payments.count += 1;
    // Twice the rate within one counted second is still an honest burst across its edge.
    if (this.#payments.count > this.#rules.paymentsPerSecond * 2) return this.#fault('PAYMENT_FLOOD', nowMs, effects);
    effects.push({ kind: 'checkCheque', payment });
  }

  #chequeChecked(event: SessionEvent & { kind: 'chequeChecked' }, nowMs: number, effects: SessionEffect[]): void {
    const { id, outcome } = event;
    const ack = (code: string): SessionEffect => ({
      kind: 'send',
      message: { kind: 'paymentAck', id, acceptedWei: outcome.acceptedWei, code },
    });
    if (!outcome.accepted) {
      effects.push(ack(outcome.code), news('refused', { id, code: outcome.code }));
      return this.#fault(outcome.code, nowMs, effects);
    }
    if (outcome.units > 0) {
      this.#account.ledger.received(this.#account.row, outcome.units, outcome.clearing);
      effects.push({ kind: 'keepCheque', id });
      effects.push(news('received', { id, amount: outcome.units }));
    }
    effects.push(ack(''), { kind: 'changed' });
  }

  // --- time and conduct -----------------------------------------------------------------------------------------

  #tick(nowMs: number, effects: SessionEffect[]): void {
    const pending = this.#account.ledger.get(this.#account.row, Column.pending);
    const refused = this.#phase === 'up' && pending > 0 && this.#inFlight === undefined && nowMs >= this.#nextPayMs;
    // A refused payment: a larger one supersedes it where the debt grew, else the same one goes again.
    this.#pay(nowMs, effects);
    if (refused && this.#inFlight === undefined && !this.#paused) {
      this.#nextPayMs = nowMs + this.#rules.retryMs;
      effects.push({ kind: 'resendCheque' });
    }
    if (this.#phase === 'up' && nowMs >= this.#nextCountsMs) this.#sendCounts(nowMs, effects);
    const keepOnlyAsDebtor = this.#account.relation('transit')?.keepOnlyAsDebtor === true;
    if (keepOnlyAsDebtor && !this.#sampler.keep) this.#fault('ONE_WAY_CREDITOR', nowMs, effects);
  }

  /** Called for each charge by whoever runs the session: one sample for the one-way rule (DESIGN §4). */
  sample(): void {
    this.#sampler.sample(this.#account.ledger.get(this.#account.row, Column.balance), this.#terms.payAt);
  }

  #sendCounts(nowMs: number, effects: SessionEffect[]): void {
    const counts = this.#account.counts(false, this.#storeEpoch);
    const consumed = counts.consumed.reduce((sum, units) => sum + units, 0);
    if (consumed === this.#countsSent) return;
    this.#countsSent = consumed;
    this.#nextCountsMs = nowMs + this.#rules.countsIntervalMs;
    effects.push({ kind: 'send', message: counts });
  }

  /** Notices that the link's state changed, and closes it for service when it stayed choked too long. */
  #observe(nowMs: number, effects: SessionEffect[]): void {
    const account = this.#account;
    const debt = account.state();
    if (debt !== 'choked' && debt !== 'closed') {
      this.#chokedSinceMs = undefined;
    } else {
      this.#chokedSinceMs ??= nowMs;
    }
    account.lapsed = this.#chokedSinceMs !== undefined && nowMs - this.#chokedSinceMs > this.#rules.graceMs;
    const state = account.state();
    if (state === this.#state) return;
    effects.push(news('state', { from: this.#state, to: state }), { kind: 'changed' });
    this.#state = state;
  }

  #fault(code: ErrorCode, nowMs: number, effects: SessionEffect[]): void {
    const verdict = this.#conduct.fault(code, nowMs);
    effects.push(news('verdict', { code, action: verdict.action, because: verdict.because }));
    // Terms that cannot be taken leave no business to do, whosever fault it is.
    if (verdict.action !== 'cut' && !code.startsWith('TERMS_')) return;
    const banned = BANNING.has(code);
    if (banned) this.#account.banned = true;
    effects.push({ kind: 'close', code, banned });
  }
}

/** Faults that no accident explains: the account stays closed for service until the operator opens it (DESIGN §11). */
const BANNING: ReadonlySet<ErrorCode> = new Set(['CHEQUE_FORGED', 'CHEQUE_BOUNCED', 'CHEQUE_WRONG_ISSUER', 'CHEQUE_ABSURD']);

function news(kind: SessionNews['kind'], facts: SessionNews['facts']): SessionEffect {
  return { kind: 'emit', event: { kind, facts } };
}
