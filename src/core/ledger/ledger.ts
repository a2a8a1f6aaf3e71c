import { WayleaveError } from '../errors.ts';
import { SERVICES } from '../service.ts';
import { amount, type Units } from '../units.ts';
import { COLD as cold, Column as columns, CONSUME as consume, PROVIDE as provide } from './columns.ts';
import { doubled } from './doubled.ts';
import { type HoldResult, HoldTable, Refusal } from './hold-table.ts';
import { FORGIVEN_PERCENT, standing } from './write-offs.ts';

/**
 * The link accounts of one node: columns, not objects. A link is a row number into one typed array, so that five links
 * and ten million run the same code at the cost of a few cache lines. Positive balance: the neighbour owes me (DESIGN §1).
 */
export type LinkRow = number;

// V8 knows the constants a module keeps to itself; those it exports or imports are looked up at each use, a fifth of a charge.
const [Column, PROVIDE, CONSUME, COLD] = [columns, provide, consume, cold];

const HOT = PROVIDE + CONSUME;
const MAX = Number.MAX_SAFE_INTEGER;

/** A limit no exposure fits into: the link was stopped because a rule of its books does not hold. */
const HALTED = -1;

/** The accounts of all links of one node. Amounts are whole units; overflow and broken rules are errors, never roundings. */
export class Ledger {
  #provide: Float64Array;
  #consume: Float64Array;
  #cold: Float64Array;
  #rows = 0;
  readonly #holds = new HoldTable();
  /** Told of each payment of mine, once it is booked. */
  settled: (row: LinkRow) => void = () => undefined;

  /** Room for `capacity` links at first; it grows by doubling. */
  constructor(capacity = 16) {
    this.#provide = new Float64Array(Math.max(1, capacity) * PROVIDE);
    this.#consume = new Float64Array(Math.max(1, capacity) * CONSUME);
    this.#cold = new Float64Array(Math.max(1, capacity) * COLD);
  }

  /** Adds a link with an empty account, no credit either way and no lease. */
  addLink(): LinkRow {
    if ((this.#rows + 1) * PROVIDE > this.#provide.length) {
      this.#provide = doubled(this.#provide);
      this.#consume = doubled(this.#consume);
      this.#cold = doubled(this.#cold);
    }
    return this.#rows++;
  }

  get links(): number {
    return this.#rows;
  }

  /** One cell. `offset` is a `Column`, plus the service column for the four per-service totals. */
  get(row: LinkRow, offset: number): number {
    if (offset < PROVIDE) return this.#provide[row * PROVIDE + offset] as number;
    if (offset < HOT) return this.#consume[row * CONSUME + offset - PROVIDE] as number;
    return this.#cold[row * COLD + offset - HOT] as number;
  }

  /** The cells that providing touches, and consuming, for who reads several for each packet. Not to be written. */
  get providing(): Float64Array {
    return this.#provide;
  }

  get consuming(): Float64Array {
    return this.#consume;
  }

  #set(row: LinkRow, offset: number, value: number): void {
    if (offset < PROVIDE) this.#provide[row * PROVIDE + offset] = value;
    else if (offset < HOT) this.#consume[row * CONSUME + offset - PROVIDE] = value;
    else this.#cold[row * COLD + offset - HOT] = value;
  }

  /** Sets a limit, lease or assumption (never a total). Throws `AMOUNT_INVALID`. */
  setLimit(row: LinkRow, column: 'dropAt' | 'peerDropAt' | 'leaseLeft' | 'assumed', value: Units): void {
    if (column !== 'leaseLeft') amount(value, column);
    if (this.get(row, Column[column]) !== HALTED || column === 'leaseLeft') this.#set(row, Column[column], value);
    if (column === 'dropAt' || column === 'assumed') this.#set(row, Column.ceiling, this.#derivedCeiling(row));
  }

  /** Puts back totals read from the store; only on a row nothing has happened on. Throws `INVARIANT_BROKEN`. */
  restore(row: LinkRow, totals: readonly (readonly [offset: number, value: number])[]): void {
    const limits: readonly number[] = [Column.dropAt, Column.peerDropAt, Column.ceiling];
    for (let offset = 0; offset < HOT + COLD; offset += 1)
      if (!limits.includes(offset) && this.get(row, offset) !== 0)
        throw new WayleaveError('INVARIANT_BROKEN', { rule: 'restore into a used row', row });
    for (const [offset, value] of totals) this.#set(row, offset, value);
    this.#weighWriteOffs(row);
    this.#set(row, Column.balance, this.derivedBalance(row));
  }

