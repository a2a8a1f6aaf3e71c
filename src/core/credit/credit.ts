import type { NodeId } from '../node-id.ts';
import type { Units } from '../units.ts';
import { CreditPlaces } from './credit-places.ts';

/**
 * How much a neighbour may owe beyond a newcomer's credit (DESIGN §3). It grows with the net income kept from it: what it
 * paid for good, less what was paid to it, what it cost to serve it, and what was written off in its favour. Volume that
 * merely circulates keeps nothing, so it earns nothing; and all neighbours together never hold more than the whole
 * income kept, so nothing is gained by letting one key pay what another key collects.
 */

/** What the operator decided, in units at the present ask. */
export interface CreditRules {
  /** A newcomer's credit. */
  readonly newcomer: Units;
  /** The part of the net income kept that is given as credit, 0 … 100. */
  readonly sharePercent: number;
  /** By how much one neighbour's credit grows in a day, and in all. */
  readonly growPerDay: Units;
  readonly most: Units;
}

/** What stands in the books of one neighbour now. */
export interface CreditFacts {
  /** Its payments that became final. */
  readonly final: Units;
  /** Paid to it, payments under way included, and what is owed to it. */
  readonly paidOut: Units;
  /** Taken off what it owed when books were compared, since it had counted less. */
  readonly writtenOff: Units;
  /** Value of its packets that went on to others: what it pays for that is no income. */
  readonly passedOn?: Units;
}

/** What is remembered of one neighbour's credit. `store/` has the same fields in its record. */
export interface CreditState {
  /** Credit beyond a newcomer's, as offered in the terms. */
  readonly earned: Units;
  /** Income that no longer counts, since it was forfeited. Signed. */
  readonly base: number;
  /** What access cost that was sold on to it, and what cashing its cheques cost. */
  readonly cost: Units;
  readonly gas: Units;
  /** The newest day on which `earned` grew, counted from 1970, and by how much on it; an earlier day counts as that one. */
  readonly day: number;
  readonly grown: Units;
  /** The day on which it took a newcomer's place; 0: never. */
  readonly newcomerDay: number;
  /** No credit at all. */
  readonly barred: boolean;
}

/** One neighbour's facts, with the rules at the price it is offered. */
export interface CreditEntry {
  readonly id: NodeId;
  readonly facts: CreditFacts;
  readonly rules: CreditRules;
}

/** A change of what a neighbour is offered. */
export interface CreditChange {
  readonly id: NodeId;
  readonly earned: Units;
  readonly why: 'income' | 'spent' | 'restored' | 'barred';
}

/** When credit is looked at. */
export interface CreditMoment {
  readonly nowMs: number;
  /** Days of UTC since 1970. */
  readonly day: number;
}

/**
 * Every change of credit is a change of terms, so it comes in steps: up when the whole would grow by a quarter or by what
 * a day allows, and not within a minute of the last change; down at once, a fifth further than it must, so that the next small fall needs none.
 */
export const STEP_UP_PERCENT = 125;
export const STEP_DOWN_PERCENT = 80;
export const STEP_MS = 60_000;

/** Before anything is known of a neighbour. */
export const NO_CREDIT_YET: CreditState = {
  earned: 0,
  base: 0,
  cost: 0,
  gas: 0,
  day: 0,
  grown: 0,
  newcomerDay: 0,
  barred: false,
};

/** The credit of all neighbours of one node, and the places of newcomers. */
export class CreditBook {
  /** Who is new, and how many may be. */
  readonly places: CreditPlaces;
  readonly #states = new Map<NodeId, CreditState>();
  readonly #steppedMs = new Map<NodeId, number>();
  readonly #hasUplink: boolean;

  /** `hasUplink`: what service costs leaves through an uplink, not to a neighbour. */
  constructor(options: { readonly newcomersPerDay: number; readonly hasUplink: boolean }) {
    this.#hasUplink = options.hasUplink;
    this.places = new CreditPlaces(options.newcomersPerDay);
  }

  /** Puts back what a store remembered. */
  restore(id: NodeId, state: CreditState): void {
    this.#states.set(id, state);
    this.places.restore(id, state.newcomerDay);
  }

