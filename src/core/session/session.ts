import { codeOf, type ErrorCode } from '../errors.ts';
import { accountDueMs } from '../ledger/at-rest.ts';
import { type Calm, calmBetween, RESTLESS } from '../ledger/calm.ts';
import { Column as columns } from '../ledger/columns.ts';
import type { LinkAccount, LinkState } from '../ledger/link-account.ts';
import { DebtorSampler } from '../ledger/relation.ts';
import { SERVICES } from '../service.ts';
import { Statements, type Step } from '../statement/statements.ts';
import type { Terms } from '../terms/terms.ts';
import type { Conduct } from './conduct.ts';
import { Greeting } from './greeting.ts';
import type { CountsMessage, Message } from './message.ts';
import { Payments } from './payments.ts';
import { isPaymentEvent, news, type PaymentEvent, type SessionEffect, type SessionEvent } from './session-effect.ts';
import type { SessionOptions } from './session-options.ts';
import { SESSION_RULES, type SessionRules } from './session-rules.ts';

// A constant of its own, for speed (core/ledger/ledger.ts).
const Column = columns;

type Phase = 'down' | 'greeting' | 'leasing' | 'up';

/**
 * One neighbour's session as a pure step: `(state, event, now) → effects`. It keeps no clock, socket or key; whoever runs
 * it performs the effects in order and reports back. Terms come first, then both sides' counts, then service (DESIGN §3, §4).
 */
export class Session {
  readonly #account: LinkAccount;
  readonly #conduct: Conduct;
  readonly #rules: SessionRules;
  readonly #payments: Payments;
  readonly #statements: Statements | undefined;
  readonly #greeting: Greeting;
  #phase: Phase = 'down';
  #nextCountsMs = Number.NEGATIVE_INFINITY;
  #countsSent = -1;
  #state: LinkState = 'open';
  #chokedSinceMs: number | undefined;
  #sampler = new DebtorSampler();
  #calm: Calm = RESTLESS;

  constructor(options: SessionOptions) {
    this.#account = options.account;
    this.#conduct = options.conduct;
    this.#rules = options.rules ?? SESSION_RULES;
    this.#payments = new Payments({ account: options.account, rules: this.#rules, pending: options.pending ?? [] });
    const { account, statements, storeEpoch, terms } = options;
    this.#statements = statements && new Statements(account, storeEpoch, statements);
    this.#greeting = new Greeting({ account, rules: this.#rules, storeEpoch, statements: this.#statements, terms });
  }

  get up(): boolean {
    return this.#phase === 'up';
  }
  get paused(): boolean {
    return this.#payments.paused;
  }

  /** A statement is due: whoever runs the session reports `quiet` as soon as nothing waits to leave. */
  get markWanted(): boolean {
    return this.#phase === 'up' && this.#statements?.wanted === true;
  }

  /** A statement is being made; it needs the neighbour's mark as well as mine. */
  get stating(): boolean {
    return this.#phase === 'up' && this.#statements?.underWay === true;
  }

  /** What statements have come to so far. */
  get statements(): Statements['view'] | undefined {
    return this.#statements?.view;
  }