  /**
   * Reserves `units` that I am about to provide. Refused, before anything is served, when
   * debt + pending + uncleared + forgiven + holds + assumed + units > dropAt, when the lease is used up, or when the link was halted.
   */
  holdProvide(row: LinkRow, units: Units): HoldResult {
    const cells = this.#provide;
    const base = row * PROVIDE;
    const held = (cells[base + Column.heldProvide] as number) + units;
    if ((cells[base] as number) + held > (cells[base + Column.ceiling] as number))
      return this.halted(row) ? Refusal.halted : Refusal.limit;
    if (!this.#lease(base, units, held)) return Refusal.lease;
    cells[base + Column.heldProvide] = held;
    return this.#holds.take(row, units, 0);
  }

  /** Reserves `units` that I am about to use: refused when my debt with holds would pass the limit granted to me. */
  holdConsume(row: LinkRow, units: Units): HoldResult {
    const cells = this.#consume;
    const base = row * CONSUME - PROVIDE;
    const held = (cells[base + Column.heldConsume] as number) + units;
    const owed = (cells[base + Column.assumed] as number) - (this.#provide[row * PROVIDE] as number) + held;
    if (owed > (cells[base + Column.peerDropAt] as number)) return this.halted(row) ? Refusal.halted : Refusal.limit;
    if (!this.#lease(row * PROVIDE, units, held)) return Refusal.lease;
    cells[base + Column.heldConsume] = held;
    return this.#holds.take(row, units, 1);
  }

  /** Takes `units` of the lease, if it has as many. `held`: what would be reserved with them. */
  #lease(base: number, units: Units, held: Units): boolean {
    if (!(units >= 0 && held <= MAX && Math.floor(units) === units))
      throw new WayleaveError('AMOUNT_INVALID', { units });
    const left = (this.#provide[base + Column.leaseLeft] as number) - units;
    if (left < 0) return false;
    this.#provide[base + Column.leaseLeft] = left;
    return true;
  }

  /** True once a rule of this link's books did not hold. Only a restart with repaired books ends it. */
  halted(row: LinkRow): boolean {
    return this.get(row, Column.dropAt) === HALTED;
  }

  /** Ends a hold: `units` ≤ what was held are charged to the service's total. Throws `HOLD_UNKNOWN`. */
  commit(handle: number, service: number, units: Units): void {
    const slot = this.#holds.end(handle);
    const held = this.#holds.units(slot);
    const side = this.#holds.side(slot);
    const row = this.#holds.row(slot);
    if (!(units >= 0 && units <= held)) this.#halt(row, 'commit above the hold');
    this.#unhold(row, side, held, held - units);
    this.#charge(row, side, service, units);
  }

  /** Takes back a reservation, and gives back to the lease what was not charged. */
  #unhold(row: LinkRow, side: 0 | 1, held: Units, unused: Units): void {
    const cells = side === 0 ? this.#provide : this.#consume;
    const column = side === 0 ? row * PROVIDE + Column.heldProvide : row * CONSUME + Column.heldConsume - PROVIDE;
    cells[column] = (cells[column] as number) - held;
    const lease = row * PROVIDE + Column.leaseLeft;
    this.#provide[lease] = (this.#provide[lease] as number) + unused;
  }

  /** Charges part of a hold for providing. The rest stays reserved, whatever a limit is now. Throws `HOLD_UNKNOWN`. */
  commitPart(handle: number, service: number, units: Units): void {
    const slot = this.#holds.find(handle);
    const held = this.#holds.units(slot);
    const row = this.#holds.row(slot);
    if (!(units >= 0 && units <= held)) this.#halt(row, 'commit above the hold');
    this.#holds.setUnits(slot, held - units);
    const reserved = row * PROVIDE + Column.heldProvide;
    this.#provide[reserved] = (this.#provide[reserved] as number) - units;
    this.#charge(row, 0, service, units);
  }

  /** Ends a hold without a charge. Throws `HOLD_UNKNOWN`. */
  release(handle: number): void {
    const slot = this.#holds.end(handle);
    const held = this.#holds.units(slot);
    this.#unhold(this.#holds.row(slot), this.#holds.side(slot), held, held);
  }

  /** Books what was served under a grant given earlier, even where a lowered limit no longer has room for it. */
  provided(row: LinkRow, service: number, units: Units): void {
    this.#unhold(row, 0, 0, -amount(units));
    this.#charge(row, 0, service, units);
  }

  /** Books what the neighbour has already delivered: it cannot be refused any more. May use the lease up below zero. */
  consumed(row: LinkRow, service: number, units: Units): void {
    this.#unhold(row, 1, 0, -amount(units));
    this.#charge(row, 1, service, units);
  }

  #charge(row: LinkRow, side: 0 | 1, service: number, units: Units): void {
    const cells = side === 0 ? this.#provide : this.#consume;
    const first = side === 0 ? row * PROVIDE + Column.provided : row * CONSUME + Column.consumed - PROVIDE;
    const sum = (cells[first + service] as number) + units;
    const balance = (this.#provide[row * PROVIDE] as number) + (side === 0 ? units : -units);
    if (sum > MAX || balance > MAX || balance < -MAX) throw new WayleaveError('AMOUNT_OVERFLOW', { sum, balance });
    cells[first + service] = sum;
    this.#provide[row * PROVIDE] = balance;
  }

  /** A payment of mine was written (before it leaves): it is pending until `paid` or `unpaid`. */
  paying(row: LinkRow, units: Units): void {
    this.#add(row, Column.pending, amount(units));
    this.#weighWriteOffs(row);
    this.settled(row);
  }

  /** The neighbour acknowledged `units` of what was pending. */
  paid(row: LinkRow, units: Units): void {
    this.unpaid(row, units);
    this.#add(row, Column.paid, units);
    this.#add(row, Column.balance, units);
    this.#weighWriteOffs(row);
  }

  /** A pending payment is void (superseded or refused): the debt stands. */
  unpaid(row: LinkRow, units: Units): void {
    if (amount(units) > this.get(row, Column.pending)) this.#halt(row, 'more ended than was pending');
    this.#add(row, Column.pending, -units);
    this.#weighWriteOffs(row);
  }

  /** The neighbour paid `units`, of which `clearing` reduce its exposure now; the rest waits until it is final. */
  received(row: LinkRow, units: Units, clearing: Units): void {
    if (amount(clearing) > amount(units)) this.#halt(row, 'more clears than was paid');
    this.#add(row, Column.received, units);
    this.#add(row, Column.balance, -units);
    this.#add(row, Column.uncleared, units - clearing);
    this.#weighWriteOffs(row);
  }

  /** `units` of uncleared payments became final. */
  cleared(row: LinkRow, units: Units): void {
    if (amount(units) > this.get(row, Column.uncleared)) this.#halt(row, 'more cleared than was uncleared');
    this.#add(row, Column.uncleared, -units);
    this.#set(row, Column.ceiling, this.#derivedCeiling(row));
  }

  /**
   * The chain took `units` back that had been received: they clear nothing until they are final after all. At another
   * ratio than they were credited at they may be worth more than all that was received, which breaks no rule (DESIGN §3).
   */
  undone(row: LinkRow, units: Units): void {
    const room = Math.max(0, this.get(row, Column.received) - this.get(row, Column.uncleared));
    this.#add(row, Column.uncleared, Math.min(amount(units), room));
    this.#set(row, Column.ceiling, this.#derivedCeiling(row));
  }

  /** Reconciliation: moves a visible, signed correction of one gross total (DESIGN §3, write-off). */
  correct(row: LinkRow, side: 'provided' | 'consumed', service: number, units: number): void {
    if (!Number.isSafeInteger(units)) throw new WayleaveError('AMOUNT_INVALID', { units });
    this.#add(row, Column[`${side}Correction`] + service, units);
    this.#add(row, Column.balance, side === 'provided' ? units : -units);
    this.#weighWriteOffs(row);
  }

  /** Time passed: `units` of what was written off stand against the neighbour no more. */
  fade(row: LinkRow, units: Units): void {
    if (amount(units) > this.get(row, Column.forgiven)) this.#halt(row, 'more faded than was left');
    this.#add(row, Column.faded, units);
    this.#weighWriteOffs(row);
  }

  /** In the neighbour's favour. */
  #writtenOff(row: LinkRow): number {
    return 0 - this.#sum(row, Column.providedCorrection);
  }

  #weighWriteOffs(row: LinkRow): void {
    const written = this.#writtenOff(row);
    const kept = this.get(row, Column.received) - this.get(row, Column.paid) - this.get(row, Column.pending);
    this.#set(row, Column.forgiven, standing({ written, kept, faded: this.get(row, Column.faded) }));
    this.#set(row, Column.ceiling, this.#derivedCeiling(row));
  }

