import { WayleaveError } from '../errors.ts';
import type { LinkAccount } from '../ledger/link-account.ts';
import type { Statements, Step } from '../statement/statements.ts';
import { type Terms, validateTerms } from '../terms/terms.ts';
import type { CountsMessage } from './message.ts';
import { news, type SessionEffect } from './session-effect.ts';
import type { SessionRules } from './session-rules.ts';

/** What a greeting starts from; `terms` are mine. */
export interface GreetingOptions {
  readonly account: LinkAccount;
  readonly rules: SessionRules;
  readonly storeEpoch: number;
  readonly statements: Statements | undefined;
  readonly terms: Terms;
}

/**
 * What both ends tell each other on a new connection before any service, terms and then counts (DESIGN §3, §4); and terms
 * again as often as they change. Its methods throw the code of what the neighbour did wrong.
 */
export class Greeting {
  /** Mine, as they are to be: announced as soon as there is room among those that wait for an answer. */
  terms: Terms;
  readonly #options: GreetingOptions;
  #opening: CountsMessage | undefined;
  #theirsTaken = false;
  #mineTaken = false;
  #reconciled = false;

  constructor(options: GreetingOptions) {
    this.#options = options;
    this.terms = options.terms;
  }

  /** Both ends have compared their books on this connection. */
  get reconciled(): boolean {
    return this.#reconciled;
  }

  /** Terms and counts went both ways. */
  get done(): boolean {
    return this.#theirsTaken && this.#mineTaken && this.#reconciled;
  }

  /** All that decides its next steps, beside the account. */
  standing(): readonly (number | boolean)[] {
    const { provided, admitted, consumed } = this.#opening ?? NO_COUNTS;
    const opening = this.#reconciled ? [] : [...provided, ...admitted, ...consumed];
    return [this.#theirsTaken, this.#mineTaken, this.#reconciled, ...opening];
  }

  /** A connection begins. */
  begin(effects: SessionEffect[]): void {
    this.#theirsTaken = false;
    this.#mineTaken = false;
    this.#reconciled = false;
    this.#opening = this.counts(true);
    // What they admit is on disk before it is said.
    effects.push({ kind: 'lease' });
    this.#renew(effects);
    this.#tell(effects);
    effects.push({ kind: 'send', message: this.#opening });
  }

  counts(opening: boolean): CountsMessage {
    return this.#options.account.counts.message(opening, this.#options.storeEpoch);
  }

  /** My terms changed; the neighbour is told where there is a connection, or else with the next. */
  announce(effects: SessionEffect[], connected: boolean): void {
    if (this.#renew(effects) && connected) this.#tell(effects);
  }

  /**
   * My newest terms hold from now on. Where too many changes await an answer only what they trust less does: the next
   * answer tries again.
   */
  #renew(effects: SessionEffect[]): boolean {
    const { account, statements } = this.#options;
    const { mine } = account;
    if (mine.newest === this.terms) return false;
    if (!mine.mayAnnounce) {
      mine.hold(this.terms);
      account.applyLimits();
      return false;
    }
    mine.announce(this.terms);
    statements?.repriced();
    effects.push({ kind: 'rememberTerms', side: 'mine', terms: this.terms });
    account.applyLimits();
    return true;
  }

  #tell(effects: SessionEffect[]): void {
    const terms = this.#options.account.mine.newest ?? this.terms;
    effects.push({ kind: 'send', message: { kind: 'terms', terms } });
  }

  acknowledged(epoch: number, nowMs: number, effects: SessionEffect[]): void {
    const { mine } = this.#options.account;
    mine.acknowledge(epoch, nowMs);
    this.#mineTaken = this.#mineTaken || epoch === mine.newest?.epoch;
    this.announce(effects, true);
  }

  takeTerms(terms: Terms, effects: SessionEffect[]): void {
    const { account, rules, statements } = this.#options;
    const { theirs } = account;
    validateTerms(terms, this.terms, { known: theirs.newest, transfer: rules.transfer });
    const isNew = theirs.newest?.epoch !== terms.epoch;
    theirs.take(terms);
    statements?.repriced();
    account.applyLimits();
    if (isNew) effects.push({ kind: 'rememberTerms', side: 'theirs', terms });
    effects.push({ kind: 'send', message: { kind: 'termsAck', epoch: terms.epoch } });
    this.#theirsTaken = true;
    effects.push(this.#termsNews(terms));
  }

  #termsNews(terms: Terms): SessionEffect {
    return news('terms', {
      epoch: terms.epoch,
      askPerMb: this.terms.services.transit.askPerMb,
      theirAskPerMb: terms.services.transit.askPerMb,
      payAt: this.terms.payAt,
      dropAt: this.terms.dropAt,
      theirPayAt: terms.payAt,
      theirDropAt: terms.dropAt,
    });
  }

  /** The first counts of a connection: both ends come to the same totals. */
  takeCounts(counts: CountsMessage, step: Step): void {
    const { account, statements } = this.#options;
    const opening = this.#opening;
    if (this.#reconciled || opening === undefined) throw new WayleaveError('MESSAGE_UNEXPECTED');
    const moved = account.counts.reconcile(opening, counts, statements?.restored);
    const { consumed, provided } = moved;
    this.#reconciled = true;
    if (provided !== 0 || consumed !== 0) step.effects.push(news('writeOff', { provided, consumed }));
    statements?.opened(counts, moved, step);
  }
}

const NO_COUNTS = { provided: [], admitted: [], consumed: [] } as const;
