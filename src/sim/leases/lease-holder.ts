import { adviseDraw, type CreditLease, drawsAhead, leftWei, NO_LEASE } from '../../core/settlement/credit-lease.ts';
import type { CreditServer, Order, Seat } from './credit-server.ts';

/** What a process needs around it. */
export interface HolderPlace {
  readonly server: CreditServer;
  /** The clock of the server. */
  readonly nowMs: () => number;
  /** The answer to what was just asked gets lost on the way. */
  readonly lost: () => boolean;
  /** A cheque leaves for its beneficiary. */
  readonly left: (order: Order) => void;
  readonly count: (what: string) => void;
}

/**
 * One process of a node that pays from the shared chequebook, as `store/postgres-credit-book.ts` does it. Between two steps
 * of what it does anything may happen: others go on, it is killed, it stands still for an hour.
 */
export class LeaseHolder {
  readonly seat: Seat;
  readonly #place: HolderPlace;
  /** As the last answer told it. */
  #lease: CreditLease = NO_LEASE;
  #lastDrawWei = 0n;
  readonly #totals = new Map<string, bigint>();

  constructor(node: string, place: HolderPlace) {
    this.#place = place;
    this.seat = place.server.sit(node);
  }

  /** Pays so much by cheque: ends when it has left, or cannot. */
  *pay(beneficiary: string, wei: bigint): Generator<void, 'paid' | 'empty' | 'fenced'> {
    for (;;) {
      if (leftWei(this.#lease) < wei) {
        const drawn = yield* this.#draw(wei, wei * WAITING);
        if (drawn !== 'enough') return drawn;
        continue;
      }
      const before = this.#totals.get(beneficiary) ?? (yield* this.#learn(beneficiary));
      const order = { ...this.seat, beneficiary, wei, cumulativeWei: before + wei };
      const issued = yield* this.#issue(order);
      if (issued === 'fenced') return 'fenced';
      if (issued === 'done') {
        this.#lease = { ...this.#lease, issuedWei: this.#lease.issuedWei + wei };
        this.#totals.set(beneficiary, order.cumulativeWei);
        this.#place.left(order);
        yield;
        if (drawsAhead(this.#lease, this.#lastDrawWei)) yield* this.#drawAhead();
        return 'paid';
      }
      this.#place.count(`lease.${issued}`);
      this.#totals.delete(beneficiary);
      if (issued === 'uncovered') this.#lease = NO_LEASE;
    }
  }

  /** A clean stop. */
  *stop(): Generator<void, 'given-back'> {
    this.#place.server.giveBack(this.seat);
    yield;
    return 'given-back';
  }

  *#learn(beneficiary: string): Generator<void, bigint> {
    const total = this.#place.server.totalTo(beneficiary);
    yield;
    this.#totals.set(beneficiary, total);
    return total;
  }

  *#issue(order: Order): Generator<void, 'done' | 'late' | 'uncovered' | 'fenced'> {
    const { count, lost, nowMs, server } = this.#place;
    const answer = server.issue(order, nowMs());
    const unheard = lost();
    yield;
    if (!unheard) return answer;
    count('lease.answer-lost');
    // The connection broke: on a new one it looks whether the cheque was written, and else asks again from the start.
    yield;
    return server.has(order) ? 'done' : 'uncovered';
  }

  *#drawAhead(): Generator<void, void> {
    this.#lastDrawWei = 0n;
    const wei = leftWei(this.#lease) + 1n;
    yield* this.#draw(wei, wei);
  }

  *#draw(leastWei: bigint, aimWei: bigint): Generator<void, 'enough' | 'empty' | 'fenced'> {
    const { count, lost, nowMs, server } = this.#place;
    for (let reclaimed = false, tries = 0; ; tries += 1) {
      const { pool } = server;
      this.#lease = server.leaseOf(this.seat.node);
      yield;
      const advice = adviseDraw(pool, this.#lease, leastWei);
      if (advice.kind === 'enough') return 'enough';
      if (advice.kind === 'draw') {
        const more = aimWei - leftWei(this.#lease);
        const want = { leastWei: advice.leastWei, aimWei: more > advice.aimWei ? more : advice.aimWei };
        const by = server.draw(this.seat, want, nowMs());
        const unheard = lost();
        yield;
        if (unheard) continue;
        if (by !== undefined) {
          this.#lease = server.leaseOf(this.seat.node);
          this.#lastDrawWei = by;
          return 'enough';
        }
        // Somebody was quicker, or a successor sits here.
        if (tries > MOST_TRIES) return 'fenced';
      } else if (reclaimed) {
        count('lease.empty');
        return 'empty';
      } else {
        reclaimed = true;
        server.reclaim(nowMs());
        yield;
      }
    }
  }
}

/** What waits behind a payment is drawn for with it. */
const WAITING = 6n;

/** A process whose draws fail so often although there is something free is not heard any more. */
const MOST_TRIES = 20;
