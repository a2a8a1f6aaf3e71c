import type { ErrorCode } from '../errors.ts';

/** What is done about a neighbour's fault. `cut` ends the connection; the session decides whether it may come back. */
export type Action = 'ignore' | 'warn' | 'throttle' | 'cut';

/** The answer to one fault. */
export interface Verdict {
  readonly action: Action;
  /** One line for logs and screens. */
  readonly because: string;
}

/** Warnings that slow a neighbour down, and that cut it: honest faults come alone, floods do not. */
export const WARNINGS_TO_THROTTLE = 5;
export const WARNINGS_TO_CUT = 20;

/** One warning is forgotten each minute. */
export const WARNING_DECAY_MS = 60_000;

/**
 * The one place where a neighbour's fault becomes a verdict. What is not here is our own trouble or ordinary business
 * (a refused stream, an unpaid debt, which chokes and heals by itself) and is ignored.
 */
export const VERDICTS: Partial<Readonly<Record<ErrorCode, Verdict>>> = {
  AMOUNT_INVALID: { action: 'cut', because: 'sent an amount that no honest node can compute' },
  AMOUNT_OVERFLOW: { action: 'cut', because: 'sent an amount beyond exact integers' },
  PRICE_INVALID: { action: 'cut', because: 'sent a price out of range' },
  MESSAGE_UNEXPECTED: { action: 'cut', because: 'sent a message out of its turn' },
  WIRE_MALFORMED: { action: 'cut', because: 'sent a message that cannot be read' },
  PAYMENT_FLOOD: { action: 'cut', because: 'sends payments faster than it may' },
  ONE_WAY_CREDITOR: { action: 'cut', because: 'cannot pay, and has us mostly as its creditor' },
  LINK_FRAME_INVALID: { action: 'cut', because: 'broke the rules of framing' },
  LINK_FLOODED: { action: 'cut', because: 'sent more than it was allowed to' },
  ALLOTMENT_AHEAD: { action: 'warn', because: 'bought more allotments ahead than are sold' },
  EPOCH_STALE: { action: 'warn', because: 'still uses terms that are no longer in force' },
  EPOCH_UNKNOWN: { action: 'cut', because: 'named terms that were never sent' },
  SERVICE_NOT_OFFERED: { action: 'warn', because: 'asked for a service that is not offered' },
  ROUTE_ABSURD: { action: 'warn', because: 'announced a route with absurd values' },
  ROUTES_EXHAUSTED: { action: 'ignore', because: 'announced more destinations than are taken, perhaps of others' },
  PACKET_RETURN_FALSE: { action: 'cut', because: 'returned a packet it was never sent' },
  STATEMENT_INVALID: { action: 'cut', because: 'sent a statement about something else' },
  STATEMENT_FORGED: { action: 'cut', because: 'sent a statement with a false signature' },
  STATEMENT_STALE: { action: 'warn', because: 'sent an old statement' },
  STATEMENT_CONTRADICTS: { action: 'cut', because: 'signed two statements that cannot both be true' },
  STATEMENT_UNDERCOUNTS: { action: 'throttle', because: 'states less than it got' },
  STATEMENT_OVERCOUNTS: { action: 'throttle', because: 'states more than it gave' },
  STATEMENT_PAYMENTS: { action: 'warn', because: 'states other payments than were made' },
  STATEMENT_DENIED: { action: 'throttle', because: 'denies what it had signed for' },
  COUNTS_INFLATED: { action: 'warn', because: 'claims that we admitted more than we did' },
  STATEMENT_REPEATED: { action: 'cut', because: 'stated wrong totals again and again' },
  STATEMENT_LATE: { action: 'warn', because: 'trades and makes no statements' },
  STATEMENT_FLOOD: { action: 'cut', because: 'sends statements faster than it may' },
  TERMS_WRONG_VERSION: { action: 'ignore', because: 'speaks another version; no business is possible' },
  TERMS_WRONG_CHAIN: { action: 'ignore', because: 'settles on another chain; no business is possible' },
  TERMS_WRONG_TOKEN: { action: 'ignore', because: 'settles in another token; no business is possible' },
  TERMS_ABSURD: { action: 'warn', because: 'sent terms out of range' },
  TERMS_PAYAT_ABOVE_DROPAT: { action: 'warn', because: 'sent thresholds that cannot work' },
  TERMS_STALE: { action: 'warn', because: 'sent old terms again' },
  TERMS_NO_METHOD: { action: 'ignore', because: 'knows no way to pay that we know' },
  TERMS_TRANSFER_TOO_SLOW: { action: 'ignore', because: 'pays too slowly for the credit given' },
  CHANNEL_UNVERIFIED: { action: 'ignore', because: 'its channel could not be looked up yet' },
  CHANNEL_NO_CONTRACT: { action: 'warn', because: 'pays in a channel that does not exist' },
  CHANNEL_FOREIGN_FACTORY: { action: 'warn', because: 'pays in a channel of a contract we do not know' },
  CHANNEL_WRONG_PARTIES: { action: 'warn', because: 'pays in a channel between others' },
  CHANNEL_FREEZE_SHORT: { action: 'warn', because: 'pays in a channel that leaves no time to answer' },
  CHANNEL_NOT_FOR_ME: { action: 'warn', because: 'sent a payment made out to someone else' },
  CHANNEL_STALE: { action: 'cut', because: 'sent a payment that pays nothing more than an earlier one' },
  CHANNEL_ABSURD: { action: 'cut', because: 'sent a payment over an impossible amount' },
  CHANNEL_TOO_SMALL: { action: 'warn', because: 'sent a payment below the minimum' },
  CHANNEL_NOT_COVERED: { action: 'warn', because: 'pays more in a channel than it has there' },
  CHANNEL_FORGED: { action: 'cut', because: 'sent a payment with a false signature' },
  CHANNEL_CLOSED_BEHIND: { action: 'cut', because: 'closed a channel with an old total' },
  CHEQUE_NOT_FOR_ME: { action: 'warn', because: 'sent a cheque made out to someone else' },
  CHEQUE_WRONG_CHEQUEBOOK: { action: 'warn', because: 'sent a cheque from a chequebook it did not announce' },
  CHEQUE_UNVERIFIED: { action: 'ignore', because: 'its chequebook could not be looked up yet' },
  CHEQUE_NO_CONTRACT: { action: 'warn', because: 'sent a cheque from a chequebook that does not exist' },
  CHEQUE_FOREIGN_FACTORY: { action: 'warn', because: 'sent a cheque from a contract we do not know' },
  CHEQUE_STALE: { action: 'cut', because: 'sent a cheque that pays nothing more than an earlier one' },
  CHEQUE_ABSURD: { action: 'cut', because: 'sent a cheque over an impossible amount' },
  CHEQUEBOOKS_TOO_MANY: { action: 'warn', because: 'owes from too many chequebooks at once' },
  CHEQUE_TOO_SMALL: { action: 'warn', because: 'sent a cheque below the minimum' },
  CHEQUE_WRONG_ISSUER: { action: 'cut', because: 'sent a cheque that another node would have to sign' },
  CHEQUE_DELEGATION_EXPIRED: { action: 'warn', because: 'pays from a chequebook by a delegation that is over' },
  CHEQUE_FORGED: { action: 'cut', because: 'sent a cheque with a false signature' },
  CHEQUE_DOUBTED: { action: 'ignore', because: 'its chequebook may have bounced' },
  CHEQUE_BOUNCED: { action: 'cut', because: 'its chequebook has bounced' },
};

