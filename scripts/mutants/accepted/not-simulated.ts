import type { Accepted } from '../accepted.ts';
import { rowsOf } from './rows-of.ts';

const rows = rowsOf('simulation');

/** Unit tests notice these; a simulation cannot. */
export const NOT_SIMULATED: readonly Accepted[] = [
  { file: 'ratio', not: 'simulation', why: 'input' },
  { file: 'units', not: 'simulation', why: 'input' },
  { file: 'node-id', not: 'simulation', why: 'input' },
  { file: 'credit-lease', not: 'simulation', why: 'shared' },
  { file: 'delegation', not: 'simulation', why: 'shared' },
  ...rows(
    'cheque',
    ['CHEQUEBOOKS_TOO_MANY', 'bounded'],
    ['CHEQUE_BOUNCED', 'bounded'],
    ['last.neighbour !== undefined', 'bounded'],
    ['CHEQUE_DELEGATION_EXPIRED', 'shared'],
    ["standing === 'none'", 'shared'],
    ['if (share !== undefined) return', 'shared'],
    ["contract === 'absent'", 'told'],
    ["'AMOUNT_INVALID'", 'input'],
    ["'AMOUNT_OVERFLOW'", 'input'],
    ['if (returned === undefined', 'general'],
  ),
  ...rows('cashier', ["return no('nothing')", 'general']),
  // The treasury asks the same before it reads what the chequebook holds, and reads that often enough to know.
  ...rows('top-up', ['facts.freeWei >= facts.lowWaterWei', 'belt']),
  { file: 'reconcile', place: 'mayHaveUsed', not: 'simulation', why: 'bounded' },
  ...rows(
    'payments',
    ['#lanes.sort', 'told'],
    ['this.#owingSinceMs = undefined', 'general', 'Payments.pay'],
    ['this.demanded = false', 'general', 'Payments.pay'],
    ["method === 'barter'", 'belt'],
    ['this.#nextPayMs = ', 'when', 'Payments.retry'],
    ["news('received'", 'told'],
    ["kind: 'changed'", 'told'],
  ),
  // What was sent is forgotten with them, and only an answer to what was sent is heard.
  ...rows('payment-lane', ['this.#answers.length = 0', 'belt']),
  { file: 'terms', place: 'checkRanges', not: 'simulation', why: 'input' },
  ...rows('terms', ['theirs.epoch <= known.epoch', 'belt'], ["'TERMS_STALE'", 'belt']),
  ...rows(
    'channel-payment',
    ["if (typeof channel === 'string') return channel", 'general'],
    ['CHANNEL_FOREIGN_FACTORY', 'belt'],
    ['CHANNEL_WRONG_PARTIES', 'belt'],
  ),
  ...rows(
    'epoch-book',
    // Where nothing was announced, the first terms are.
    ['if (newest === undefined) return', 'belt', 'MyEpochs.hold'],
    ['terms.epoch === newest.epoch && sameTerms', 'input', 'MyEpochs.announce'],
    ['terms.epoch <= newest.epoch', 'input', 'MyEpochs.announce'],
    ["'TERMS_STALE'", 'belt'],
    ["'TERMS_UNACKNOWLEDGED'", 'belt'],
  ),
  ...rows(
    'ledger',
    ['amount(value, column)', 'input'],
    ['if (!limits.includes(offset) && ', 'input'],
    ['restore into a used row', 'input'],
    ['Math.floor(units) === units', 'input'],
    ["'AMOUNT_INVALID'", 'input'],
    ["'AMOUNT_OVERFLOW'", 'input'],
    ['commit above the hold', 'belt', 'Ledger.commitPart'],
    ['more clears than was paid', 'belt'],
    ['more faded than was left', 'belt'],
  ),
  ...rows(
    'hold-table',
    ['this.#grow()', 'room'],
    ["'HOLDS_EXHAUSTED'", 'room'],
    ['larger.set(old)', 'room'],
    ['= copy(new ', 'room'],
    ["'HOLD_UNKNOWN'", 'input'],
  ),
  ...rows(
    'allotment',
    ["'PRICE_INVALID'", 'input'],
    ["'AMOUNT_INVALID'", 'input'],
    // `TimeSeller.sell` sells one more than it has sold.
    ['if (fresh === 0) return 0', 'belt', 'AllotmentSeller.sell'],
  ),
  // `LinkAccount.allow` asks only from there on.
  ...rows('pace', ['if (debt < from) return range.full', 'belt']),
  ...rows('credit', ['dropAt <= newcomer.dropAt', 'general']),
  ...rows(
    'credit-places',
    ['if (day === 0) return', 'general'],
    ['if (this.#days.has(id)) return true', 'belt'],
    ['if (day === undefined) return', 'belt'],
  ),
  ...rows(
    'session',
    ["kind: 'changed'", 'told'],
    ["if (this.#phase === 'down') return", 'belt'],
    ["code === 'INVARIANT_BROKEN') throw error", 'belt'],
  ),
  ...rows('greeting', ['effects.push(this.#termsNews', 'told']),
  ...rows('link-account', ['this.changed()', 'told'], ['this.#watchers.add(changed)', 'told'], ['watcher()', 'told']),
  // The first step on the next connection works it out anew, also where somebody has asked by then.
  ...rows('time-meter', ['this.#refused = false', 'general', 'TimeBuyer.forget']),
  // Marks go on being numbered from one connection to the next.
  ...rows('statement-cuts', ['this.#answered = 0', 'general']),
  ...rows('statements', ['if (!this.#account.settling) return', 'told', 'Statements.#settled']),
  ...rows('service-account', ['this.#account.moved()', 'told']),
  ...rows(
    'bargain',
    ['!Number.isSafeInteger(', 'input'],
    ["'AMOUNT_INVALID'", 'input'],
    // For programs that ask what a price earns: no node does.
    ['if (costPerMb === 0)', 'operator'],
  ),
  ...rows('next-charge', ['this.#changes = changes', 'general']),
];
