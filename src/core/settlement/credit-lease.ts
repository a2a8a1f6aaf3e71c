import { WayleaveError } from '../errors.ts';

/**
 * How several nodes promise money from one chequebook without ever promising more than it holds. Each draws a lease, an
 * amount that only it may promise, and a node that dies with a lease keeps nobody from the rest for longer than the
 * lease lasts. Pure arithmetic; a store does it in one atomic step each (`store/credit-book.ts`). Amounts in wei.
 */

/** What may be promised on a chequebook, by all nodes together. */
export interface CreditPool {
  /** Everything ever paid in and not withdrawn: balance plus paid out, as the chain last said. */
  readonly capacityWei: bigint;
  /** Not to be promised: hard deposits for others, withdrawals under way. */
  readonly reservedWei: bigint;
  /** Promised already, or leased out to be promised. */
  readonly committedWei: bigint;
}

/** One node's part. Both amounts only grow, but for `grantedWei` when a lease ends: it then falls to `issuedWei`. */
export interface CreditLease {
  readonly grantedWei: bigint;
  readonly issuedWei: bigint;
  /** From then on others may take back what is left. Wall milliseconds, by the clock of the store. */
  readonly expiresMs: number;
}

/** No part of anything. */
export const NO_LEASE: CreditLease = { grantedWei: 0n, issuedWei: 0n, expiresMs: 0 };

/**
 * How long a lease lasts after its holder last issued or drew, milliseconds. Longer than a restart of a node or of the
 * store's server, so that a holder that comes back finds its part; short enough that the others do not starve.
 */
export const LEASE_MS = 60_000;

/** A draw takes this part of what is free, so that the first to come leaves most of it for the others. */
const DRAW_SHARE = 8n;

/** A lease is drawn on ahead of need when less than this part of its last draw is left: no cheque then waits for it. */
const LOW_SHARE = 4n;

/** What nobody has promised or leased yet. */
export function freeWei(pool: CreditPool): bigint {
  const free = pool.capacityWei - pool.reservedWei - pool.committedWei;
  return free > 0n ? free : 0n;
}

/** What the holder may still promise. */
export function leftWei(lease: CreditLease): bigint {
  return lease.grantedWei - lease.issuedWei;
}

/** What a node that needs room for `needWei` should do. */
export type DrawAdvice =
  | { readonly kind: 'enough' }
  /** Ask for `aimWei` and take no less than `leastWei`. */
  | { readonly kind: 'draw'; readonly leastWei: bigint; readonly aimWei: bigint }
  /** The pool is short by so much: take back leases that ran out, or refuse. */
  | { readonly kind: 'short'; readonly missingWei: bigint };

/** How much to draw for `needWei`, from a pool that may have moved on since it was read. Throws `AMOUNT_INVALID`. */
export function adviseDraw(pool: CreditPool, lease: CreditLease, needWei: bigint): DrawAdvice {
  if (needWei < 0n) throw new WayleaveError('AMOUNT_INVALID', { needWei });
  const lackWei = needWei - leftWei(lease);
  if (lackWei <= 0n) return { kind: 'enough' };
  const free = freeWei(pool);
  if (free < lackWei) return { kind: 'short', missingWei: lackWei - free };
  return { kind: 'draw', leastWei: lackWei, aimWei: larger(lackWei, free / DRAW_SHARE) };
}

/** True when it is time to draw ahead. `lastDrawWei`: what the last draw gave. */
export function drawsAhead(lease: CreditLease, lastDrawWei: bigint): boolean {
  return leftWei(lease) * LOW_SHARE < lastDrawWei;
}

/** A pool and one lease on it, after something was done to both at once. */
export interface PoolAndLease {
  readonly pool: CreditPool;
  readonly lease: CreditLease;
}

/**
 * Draws up to `aimWei` and at least `leastWei`; undefined when not even that is free. This is the whole of the promise
 * that nobody overspends: the committed sum never passes what there is. Throws `AMOUNT_INVALID`.
 */
export function draw(
  { pool, lease }: PoolAndLease,
  want: { readonly aimWei: bigint; readonly leastWei: bigint },
  nowMs: number,
): PoolAndLease | undefined {
  if (want.leastWei < 0n || want.aimWei < want.leastWei) throw new WayleaveError('AMOUNT_INVALID', { ...want });
  const free = freeWei(pool);
  if (free < want.leastWei) return undefined;
  const by = want.aimWei < free ? want.aimWei : free;
  return {
    pool: { ...pool, committedWei: pool.committedWei + by },
    lease: { ...lease, grantedWei: lease.grantedWei + by, expiresMs: nowMs + LEASE_MS },
  };
}

/** Promises `wei` out of the lease, which lasts anew; undefined when less is left. Throws `AMOUNT_INVALID`. */
export function issue(lease: CreditLease, wei: bigint, nowMs: number): CreditLease | undefined {
  if (wei <= 0n) throw new WayleaveError('AMOUNT_INVALID', { wei });
  if (wei > leftWei(lease)) return undefined;
  return { ...lease, issuedWei: lease.issuedWei + wei, expiresMs: nowMs + LEASE_MS };
}

/** Gives back what is left. What was issued stays committed for ever. */
export function giveBack({ pool, lease }: PoolAndLease): PoolAndLease {
  return {
    pool: { ...pool, committedWei: pool.committedWei - leftWei(lease) },
    lease: { ...lease, grantedWei: lease.issuedWei },
  };
}

/**
 * May another node take back what is left? Only once the lease has run out. Taking it back proves that the holder, dead
 * or merely slow, issues nothing more from it: issuing looks at the same row.
 */
export function isReclaimable(lease: CreditLease, nowMs: number): boolean {
  return leftWei(lease) > 0n && nowMs >= lease.expiresMs;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