  #derivedCeiling(row: LinkRow): number {
    return this.halted(row) ? Number.NEGATIVE_INFINITY : this.get(row, Column.dropAt) - this.#beside(row);
  }

  #beside(row: LinkRow): Units {
    const lost = this.get(row, Column.forgiven) + this.get(row, Column.assumed);
    return this.get(row, Column.pending) + this.get(row, Column.uncleared) + lost;
  }

  #add(row: LinkRow, offset: number, units: number): void {
    const sum = this.get(row, offset) + units;
    if (!Number.isSafeInteger(sum)) throw new WayleaveError('AMOUNT_OVERFLOW', { sum });
    this.#set(row, offset, sum);
  }

  /**
   * The neighbour's debt with what is pending, uncleared, forgiven and assumed: what I would lose now and have lost, holds
   * aside. Negative: prepaid. A payment that left counts as paid here: what it settles is not lent a second time.
   */
  debtOf(row: LinkRow): Units {
    return (this.#provide[row * PROVIDE] as number) + this.#beside(row);
  }

  /** What may still be added to debt and holds; below zero where they stand above the limit. */
  #roomBelowLimit(row: LinkRow): number {
    const base = row * PROVIDE;
    const used = (this.#provide[base] as number) + (this.#provide[base + Column.heldProvide] as number);
    return (this.#provide[base + Column.ceiling] as number) - used;
  }

  /** How much more could be held for providing now, `instead` of so much that is held already; 0 when choked or halted. */
  roomToProvide(row: LinkRow, instead: Units = 0): Units {
    return Math.max(0, Math.min(this.#roomBelowLimit(row), this.get(row, Column.leaseLeft)) + instead);
  }

  /** How much more could be held for consuming now. */
  roomToConsume(row: LinkRow): Units {
    const at = row * CONSUME - PROVIDE;
    const held = (this.#consume[at + Column.assumed] as number) + (this.#consume[at + Column.heldConsume] as number);
    const room = (this.#consume[at + Column.peerDropAt] as number) + (this.#provide[row * PROVIDE] as number) - held;
    return Math.max(0, Math.min(room, this.get(row, Column.leaseLeft)));
  }

  /**
   * My debt that is neither paid nor being paid, as far as paying it leaves my exposure inside the limit: what I am just
   * providing was let through because I still owed. ≥ 0.
   */
  unpaidDebt(row: LinkRow): Units {
    const debt = -this.get(row, Column.balance) - this.get(row, Column.pending);
    return Math.max(0, Math.min(debt, this.payableWithin(row, this.#roomBelowLimit(row))));
  }

  /** The most that I may pay where my exposure may grow by `room`: a payment takes back some of what the neighbour's own made good. */
  payableWithin(row: LinkRow, room: number): number {
    return this.#writtenOff(row) <= 0 ? room : Math.floor((room * 100) / (100 + FORGIVEN_PERCENT));
  }

  /** Signed sum of all corrections, from my side: balance = (totals) + writeOff. */
  writeOff(row: LinkRow): number {
    return this.#sum(row, Column.providedCorrection) - this.#sum(row, Column.consumedCorrection);
  }

  #sum(row: LinkRow, column: number): number {
    let sum = 0;
    for (let s = 0; s < SERVICES.length; s += 1) sum += this.get(row, column + s);
    return sum;
  }

  /** The balance computed again from the gross totals. */
  derivedBalance(row: LinkRow): number {
    const traded = this.#sum(row, Column.provided) - this.#sum(row, Column.consumed);
    return traded + this.get(row, Column.paid) - this.get(row, Column.received) + this.writeOff(row);
  }

  /** Checks the row's own invariants; throws `INVARIANT_BROKEN` and halts the link if one does not hold. */
  audit(row: LinkRow): void {
    if (this.derivedBalance(row) !== this.get(row, Column.balance)) this.#halt(row, 'balance is not its totals');
    if (this.#derivedCeiling(row) !== this.get(row, Column.ceiling)) this.#halt(row, 'the ceiling is not the limit');
    for (const column of [Column.heldProvide, Column.heldConsume, Column.pending, Column.uncleared])
      if (this.get(row, column) < 0) this.#halt(row, 'a reservation is negative');
  }

  /** Live holds over all links. */
  get holds(): number {
    return this.#holds.live;
  }

  #halt(row: LinkRow, rule: string): never {
    for (const limit of [Column.dropAt, Column.peerDropAt]) this.#set(row, limit, HALTED);
    this.#set(row, Column.ceiling, Number.NEGATIVE_INFINITY);
    throw new WayleaveError('INVARIANT_BROKEN', { rule, row });
  }
}