  stateOf(id: NodeId): CreditState {
    return { ...(this.#states.get(id) ?? NO_CREDIT_YET), newcomerDay: this.places.dayOf(id) };
  }

  earned(id: NodeId): Units {
    return this.#states.get(id)?.earned ?? 0;
  }

  /** Conduct ended its credit: nothing is sold to it any more. */
  barred(id: NodeId): boolean {
    return this.#states.get(id)?.barred === true;
  }

  /** What service sold to `id` cost, or what cashing its cheques did. */
  spent(id: NodeId, costs: { readonly cost?: Units; readonly gas?: Units }): void {
    const state = this.stateOf(id);
    this.#states.set(id, { ...state, cost: state.cost + (costs.cost ?? 0), gas: state.gas + (costs.gas ?? 0) });
  }

  /** Net income kept from `id` that counts: negative while it has cost more than it brought. */
  kept(id: NodeId, facts: CreditFacts): number {
    const { base, cost, gas } = this.stateOf(id);
    return facts.final - facts.paidOut - facts.writtenOff - (facts.passedOn ?? 0) - cost - gas - base;
  }

  /** It came back with a restored backup: it starts again from a newcomer's credit. */
  forfeit(id: NodeId, facts: CreditFacts): CreditChange {
    const state = this.stateOf(id);
    const base = state.base + Math.max(0, this.kept(id, facts));
    return this.#set(id, { ...state, base, earned: 0 }, 'restored');
  }

  /** It bounced, or signed what cannot be true. */
  bar(id: NodeId): CreditChange {
    return this.#set(id, { ...this.stateOf(id), earned: 0, barred: true }, 'barred');
  }

  /** Looks at everybody's income again. Returns what changed in what is offered. */
  renew(entries: readonly CreditEntry[], moment: CreditMoment): CreditChange[] {
    const wanted = entries.map((entry) => this.#wanted(entry, moment.day));
    const sum = wanted.reduce((all, units) => all + units, 0);
    const room = this.#room(entries);
    const changes: CreditChange[] = [];
    for (const [at, entry] of entries.entries()) {
      const own = wanted[at] as Units;
      const change = this.#step(entry, sum <= room ? own : shareOf(room, own, sum), moment);
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  /** What all earned credit together may come to: the income kept from everybody, own use paid for included. */
  #room(entries: readonly CreditEntry[]): Units {
    let sum = 0;
    for (const { id, facts } of entries) {
      const { cost, gas } = this.stateOf(id);
      sum += facts.final - facts.paidOut - gas - (this.#hasUplink ? cost : 0);
    }
    return Math.max(0, sum);
  }

  #wanted({ id, facts, rules }: CreditEntry, day: number): Units {
    const { barred, earned, day: grewOn, grown } = this.stateOf(id);
    if (barred) return 0;
    const share = Math.floor((Math.max(0, this.kept(id, facts)) / 100) * rules.sharePercent);
    const mayGrow = Math.max(0, rules.growPerDay - (day > grewOn ? 0 : grown));
    return Math.min(share, rules.most, earned + mayGrow);
  }

  #step({ id, rules }: CreditEntry, target: Units, { nowMs, day }: CreditMoment): CreditChange | undefined {
    const state = this.stateOf(id);
    const { earned } = state;
    if (target < earned) {
      this.#steppedMs.set(id, nowMs);
      return this.#set(id, { ...state, earned: Math.floor((target / 100) * STEP_DOWN_PERCENT) }, 'spent');
    }
    const lately = nowMs - (this.#steppedMs.get(id) ?? Number.NEGATIVE_INFINITY) < STEP_MS;
    const quarter = (rules.newcomer + target) * 100 >= (rules.newcomer + earned) * STEP_UP_PERCENT;
    const isStep = quarter || target - earned >= rules.growPerDay;
    if (target === earned || lately || !isStep) return undefined;
    this.#steppedMs.set(id, nowMs);
    // A clock that is set back over midnight begins no day anew.
    const grown = (day > state.day ? 0 : state.grown) + target - earned;
    return this.#set(id, { ...state, earned: target, day: Math.max(day, state.day), grown }, 'income');
  }

  #set(id: NodeId, state: CreditState, why: CreditChange['why']): CreditChange {
    this.#states.set(id, state);
    return { id, earned: state.earned, why };
  }
}

/** ⌊room × own ÷ sum⌋, exact for any safe integers. */
function shareOf(room: Units, own: Units, sum: Units): Units {
  return Number((BigInt(room) * BigInt(own)) / BigInt(sum));
}

/** payAt grows with dropAt, in the proportion the operator set for newcomers. */
export function payAtFor(newcomer: { readonly payAt: Units; readonly dropAt: Units }, dropAt: Units): Units {
  if (dropAt <= newcomer.dropAt || newcomer.dropAt === 0) return newcomer.payAt;
  return Number((BigInt(newcomer.payAt) * BigInt(dropAt)) / BigInt(newcomer.dropAt));
}
