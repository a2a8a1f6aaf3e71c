import { Column as columns, CONSUME as consume, PROVIDE as provide } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import { BrokenRule } from '../watch/broken-rule.ts';
import type { MassCounts } from './mass-counts.ts';
import type { MassEnd } from './mass-end.ts';

// Constants of its own, for speed (core/ledger/ledger.ts).
const [CONSUME, Column, PROVIDE] = [consume, columns, provide];

/** Of what a neighbour pays, so much is forgiven where connections break (core/ledger/write-offs.ts). */
const BREAKS_PERCENT = 2;

/** Of the charges of one end, one in so many is followed by a look at everything, also at what no charge may touch. */
const WHOLE_EVERY = 64;

/** What came nearest to its limit. */
export interface Nearest {
  readonly units: number;
  readonly limit: number;
}

/**
 * The rules of DESIGN §3, looked at after every step for the end it touched; against the other end where money moved. They
 * read the ledger's cells and compute by themselves; nothing here asks core whether core is right. A charge touches one
 * total, its remainder, the balance and a hold: after one these are looked at, against what really passed and what the last
 * look at everything found; anything odd, and every other event, brings another look at everything.
 */
export class MassLaws {
  readonly #counts: MassCounts;
  readonly #exposure = { units: 0, limit: 1 };
  readonly #risk = { units: 0, limit: 1 };

  constructor(counts: MassCounts) {
    this.#counts = counts;
  }

  /** The exposure, and the uncashed, that came nearest to dropAt and riskAt. */
  get exposure(): Nearest {
    return this.#exposure;
  }

  get risk(): Nearest {
    return this.#risk;
  }