const OWN_TROUBLE: Verdict = { action: 'ignore', because: 'not a fault of the neighbour' };

/** The verdict on a single fault. */
export function verdictOn(code: ErrorCode): Verdict {
  return VERDICTS[code] ?? OWN_TROUBLE;
}

/** A neighbour's record: warnings add up, fade with time, and escalate. One number of memory. */
export class Conduct {
  #warnings = 0;
  #countedMs = Number.NEGATIVE_INFINITY;

  /** Records a fault and says what to do now. */
  fault(code: ErrorCode, nowMs: number): Verdict {
    const verdict = verdictOn(code);
    if (verdict.action !== 'warn') return verdict;
    this.#decay(nowMs);
    this.#warnings = Math.min(WARNINGS_TO_CUT, this.#warnings + 1);
    if (this.#warnings >= WARNINGS_TO_CUT) return { action: 'cut', because: `again and again ${verdict.because}` };
    if (this.#warnings >= WARNINGS_TO_THROTTLE) return { action: 'throttle', because: `repeatedly ${verdict.because}` };
    return verdict;
  }

  #decay(nowMs: number): void {
    if (this.#warnings === 0) this.#countedMs = nowMs;
    const faded = Math.floor((nowMs - this.#countedMs) / WARNING_DECAY_MS);
    if (faded <= 0) return;
    this.#warnings = Math.max(0, this.#warnings - faded);
    this.#countedMs += faded * WARNING_DECAY_MS;
  }
}