  /** All that decides its next steps, beside the account: what a search through all states tells two sessions apart by. */
  standing(nowMs: number): readonly (string | number | boolean)[] {
    const countsInMs = Math.max(0, this.#nextCountsMs - nowMs);
    const chokedForMs = this.#chokedSinceMs === undefined ? -1 : nowMs - this.#chokedSinceMs;
    const times = [countsInMs, this.#countsSent, this.#account.lease.consumedUnits, chokedForMs];
    return [
      this.#phase,
      this.#state,
      this.#account.lapsed,
      ...this.#greeting.standing(),
      ...times,
      ...this.#payments.standing(nowMs),
      ...(this.#statements?.standing(nowMs) ?? []),
    ];
  }

  /** Everything that follows from `event`, in order. */
  step(event: SessionEvent, nowMs: number): SessionEffect[] {
    const effects: SessionEffect[] = [];
    this.#account.fade(nowMs);
    this.#on(event, nowMs, effects);
    if (this.#phase === 'up' && this.#account.relations.byTime) this.#meterTime(nowMs, effects);
    this.#observe(nowMs, effects);
    this.#calm = calmBetween(this.#account, this.#sampler, this.#greeting.terms.payAt);
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
        this.#greeting.terms = event.terms;
        this.#payments.termsChanged();
        return this.#greeting.announce(effects, this.#phase !== 'down');
      case 'leaseDurable':
        return this.#leased(nowMs, effects);
      case 'pause':
        this.#payments.paused = event.paused;
        return this.#pay(nowMs, effects);
      case 'settle':
        this.#payments.demanded = true;
        this.#payments.aheadUnits = event.aheadUnits ?? 0;
        return this.#pay(nowMs, effects);
      case 'fault':
        return this.#fault(event.code, nowMs, effects);
      default:
        if (isPaymentEvent(event)) return this.#money(event, nowMs, effects);
        return this.#statements?.on(event, this.#phase === 'up', this.#stepAt(nowMs, effects));
    }
  }

  #stepAt(nowMs: number, effects: SessionEffect[]): Step {
    return { nowMs, effects, fault: (code) => this.#fault(code, nowMs, effects) };
  }

  #money(event: PaymentEvent, nowMs: number, effects: SessionEffect[]): void {
    switch (event.kind) {
      case 'paymentWritten':
        // Written while the connection was made anew: it goes again, in its turn, once the books are compared.
        if (this.#phase !== 'up') return;
        this.#sendCounts(nowMs, effects);
        this.#payments.written(event, nowMs, effects);
        return this.#pay(nowMs, effects);
      case 'paymentFailed':
        this.#payments.failed(event, nowMs, effects);
        // The next method may do.
        return this.#pay(nowMs, effects);
      case 'methodOpened':
        this.#payments.opened(event.method);
        return this.#pay(nowMs, effects);
      case 'paymentUndone':
        this.#account.ledger.undone(this.#account.row, event.units);
        effects.push(news('undone', { amount: event.units }), { kind: 'changed' });
        return;
      case 'paymentKept':
        return this.#pay(nowMs, effects);
      case 'paymentChecked': {
        const refusal = this.#payments.checked(event, effects);
        return refusal === undefined ? undefined : this.#fault(refusal, nowMs, effects);
      }
      case 'cleared':
        this.#account.ledger.cleared(this.#account.row, event.units);
        effects.push({ kind: 'changed' });
    }
  }

  #greet(effects: SessionEffect[]): void {
    this.#phase = 'greeting';
    this.#payments.interrupted();
    this.#greeting.begin(effects);
  }

  #hangUp(): void {
    this.#phase = 'down';
    this.#payments.interrupted();
    this.#statements?.closed();
    this.#account.ready = false;
  }

  #message(message: Message, nowMs: number, effects: SessionEffect[]): void {
    if (this.#phase === 'down') return;
    switch (message.kind) {
      case 'terms':
        return this.#takeTerms(message.terms, nowMs, effects);
      case 'termsAck':
        return this.#guard(nowMs, effects, () => {
          this.#greeting.acknowledged(message.epoch, nowMs, effects);
          this.#greeted(effects);
          effects.push({ kind: 'changed' });
          // It knows of the channel now.
          this.#payments.opened('channel');
          this.#pay(nowMs, effects);
        });
      case 'counts':
        return this.#takeCounts(message, nowMs, effects);
      case 'payment':
        if (this.#greeting.reconciled && this.#payments.arrived(message, nowMs, effects)) return;
        return this.#fault(this.#greeting.reconciled ? 'PAYMENT_FLOOD' : 'MESSAGE_UNEXPECTED', nowMs, effects);
      case 'paymentAck':
        this.#payments.acknowledged(message, nowMs, effects);
        return this.#pay(nowMs, effects);
      case 'mark':
      case 'statement':
        if (!this.#greeting.reconciled) return this.#fault('MESSAGE_UNEXPECTED', nowMs, effects);
        return this.#guard(nowMs, effects, () => this.#statements?.came(message, this.#stepAt(nowMs, effects)));
      case 'allotment':
        if (!this.#greeting.reconciled) return this.#fault('MESSAGE_UNEXPECTED', nowMs, effects);
        return this.#guard(nowMs, effects, () => this.#account.service(message.service).time.ordered(message, nowMs));
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
      this.#greeting.takeTerms(terms, effects);
      this.#greeted(effects);
      effects.push({ kind: 'changed' });
    });
  }

  #takeCounts(counts: CountsMessage, nowMs: number, effects: SessionEffect[]): void {
    if (!counts.opening) {
      if (this.#greeting.reconciled) this.#account.counts.admit(counts.consumed);
      return;
    }
    this.#guard(nowMs, effects, () => {
      this.#greeting.takeCounts(counts, this.#stepAt(nowMs, effects));
      this.#greeted(effects);
    });
  }

  /** With both terms and both counts exchanged, one durable record with a lease comes before the first service. */
  #greeted(effects: SessionEffect[]): void {
    if (this.#phase !== 'greeting' || !this.#greeting.done) return;
    this.#phase = 'leasing';
    effects.push({ kind: 'lease' });
  }

  #leased(nowMs: number, effects: SessionEffect[]): void {
    if (this.#phase !== 'leasing') return;
    this.#phase = 'up';
    this.#account.ready = true;
    // Both ends have just agreed on it.
    this.#countsSent = this.#account.lease.consumedUnits;
    if (!this.#payments.resend(effects)) this.#pay(nowMs, effects);
  }

  #pay(nowMs: number, effects: SessionEffect[]): void {
    if (this.#phase === 'up') this.#payments.pay(this.#greeting.terms, nowMs, effects);
  }

  #tick(nowMs: number, effects: SessionEffect[]): void {
    if (this.#phase === 'up') this.#payments.retry(this.#greeting.terms, nowMs, effects);
    if (this.#phase === 'up' && nowMs >= this.#nextCountsMs) this.#sendCounts(nowMs, effects);
    if (this.#phase === 'up') this.#statements?.tick(this.#stepAt(nowMs, effects));
    const keepOnlyAsDebtor = this.#account.relation('transit')?.keepOnlyAsDebtor === true;
    if (keepOnlyAsDebtor && this.#sampler.leaves()) this.#fault('ONE_WAY_CREDITOR', nowMs, effects);
  }

  /**
   * Called for each charge by whoever runs the session: one sample for the one-way rule (DESIGN §4). True when something
   * may follow from it, a payment or another state, so that a tick should come soon; else the next usual one will do.
   */
  sample(): boolean {
    const { ledger, row } = this.#account;
    const balance = ledger.get(row, Column.balance);
    this.#sampler.sample(balance, this.#greeting.terms.payAt);
    return balance >= this.#calm.to || balance - ledger.get(row, Column.heldConsume) <= this.#calm.from;
  }

  /** From when on a tick may bring something about. Infinity: never. */
  dueMs(nowMs: number): number {
    const told = { units: this.#countsSent, againMs: this.#nextCountsMs };
    const payMs = this.#phase === 'up' ? this.#payments.dueMs(this.#greeting.terms, nowMs) : Number.POSITIVE_INFINITY;
    const statementMs = this.#statements?.dueMs ?? Number.POSITIVE_INFINITY;
    return Math.min(accountDueMs(this.#account, told, nowMs), statementMs, payMs);
  }

  #sendCounts(nowMs: number, effects: SessionEffect[]): void {
    const consumed = this.#account.lease.consumedUnits;
    if (consumed === this.#countsSent) return;
    this.#countsSent = consumed;
    this.#nextCountsMs = nowMs + this.#rules.countsIntervalMs;
    effects.push({ kind: 'send', message: this.#greeting.counts(false) });
  }

  /** Buys and sells the time that is due: allotments are charged here, whatever moves meanwhile (DESIGN §7). */
  #meterTime(nowMs: number, effects: SessionEffect[]): void {
    for (const service of SERVICES) {
      const { admitted, bought, sold } = this.#account.service(service).time.meter(nowMs);
      if (bought !== undefined) effects.push({ kind: 'send', message: bought });
      if (bought !== undefined || sold > 0 || admitted !== 0) effects.push({ kind: 'changed' });
    }
  }

  /** Notices that the link's state changed, and closes it for service when it stayed choked too long. */
  #observe(nowMs: number, effects: SessionEffect[]): void {
    const account = this.#account;
    const debt = account.state();
    const choked = debt === 'choked' || debt === 'closed';
    this.#chokedSinceMs = choked ? (this.#chokedSinceMs ?? nowMs) : undefined;
    account.lapsed = this.#chokedSinceMs !== undefined && nowMs - this.#chokedSinceMs > this.#rules.graceMs;
    const state = account.state();
    if (state === this.#state) return;
    effects.push(news('state', { from: this.#state, to: state }), { kind: 'changed' });
    this.#state = state;
  }

  #fault(code: ErrorCode, nowMs: number, effects: SessionEffect[]): void {
    const verdict = this.#conduct.fault(code, nowMs);
    effects.push(news('verdict', { code, action: verdict.action, because: verdict.because }));
    if (verdict.action === 'throttle') this.#account.slow(nowMs + this.#rules.slowMs);
    // Terms that cannot be taken leave no business to do, whosever fault it is.
    if (verdict.action !== 'cut' && !code.startsWith('TERMS_')) return;
    const banned = BANNING.has(code);
    if (banned) this.#account.banned = true;
    effects.push({ kind: 'close', code, banned });
  }
}

/** Faults that no accident explains: the account stays closed for service until the operator opens it (DESIGN §11). */
const BANNING: ReadonlySet<ErrorCode> = new Set([
  'CHEQUE_FORGED',
  'CHEQUE_BOUNCED',
  'CHEQUE_WRONG_ISSUER',
  'CHEQUE_ABSURD',
  'CHANNEL_FORGED',
  'CHANNEL_ABSURD',
  'CHANNEL_CLOSED_BEHIND',
  'STATEMENT_REPEATED',
]);