  /** This end was charged for what it gave. Throws `BrokenRule`. */
  sold(end: MassEnd): void {
    const { given } = end.truth;
    const { ledger, row } = end.account;
    const exact = end.transit.providedRemainder === given.millionths;
    const booked = (ledger.providing[row * PROVIDE + Column.provided] as number) + end.truth.givenAside;
    if (exact && booked === given.units && this.#brief(end)) return;
    this.look(end);
  }

  /** What this end took was charged. Throws `BrokenRule`. */
  bought(end: MassEnd): void {
    const { taken } = end.truth;
    const { ledger, row } = end.account;
    const exact = end.transit.consumedRemainder === taken.millionths;
    const booked = (ledger.consuming[row * CONSUME + Column.consumed - PROVIDE] as number) + end.truth.takenAside;
    if (exact && booked === taken.units && this.#brief(end)) return;
    this.look(end);
  }

  /** The balance is what it must be, and neither it nor what is held comes near any limit. */
  #brief({ account, truth }: MassEnd): boolean {
    const cells = account.ledger.providing;
    const base = account.row * PROVIDE;
    const balance = cells[base + Column.balance] as number;
    const held = cells[base + Column.heldProvide] as number;
    const right = balance === truth.given.units - truth.taken.units + truth.settled && held >= 0;
    if (!right || balance + held > truth.room || truth.brief === 0) return false;
    truth.brief -= 1;
    truth.exposure = balance + held + truth.beside;
    nearer(this.#exposure, truth.exposure, truth.granted);
    this.#counts.looks += 1;
    return true;
  }

  /** Everything at one end. Throws `BrokenRule`. */
  look(end: MassEnd): void {
    this.#counts.looks += 1;
    const { truth } = end;
    const { ledger, row } = end.account;
    const provide = ledger.providing;
    const provided = three(provide, row * PROVIDE + Column.provided);
    const consumed = three(ledger.consuming, row * CONSUME + Column.consumed - PROVIDE);
    const paid = ledger.get(row, Column.paid);
    const received = ledger.get(row, Column.received);
    if (provided < truth.provided || consumed < truth.consumed || paid < truth.paid || received < truth.received)
      broken('totals-grow', end);
    const corrected = total(end.account, Column.providedCorrection);
    const given = provided + corrected;
    const taken = consumed + total(end.account, Column.consumedCorrection);
    if (given - taken + paid - received !== provide[row * PROVIDE + Column.balance]) broken('balance-is-totals', end);
    money(end, paid, received);
    agreement(end, given, taken);
    truth.provided = provided;
    truth.consumed = consumed;
    truth.paid = paid;
    truth.received = received;
    truth.givenAside = given - (provide[row * PROVIDE + Column.provided] as number);
    truth.takenAside = taken - (ledger.consuming[row * CONSUME + Column.consumed - PROVIDE] as number);
    truth.settled = paid - received;
    this.#bounds(end, corrected);
    truth.brief = truth.comparable ? WHOLE_EVERY - 1 : 0;
  }

  /** No admission raises the exposure past its limit, and no loss goes past dropAt and riskAt. */
  #bounds(end: MassEnd, corrected: number): void {
    const { truth } = end;
    const { ledger, row } = end.account;
    const [provide, consume] = [ledger.providing, ledger.consuming];
    const [from, at] = [row * PROVIDE, row * CONSUME - PROVIDE];
    const held = provide[from + Column.heldProvide] as number;
    const pending = consume[at + Column.pending] as number;
    const uncleared = consume[at + Column.uncleared] as number;
    if (held < 0 || pending < 0 || uncleared < 0 || (consume[at + Column.heldConsume] as number) < 0)
      broken('reservations', end);
    const owed = (provide[from] as number) + pending;
    const lost = ledger.get(row, Column.forgiven) + (consume[at + Column.assumed] as number);
    const exposure = owed + uncleared + held + lost;
    // A fraction, an overflow and no number at all are found here: each makes the sum no integer.
    if (!Number.isSafeInteger(exposure)) broken('integers', end);
    if (exposure > truth.granted && exposure > truth.exposure) broken('bounded-exposure', end);
    truth.exposure = exposure;
    nearer(this.#exposure, exposure, truth.granted);
    const { riskAt } = end.node;
    const uncashed = end.purse.uncashedUnits;
    if (uncashed - uncleared > riskAt) broken('bounded-risk', end);
    nearer(this.#risk, uncashed, riskAt);
    const beyond = owed + uncashed - Math.min(0, corrected) - truth.mostGranted - riskAt;
    if (beyond > 0 && beyond > forgivable(end)) broken('bounded-loss', end);
    const balance = owed - pending;
    truth.beside = exposure - balance - held;
    truth.room = Math.min(truth.granted - truth.beside, balance - beyond);
  }

  /** Once all is at rest: both ends of every link agree to the unit, and nothing is made or lost in between. */
  atRest(ends: readonly MassEnd[]): void {
    let balances = 0;
    let [paid, received] = [0, 0];
    for (const end of ends) {
      const { ledger, row } = end.account;
      this.look(end);
      const balance = ledger.get(row, Column.balance);
      if (!end.session.up || !end.truth.comparable || !agrees(end)) broken('books-converge', end);
      if (ledger.get(row, Column.pending) !== 0 || ledger.get(row, Column.heldProvide) !== 0)
        broken('books-converge', end);
      balances += balance;
      paid += ledger.get(row, Column.paid);
      received += ledger.get(row, Column.received);
    }
    if (balances !== 0) throw new BrokenRule('conservation', `all balances add up to ${balances}`);
    if (paid !== received) throw new BrokenRule('conservation', `${paid} was paid, ${received} received`);
  }
}

/** What breaks may cost beside: a part of what the other paid and kept, a fraction each time, and what has faded. */
function forgivable({ account: { ledger, row }, truth }: MassEnd): number {
  const kept = Math.max(0, truth.received - truth.paid);
  return Math.ceil((kept * BREAKS_PERCENT) / 100) + truth.connections + ledger.get(row, Column.faded);
}

function nearer(nearest: { units: number; limit: number }, units: number, limit: number): void {
  if (units * nearest.limit <= nearest.units * limit) return;
  nearest.units = units;
  nearest.limit = limit;
}

/** Money once: what is written is paid or pending, what is taken is received, and nobody has what was not written. */
function money(end: MassEnd, paid: number, received: number): void {
  const { ledger, row } = end.account;
  const { purse, truth } = end;
  if (purse.issuedUnits !== paid + ledger.get(row, Column.pending)) broken('paid-once', end);
  if (purse.creditedUnits !== received) broken('credited-once', end);
  if (received !== truth.received && received > end.other.purse.issuedUnits) broken('credited-once', end);
  if (paid !== truth.paid && paid > end.other.purse.creditedUnits) broken('paid-once', end);
}

/**
 * Each end has booked what left it and what arrived, to the millionth, at every moment; so both agree on all that is not
 * under way. Where books are compared after a break they must be equal, and go on from there.
 */
function agreement(end: MassEnd, given: number, taken: number): void {
  const { truth } = end;
  if (!truth.comparable) {
    if (!end.session.up || !end.other.session.up) return;
    if (!agrees(end)) broken('agreement', end);
    compared(end);
    compared(end.other);
  }
  const { consumedRemainder, providedRemainder } = end.transit;
  if (given !== truth.given.units || providedRemainder !== truth.given.millionths) broken('agreement', end);
  if (taken !== truth.taken.units || consumedRemainder !== truth.taken.millionths) broken('agreement', end);
}

function compared({ account, truth }: MassEnd): void {
  truth.comparable = true;
  truth.given.begin(account.net('provided', 0));
  truth.taken.begin(account.net('consumed', 0));
}

/** What each end says it gave is what the other says it took. */
function agrees({ account, other: { account: theirs } }: MassEnd): boolean {
  const given = account.net('provided', 0) === theirs.net('consumed', 0);
  return given && account.net('consumed', 0) === theirs.net('provided', 0);
}

function three(cells: Float64Array, at: number): number {
  return (cells[at] as number) + (cells[at + 1] as number) + (cells[at + 2] as number);
}

function total({ ledger, row }: LinkAccount, column: number): number {
  return ledger.get(row, column) + ledger.get(row, column + 1) + ledger.get(row, column + 2);
}

/** The rule, the end, and both ends' cells: what a person needs to see what happened. */
function broken(rule: string, end: MassEnd): never {
  throw new BrokenRule(rule, `${end.name}: ${cellsOf(end)}; the other end: ${cellsOf(end.other)}`);
}

/** All cells of an end, with what really happened there. */
export function cellsOf({ account, purse, session, truth }: MassEnd): string {
  const cells = Object.entries(Column).map(([name, offset]) => {
    const three = ['provided', 'consumed', 'providedCorrection', 'consumedCorrection'].includes(name);
    return `${name} ${three ? total(account, offset) : account.ledger.get(account.row, offset)}`;
  });
  const { creditedUnits, issuedUnits, uncashedUnits } = purse;
  const money = `written ${issuedUnits}, taken ${creditedUnits}, uncashed ${uncashedUnits}`;
  const really = `really given ${truth.given.units}, taken ${truth.taken.units}`;
  return `${cells.join(', ')}; ${money}; ${really}; ${session.up ? 'up' : 'not up'}`;
}
