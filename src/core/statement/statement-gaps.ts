import type { RepricedAllowance } from '../terms/repriced-allowance.ts';
import type { Units } from '../units.ts';
import { type CutTotals, type Gap, gapsBetween, type Statement } from './statement.ts';

/** A gap that was found or grew, and where it comes from. */
export interface FoundGap {
  readonly service: Gap['service'] | 'none';
  readonly side: Gap['side'] | 'payments';
  /** By how much it grew since the last statement, and what it comes to now. */
  readonly units: Units;
  readonly total: Units;
  /** `metering`: bytes were counted apart. `pricing`: the same bytes were charged apart. `payments`: settlements were. */
  readonly cause: 'metering' | 'pricing' | 'payments';
}

/** My side of a comparison. */
export interface MyCut {
  readonly totals: CutTotals;
  /** My payments that were acknowledged before its mark came: it has taken at least these. */
  readonly paid: Units;
  /** What I have taken from it: it cannot have been told of more. */
  readonly received: Units;
  /** By how much two honest ends may round payments apart. */
  readonly slack: Units;
}

/** What an honest neighbour's book holds: the same nothing for all of them, since links are many and gaps are rare. */
const NONE: ReadonlyMap<string, Units> = new Map();

function keyOf({ service, side }: Pick<FoundGap, 'service' | 'side'>): string {
  return `${side} ${service}`;
}

/** Remembers how far apart the two ends are, so that only what is new is held against the neighbour. */
export class GapBook {
  /** Wrong statements so far. One that agrees wipes nothing out: who lies now and then still lies. */
  strikes = 0;
  readonly #repriced: RepricedAllowance;
  #totals = NONE;
  #bytes: Map<string, number> | undefined;
  #apart = false;
  #first = true;

  constructor(repriced: RepricedAllowance) {
    this.#repriced = repriced;
  }

  /** A new connection: both ends' units start alike. `apart`: not so, one was restored, and the first statement says by how much. */
  opened(apart: boolean): void {
    this.#totals = NONE;
    this.#apart = apart;
    this.#first = true;
  }

  /** Units apart now, over all services. */
  get open(): Units {
    let sum = 0;
    for (const units of this.#totals.values()) sum += units;
    return sum;
  }

  /** The gaps that are new with this statement. */
  compare(theirs: Statement, mine: MyCut): FoundGap[] {
    const gaps: Omit<FoundGap, 'units'>[] = gapsBetween(mine.totals, theirs).map((gap) => this.#explained(gap));
    const payments = paymentGap(theirs, mine);
    if (payments > 0) gaps.push({ service: 'none', side: 'payments', total: payments, cause: 'payments' });
    const totals = new Map(gaps.map((gap) => [keyOf(gap), gap.total]));
    const found: FoundGap[] = [];
    for (const gap of gaps) {
      const key = keyOf(gap);
      const units = this.#repriced.forgive(key, gap.total - (this.#totals.get(key) ?? 0));
      // Payments are not reconciled with a new connection: the first statement says where they stand.
      if (units > 0 && !this.#apart && !(this.#first && gap.side === 'payments')) found.push({ ...gap, units });
    }
    this.#totals = totals.size === 0 ? NONE : totals;
    this.#apart = false;
    this.#first = false;
    return found;
  }

  /** Bytes are never reconciled, so what was lost with earlier connections stays between the two ends' counts. */
  #explained({ service, side, units, bytes }: Gap): Omit<FoundGap, 'units'> {
    const key = keyOf({ side, service });
    this.#bytes ??= new Map();
    const before = this.#bytes.get(key) ?? 0;
    this.#bytes.set(key, bytes);
    return { service, side, total: units, cause: bytes > before ? 'metering' : 'pricing' };
  }
}

/** What it states to have taken less than it acknowledged, or to have paid more than it did. */
function paymentGap(theirs: Statement, mine: MyCut): Units {
  const forgotten = mine.paid - theirs.received - mine.slack;
  const invented = theirs.paid - mine.received - mine.slack;
  return Math.max(0, forgotten, invented);
}
