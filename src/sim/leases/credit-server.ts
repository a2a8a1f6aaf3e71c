import {
  type CreditLease,
  type CreditPool,
  draw,
  giveBack,
  isReclaimable,
  issue,
  NO_LEASE,
} from '../../core/settlement/credit-lease.ts';

/** Who asks: a process of a node, by the seat it took. Only the last to take a seat is heard. */
export interface Seat {
  readonly node: string;
  readonly fence: number;
}

export interface Order extends Seat {
  readonly beneficiary: string;
  readonly wei: bigint;
  /** What the cheque says, all there ever was to this beneficiary. */
  readonly cumulativeWei: bigint;
}

/** `late`: another node has gone on to a higher total. `uncovered`: what was left of the lease was taken back. */
export type Issued = 'done' | 'late' | 'uncovered' | 'fenced';

/**
 * One chequebook on a server that several nodes share, after `store/postgres-credit-sql.ts`: each call is one transaction
 * over seat, pool, totals and lease, by the rules of the core.
 */
export class CreditServer {
  pool: CreditPool;
  readonly leases = new Map<string, CreditLease>();
  readonly #fences = new Map<string, number>();
  readonly #totals = new Map<string, bigint>();
  readonly #cheques = new Set<string>();
  /** Told of what was taken back from whom. */
  readonly #reclaimed: (node: string) => void;

  constructor(funds: Pick<CreditPool, 'capacityWei' | 'reservedWei'>, reclaimed: (node: string) => void) {
    this.pool = { ...funds, committedWei: 0n };
    this.#reclaimed = reclaimed;
  }

  /** A process starts: those before it are heard no more. */
  sit(node: string): Seat {
    const fence = (this.#fences.get(node) ?? 0) + 1;
    this.#fences.set(node, fence);
    return { node, fence };
  }

  leaseOf(node: string): CreditLease {
    return this.leases.get(node) ?? NO_LEASE;
  }

  totalTo(beneficiary: string): bigint {
    return this.#totals.get(beneficiary) ?? 0n;
  }

  /** The cheque stands: what a process asks whose answer was lost. */
  has(order: Order): boolean {
    return this.#cheques.has(keyOf(order));
  }

  /** Undefined: another was quicker, or sits there now. */
  draw(seat: Seat, want: { readonly aimWei: bigint; readonly leastWei: bigint }, nowMs: number): bigint | undefined {
    if (!this.#sits(seat)) return undefined;
    const lease = this.leaseOf(seat.node);
    const after = draw({ pool: this.pool, lease }, want, nowMs);
    if (after === undefined) return undefined;
    this.pool = after.pool;
    this.leases.set(seat.node, after.lease);
    return after.lease.grantedWei - lease.grantedWei;
  }

  issue(order: Order, nowMs: number): Issued {
    if (!this.#sits(order)) return 'fenced';
    if (this.totalTo(order.beneficiary) + order.wei !== order.cumulativeWei) return 'late';
    const lease = issue(this.leaseOf(order.node), order.wei, nowMs);
    if (lease === undefined) return 'uncovered';
    this.leases.set(order.node, lease);
    this.#totals.set(order.beneficiary, order.cumulativeWei);
    this.#cheques.add(keyOf(order));
    return 'done';
  }

  giveBack(seat: Seat): void {
    if (this.#sits(seat)) this.#free(seat.node);
  }

  /** What ran out is there for all again. */
  reclaim(nowMs: number): void {
    for (const [node, lease] of this.leases) {
      if (!isReclaimable(lease, nowMs)) continue;
      this.#reclaimed(node);
      this.#free(node);
    }
  }

  #free(node: string): void {
    const { lease, pool } = giveBack({ pool: this.pool, lease: this.leaseOf(node) });
    this.pool = pool;
    this.leases.set(node, lease);
  }

  #sits({ fence, node }: Seat): boolean {
    return this.#fences.get(node) === fence;
  }
}

function keyOf({ beneficiary, cumulativeWei, fence, node }: Order): string {
  return `${node} ${fence} ${beneficiary} ${cumulativeWei}`;
}
